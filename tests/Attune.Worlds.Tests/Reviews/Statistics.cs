namespace Attune.Worlds.Tests.Reviews;

internal static class Statistics
{
    /// <summary>Pearson's correlation; its standard error over n independent samples is about 1 / sqrt(n).</summary>
    public static double Correlation(IReadOnlyList<double> x, IReadOnlyList<double> y)
    {
        var (meanX, meanY) = (x.Average(), y.Average());
        var covariance = x.Zip(y, (a, b) => (a - meanX) * (b - meanY)).Sum();
        return covariance / Math.Sqrt(x.Sum(a => (a - meanX) * (a - meanX)) * y.Sum(b => (b - meanY) * (b - meanY)));
    }

    /// <summary>Pearson's chi-square of counts against expected counts.</summary>
    public static double ChiSquare(IEnumerable<(double Observed, double Expected)> cells) =>
        cells.Sum(c => (c.Observed - c.Expected) * (c.Observed - c.Expected) / c.Expected);
}
