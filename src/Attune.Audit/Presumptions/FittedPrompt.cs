using Attune.Core.Statistics.Comparisons;

namespace Attune.Audit.Presumptions;

/// <summary>One prompt's wins, row over column, and Bradley and Terry's strengths, fitted when they are asked for.</summary>
public sealed class FittedPrompt(double[,] wins)
{
    // A weak prior, so that an answer that never lost has a strength too. It is the same for data and draws.
    private const double Alpha = 0.05;

    private double[]? _strengths;

    public double[,] Wins => wins;

    public double[] Strengths => _strengths ??= RidgeStrengths.Fit(wins, Alpha);

    /// <summary>G² of one probability for each pair against the model.</summary>
    public double Ratio => RidgeStrengths.Deviance(wins, Strengths);

    /// <summary>The expected number of circular triads where ties of majorities are broken by coins.</summary>
    public double Circles => new PairCounts(wins).Triads().TiesBroken;

    /// <summary>Pairs that were judged: the difference of strengths, wins of the first and judgements.</summary>
    public IEnumerable<(double Difference, double Won, double Judged)> Pairs =>
        from i in Enumerable.Range(0, Strengths.Length)
        from j in Enumerable.Range(i + 1, Strengths.Length - i - 1)
        where wins[i, j] + wins[j, i] > 0
        select (Strengths[i] - Strengths[j], wins[i, j], wins[i, j] + wins[j, i]);
}
