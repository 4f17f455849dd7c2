using System.Collections.Immutable;

namespace Attune.Control.Environments;

/// <summary>
/// Tetris on 10 columns and 20 rows, a placement a step; our own, after the game that TAMER was shown on. An action is 10 x rotation +
/// column: the piece falls from above with its leftmost cell in that column, moved to the left where it would not fit. Observation: 200
/// cells from the lowest row up, then the piece to place, one-hot. Reward: rows cleared. An episode ends where a piece comes to rest
/// above row 20.
/// </summary>
public sealed class Tetris : SeededEnvironment
{
    public const int Columns = 10;
    public const int Rows = 20;
    public const int Cells = Columns * Rows;
    public const int Placements = 4 * Columns;

    /// <summary>I, O, T, S, Z, J, L as (column, row) from the lowest left.</summary>
    private static readonly (int X, int Y)[][] Pieces =
    [
        [(0, 0), (1, 0), (2, 0), (3, 0)],
        [(0, 0), (1, 0), (0, 1), (1, 1)],
        [(0, 0), (1, 0), (2, 0), (1, 1)],
        [(0, 0), (1, 0), (1, 1), (2, 1)],
        [(1, 0), (2, 0), (0, 1), (1, 1)],
        [(0, 0), (1, 0), (2, 0), (0, 1)],
        [(0, 0), (1, 0), (2, 0), (2, 1)],
    ];

    public static int Kinds => Pieces.Length;

    public override string Name => "Tetris";

    public override Space Actions { get; } = new DiscreteSpace(Placements);

    public override Space Observations { get; } = new BoxSpace([.. new float[Cells + Kinds]], [.. Enumerable.Repeat(1f, Cells + Kinds)]);

    public override int StepLimit => 10_000;

    public override double StepsPerSecond => 1 / 0.15;

    /// <summary>The cells of a piece, turned a quarter to the right so often and put against the lower left corner.</summary>
    public static ImmutableArray<(int X, int Y)> Turned(int piece, int turns)
    {
        var cells = Pieces[piece];
        for (var turn = 0; turn < turns; turn++)
        {
            cells = Array.ConvertAll(cells, c => (c.Y, -c.X));
        }

        var (left, low) = (cells.Min(c => c.X), cells.Min(c => c.Y));
        return [.. cells.Select(c => (c.X - left, c.Y - low))];
    }

    /// <summary>Where an action leads: the board after the piece has come to rest and full rows are gone.</summary>
    /// <param name="cells">at least the board's 200 numbers, 1 where filled</param>
    /// <returns>The board, rows cleared, and whether the piece lies above the top.</returns>
    public static (double[] Board, int Cleared, bool Over) Place(ReadOnlySpan<double> cells, int piece, int action)
    {
        var shape = Turned(piece, action / Columns);
        var column = Math.Min(action % Columns, Columns - 1 - shape.Max(c => c.X));
        var row = Rows;
        while (row > 0 && Fits(cells, shape, column, row - 1))
        {
            row--;
        }

        var board = cells[..Cells].ToArray();
        var over = shape.Any(c => c.Y + row >= Rows);
        foreach (var (x, y) in shape.Where(c => c.Y + row < Rows))
        {
            board[(y + row) * Columns + x + column] = 1;
        }

        var kept = board.Chunk(Columns).Where(r => r.Contains(0)).ToArray();
        return ([.. kept.SelectMany(r => r), .. new double[Cells - kept.Length * Columns]], Rows - kept.Length, over);
    }

    protected override double[] Begin() => [.. new double[Cells], Draw()];

    protected override (double Reward, bool Terminated) Move(ReadOnlySpan<float> action)
    {
        var (board, cleared, over) = Place(State, (int)State[Cells], (int)action[0]);
        State = [.. board, Draw()];
        return (cleared, over);
    }

    public override float[] Observe()
    {
        var observation = new float[Cells + Kinds];
        for (var i = 0; i < Cells; i++)
        {
            observation[i] = (float)State[i];
        }

        observation[Cells + (int)State[Cells]] = 1;
        return observation;
    }

    private int Draw() => (int)(Random.Uniform(0, 1) * Kinds);

    private static bool Fits(ReadOnlySpan<double> cells, ImmutableArray<(int X, int Y)> shape, int column, int row)
    {
        foreach (var (x, y) in shape)
        {
            if (y + row < Rows && cells[(y + row) * Columns + x + column] != 0)
            {
                return false;
            }
        }

        return true;
    }
}
