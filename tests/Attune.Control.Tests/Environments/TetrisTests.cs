using Attune.Control.Environments;
using Attune.Control.Tamer;

namespace Attune.Control.Tests.Environments;

public sealed class TetrisTests
{
    private const int I = 0;
    private const int O = 1;

    [Fact]
    public void Every_piece_has_four_cells_in_every_turn_and_comes_back_after_four()
    {
        for (var piece = 0; piece < Tetris.Kinds; piece++)
        {
            for (var turns = 0; turns < 4; turns++)
            {
                var cells = Tetris.Turned(piece, turns);
                Assert.Equal(4, cells.Distinct().Count());
                Assert.Equal((0, 0), (cells.Min(c => c.X), cells.Min(c => c.Y)));
            }

            Assert.Equal(Tetris.Turned(piece, 0).Order(), Tetris.Turned(piece, 4).Order());
        }
    }

    /// <summary>Five squares side by side fill two rows, which go.</summary>
    [Fact]
    public void Full_rows_go_and_are_paid()
    {
        var board = new double[Tetris.Cells];
        for (var column = 0; column < 8; column += 2)
        {
            (board, var none, _) = Tetris.Place(board, O, column);
            Assert.Equal(0, none);
        }

        (board, var cleared, var over) = Tetris.Place(board, O, 8);
        Assert.Equal((2, false), (cleared, over));
        Assert.All(board, c => Assert.Equal(0, c));
    }

    [Fact]
    public void A_piece_too_far_right_is_moved_in_and_one_on_another_rests_on_it()
    {
        var board = Tetris.Place(new double[Tetris.Cells], I, 9).Board;
        Assert.Equal([6, 7, 8, 9], Enumerable.Range(0, Tetris.Cells).Where(i => board[i] != 0));
        board = Tetris.Place(board, I, Tetris.Columns + 6).Board; // upright on column 6
        Assert.Equal([6, 7, 8, 9, 16, 26, 36, 46], Enumerable.Range(0, Tetris.Cells).Where(i => board[i] != 0));
    }

    [Fact]
    public void A_tower_ends_the_game_and_a_seed_repeats_it()
    {
        var (first, again) = (new Tetris(), new Tetris());
        Assert.Equal(first.Reset(3), again.Reset(3));
        StepResult step;
        var steps = 0;
        do
        {
            step = ((IEnvironment)first).Step(4);
            Assert.Equal(step.Observation, ((IEnvironment)again).Step(4).Observation);
            steps++;
        } while (!step.Ended);

        Assert.True(step.Terminated);
        Assert.InRange(steps, 5, 20);
    }

    /// <summary>Heights 2, 0, 1, 0 ...: a well of 1 between the first and the third column, one hole under a roof.</summary>
    [Fact]
    public void The_46_features_are_counted_by_hand()
    {
        var board = new double[Tetris.Cells];
        (board[0], board[10], board[12]) = (1, 1, 1); // column 0 two high; column 2 has its second row only
        var features = TetrisModel.Of(board);
        Assert.Equal(TetrisModel.Features, features.Length);
        Assert.Equal([2, 0, 2, 0, 0, 0, 0, 0, 0, 0, 2], features[..11]);
        Assert.Equal([2, 2, 2, 0, 0, 0, 0, 0, 0], features[11..20]);
        Assert.Equal([1, 2, 2], features[20..23]); // holes, deepest well, all wells
        Assert.Equal([0.04, 0, 0.04], features[23..26]);
        Assert.Equal(1, features[43]);
        Assert.Equal(4, features[44]);
    }

    [Fact]
    public void A_model_learns_what_a_placement_changes()
    {
        var tetris = new Tetris();
        var observation = tetris.Reset(1);
        var model = new TetrisModel(1e-3);
        for (var i = 0; i < 200; i++)
        {
            model.Learn(observation, 0, 1, 1);
        }

        Assert.InRange(model.Predict(observation, 0), 0.9, 1.1);
        Assert.Equal(TetrisModel.Features, TetrisModel.Change(observation, 0).Length);
    }
}
