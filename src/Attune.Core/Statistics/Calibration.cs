using Attune.Core.Runs;

namespace Attune.Core.Statistics;

/// <summary>How far predicted probabilities are from observed shares.</summary>
public static class Calibration
{
    /// <summary>The expected calibration error (Guo et al. 2017, eq. 3): |predicted - observed|, weighted by the bins' counts.</summary>
    public static double ExpectedError(IReadOnlyCollection<CalibrationBin> bins) =>
        bins.Sum(bin => bin.Count * Math.Abs(bin.Predicted - bin.Observed)) / bins.Sum(bin => (double)bin.Count);

    /// <summary>The largest gap of a bin.</summary>
    public static double LargestError(IReadOnlyCollection<CalibrationBin> bins) => bins.Max(bin => Math.Abs(bin.Predicted - bin.Observed));

    /// <summary>Bins of equal width, [k / n, (k + 1) / n), the last one closed; empty ones are left out.</summary>
    public static CalibrationBin[] ByWidth(double[] probabilities, double[] outcomes, int bins = 10) =>
        [
            .. probabilities
                .Zip(outcomes)
                .GroupBy(z => Math.Min(bins - 1, (int)Math.Floor(z.First * bins)))
                .OrderBy(g => g.Key)
                .Select(g => Bin([.. g])),
        ];

    /// <summary>Bins of equal counts in the order of probabilities, the first ones one larger where they cannot be equal.</summary>
    public static CalibrationBin[] ByCount(double[] probabilities, double[] outcomes, int bins = 10)
    {
        var sorted = probabilities.Zip(outcomes).OrderBy(z => z.First).ToArray();
        var (each, larger) = (sorted.Length / bins, sorted.Length % bins);
        int Start(int bin) => (bin * each) + Math.Min(bin, larger);
        return [.. Enumerable.Range(0, bins).Where(b => Start(b + 1) > Start(b)).Select(b => Bin(sorted[Start(b)..Start(b + 1)]))];
    }

    /// <summary>Bins between quantiles of the probabilities, (low, high].</summary>
    public static CalibrationBin[] ByQuantile(double[] probabilities, double[] outcomes, int bins)
    {
        double[] sorted = [.. probabilities.Order()];
        double[] edges = [.. Enumerable.Range(1, bins - 1).Select(k => Quantile.Of(sorted, k / (double)bins))];
        return [.. probabilities.Zip(outcomes).GroupBy(z => edges.Count(e => e < z.First)).OrderBy(g => g.Key).Select(g => Bin([.. g]))];
    }

    private static CalibrationBin Bin((double P, double Y)[] members) =>
        new(members.Average(m => m.P), members.Average(m => m.Y), members.Length);
}
