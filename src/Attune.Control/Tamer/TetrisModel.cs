using Attune.Control.Environments;

namespace Attune.Control.Tamer;

/// <summary>
/// TAMER's linear model of Tetris (Knox and Stone 2008): by how much a placement changes 46 features of the board, that is 23 and their
/// squares. Squares of heights are divided by 100.
/// </summary>
/// <param name="rate">of gradient descent; the squares are large, so it is small</param>
public sealed class TetrisModel(double rate = 5e-6) : IHumanRewardModel
{
    public const int Features = 46;
    private const int Heights = Tetris.Columns + 1;

    private readonly double[] _weights = new double[Features];

    public int Actions => Tetris.Placements;

    /// <summary>
    /// 10 heights, the highest, 9 differences of neighbours, holes, the deepest well, all wells together; then their squares.
    /// </summary>
    /// <param name="board">200 cells from the lowest row up</param>
    public static double[] Of(ReadOnlySpan<double> board)
    {
        var (heights, holes) = (new int[Tetris.Columns], 0);
        for (var column = 0; column < Tetris.Columns; column++)
        {
            for (var row = 0; row < Tetris.Rows; row++)
            {
                heights[column] = board[row * Tetris.Columns + column] != 0 ? row + 1 : heights[column];
            }

            for (var row = 0; row < heights[column]; row++)
            {
                holes += board[row * Tetris.Columns + column] == 0 ? 1 : 0;
            }
        }

        var wells = Enumerable.Range(0, Tetris.Columns).Select(c => Well(heights, c)).ToArray();
        double[] plain =
        [
            .. heights.Select(h => (double)h),
            heights.Max(),
            .. heights.Skip(1).Zip(heights, (right, left) => (double)Math.Abs(right - left)),
            holes,
            wells.Max(),
            wells.Sum(),
        ];
        return [.. plain, .. plain.Select((f, i) => i < Heights ? f * f / 100 : f * f)];
    }

    /// <summary>What a placement changes; the end of the game leaves the board as it stands then.</summary>
    public static double[] Change(ReadOnlySpan<float> observation, int action)
    {
        var cells = new double[Tetris.Cells];
        var piece = 0;
        for (var i = 0; i < observation.Length; i++)
        {
            if (i < Tetris.Cells)
            {
                cells[i] = observation[i];
            }
            else if (observation[i] != 0)
            {
                piece = i - Tetris.Cells;
            }
        }

        var after = Of(Tetris.Place(cells, piece, action).Board);
        var before = Of(cells);
        return [.. after.Zip(before, (a, b) => a - b)];
    }

    public double Predict(ReadOnlySpan<float> observation, int action) => Product(Change(observation, action));

    public void Learn(ReadOnlySpan<float> observation, int action, double target, double weight)
    {
        var change = Change(observation, action);
        var step = rate * weight * (target - Product(change));
        for (var i = 0; i < Features; i++)
        {
            _weights[i] += step * change[i];
        }
    }

    public double[] Weights() => [.. _weights];

    private double Product(double[] change)
    {
        var sum = 0.0;
        for (var i = 0; i < Features; i++)
        {
            sum += _weights[i] * change[i];
        }

        return sum;
    }

    /// <summary>How far a column lies below both neighbours; a wall is as high as can be.</summary>
    private static int Well(int[] heights, int column)
    {
        var left = column == 0 ? Tetris.Rows : heights[column - 1];
        var right = column == Tetris.Columns - 1 ? Tetris.Rows : heights[column + 1];
        return Math.Max(0, Math.Min(left, right) - heights[column]);
    }
}
