namespace Attune.Control.Policy;

/// <summary>
/// Mean and population variance of all rows seen so far, a column each (Chan, Golub and LeVeque 1979). stable-baselines3 begins with a
/// count of 1e-4 at mean 0 and variance 1, imitation with a count of 0.
/// </summary>
/// <param name="width">Columns.</param>
/// <param name="count">How much the first mean of 0 and variance of 1 weigh.</param>
public sealed class ColumnMoments(int width, double count = 1e-4)
{
    public double[] Mean { get; private set; } = new double[width];

    public double[] Variance { get; private set; } = [.. Enumerable.Repeat(1.0, width)];

    public double Count { get; private set; } = count;

    /// <param name="rows">[rows][width]</param>
    public void Update(IReadOnlyList<double[]> rows)
    {
        var total = Count + rows.Count;
        for (var i = 0; i < Mean.Length; i++)
        {
            var mean = rows.Average(r => r[i]);
            var squares = rows.Sum(r => (r[i] - mean) * (r[i] - mean));
            var move = mean - Mean[i];
            Variance[i] = (Variance[i] * Count + squares + move * move * Count * rows.Count / total) / total;
            Mean[i] += move * rows.Count / total;
        }

        Count = total;
    }

    internal double[] Save() => [Count, .. Mean, .. Variance];

    internal void Restore(double[] saved) => (Count, Mean, Variance) = (saved[0], saved[1..(1 + Mean.Length)], saved[(1 + Mean.Length)..]);
}
