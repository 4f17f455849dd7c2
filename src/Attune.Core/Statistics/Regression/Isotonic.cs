namespace Attune.Core.Statistics.Regression;

/// <summary>The rising function nearest by weighted least squares: pool adjacent violators (Ayer et al. 1955).</summary>
public static class Isotonic
{
    /// <param name="y">In the order of x.</param>
    /// <returns>The fitted values and where each block starts.</returns>
    public static (double[] Fitted, int[] Starts) Pool(double[] y, double[] weights)
    {
        var blocks = new List<(int Start, double Mean, double Weight)>();
        for (var i = 0; i < y.Length; i++)
        {
            var block = (Start: i, Mean: y[i], Weight: weights[i]);
            while (blocks.Count > 0 && blocks[^1].Mean >= block.Mean)
            {
                var (start, mean, weight) = blocks[^1];
                blocks.RemoveAt(blocks.Count - 1);
                block = (start, ((mean * weight) + (block.Mean * block.Weight)) / (weight + block.Weight), weight + block.Weight);
            }

            blocks.Add(block);
        }

        double[] fitted = [.. Enumerable.Range(0, y.Length).Select(i => blocks.Last(b => b.Start <= i).Mean)];
        return (fitted, [.. blocks.Select(b => b.Start)]);
    }

    /// <summary>Equal x are merged to their weighted mean first; between points the function is a straight line, outside it is
    /// flat.</summary>
    public static Func<double, double> Fit(double[] x, double[] y, double[] weights)
    {
        var points = Enumerable
            .Range(0, x.Length)
            .GroupBy(i => x[i])
            .OrderBy(g => g.Key)
            .Select(g => (X: g.Key, Weight: g.Sum(i => weights[i]), Y: g.Sum(i => weights[i] * y[i]) / g.Sum(i => weights[i])))
            .ToArray();
        var (fitted, _) = Pool([.. points.Select(p => p.Y)], [.. points.Select(p => p.Weight)]);
        return at =>
        {
            var above = Array.FindIndex(points, p => p.X >= at);
            if (above <= 0)
            {
                return above == 0 ? fitted[0] : fitted[^1];
            }

            var share = (at - points[above - 1].X) / (points[above].X - points[above - 1].X);
            return fitted[above - 1] + (share * (fitted[above] - fitted[above - 1]));
        };
    }
}
