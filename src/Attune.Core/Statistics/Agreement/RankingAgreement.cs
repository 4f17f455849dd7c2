using Attune.Core.Statistics.Hypotheses;

namespace Attune.Core.Statistics.Agreement;

/// <summary>Kendall's W of scores, with its tests.</summary>
/// <param name="W">Corrected for ties.</param>
/// <param name="Plain">Without that correction.</param>
/// <param name="MeanSpearman">Over all pairs of raters.</param>
public sealed record RankingAgreement(double W, double Plain, double MeanSpearman, int Raters, int Items)
{
    /// <summary>m (n - 1) W, a χ² with n - 1 degrees of freedom.</summary>
    public double ChiSquare => Raters * (Items - 1) * W;

    public double P => Distribution.ChiSquareAbove(ChiSquare, Items - 1);

    /// <summary>(m - 1) W / (1 - W), with n - 1 - 2 / m and m - 1 times as many degrees of freedom.</summary>
    public double F => (Raters - 1) * W / (1 - W);

    public double Above => Items - 1 - (2.0 / Raters);

    public double Below => (Raters - 1) * Above;

    public double FP => Distribution.FisherAbove(F, Above, Below);

    /// <param name="scores">One row a rater; only the order matters.</param>
    public static RankingAgreement Of(double[][] scores)
    {
        double m = scores.Length,
            n = scores[0].Length;
        double[][] ranks = [.. scores.Select(RankCorrelation.MidRanks)];
        double[] sums = [.. Enumerable.Range(0, scores[0].Length).Select(i => ranks.Sum(r => r[i]))];
        var spread = 12 * sums.Sum(s => Math.Pow(s - sums.Average(), 2));
        var ties = scores.Sum(r => r.GroupBy(v => v).Sum(g => Math.Pow(g.Count(), 3) - g.Count()));
        var most = m * m * ((n * n * n) - n);
        var pairs = ranks.SelectMany((one, i) => ranks.Skip(i + 1).Select(two => Correlation.Pearson(one, two) ?? double.NaN));
        return new RankingAgreement(spread / (most - (m * ties)), spread / most, pairs.Average(), scores.Length, scores[0].Length);
    }
}
