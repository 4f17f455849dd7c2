namespace Attune.Core.Statistics.Hypotheses;

/// <summary>p-values adjusted for their number, in the order given. Rejected at a level is what does not exceed it.</summary>
public static class MultipleTests
{
    public static double[] Bonferroni(IReadOnlyList<double> p) => [.. p.Select(v => Math.Min(1, v * p.Count))];

    /// <summary>Holm 1979.</summary>
    public static double[] Holm(IReadOnlyList<double> p) => Down(p, (v, left) => v * left);

    /// <summary>Holm's steps with Šidák's bound.</summary>
    public static double[] HolmSidak(IReadOnlyList<double> p) => Down(p, (v, left) => 1 - Math.Pow(1 - v, left));

    /// <summary>Hochberg 1988.</summary>
    public static double[] Hochberg(IReadOnlyList<double> p) => Up(p, (v, rank) => v * (p.Count - rank + 1));

    /// <summary>The false discovery rate (Benjamini and Hochberg 1995).</summary>
    public static double[] BenjaminiHochberg(IReadOnlyList<double> p) => Up(p, (v, rank) => v * p.Count / rank);

    /// <summary>The same under any dependence (Benjamini and Yekutieli 2001).</summary>
    public static double[] BenjaminiYekutieli(IReadOnlyList<double> p)
    {
        var harmonic = Enumerable.Range(1, p.Count).Sum(k => 1.0 / k);
        return Up(p, (v, rank) => v * p.Count * harmonic / rank);
    }

    private static double[] Down(IReadOnlyList<double> p, Func<double, int, double> adjust)
    {
        var (adjusted, most) = (new double[p.Count], 0.0);
        foreach (var (place, (value, index)) in p.Select((value, index) => (value, index)).OrderBy(v => v.value).Index())
        {
            most = Math.Max(most, Math.Min(1, adjust(value, p.Count - place)));
            adjusted[index] = most;
        }

        return adjusted;
    }

    private static double[] Up(IReadOnlyList<double> p, Func<double, int, double> adjust)
    {
        var (adjusted, least) = (new double[p.Count], 1.0);
        foreach (var (place, (value, index)) in p.Select((value, index) => (value, index)).OrderByDescending(v => v.value).Index())
        {
            least = Math.Min(least, adjust(value, p.Count - place));
            adjusted[index] = least;
        }

        return adjusted;
    }
}
