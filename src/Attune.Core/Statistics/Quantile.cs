namespace Attune.Core.Statistics;

/// <summary>Quantiles of sorted numbers, interpolated linearly between the two nearest.</summary>
public static class Quantile
{
    /// <param name="sorted">in rising order, at least one</param>
    /// <param name="share">0 for the smallest, 1 for the largest</param>
    public static double Of(IReadOnlyList<double> sorted, double share)
    {
        var place = share * (sorted.Count - 1);
        var (below, rest) = ((int)place, place - Math.Floor(place));
        return below + 1 < sorted.Count ? ((1 - rest) * sorted[below]) + (rest * sorted[below + 1]) : sorted[below];
    }
}
