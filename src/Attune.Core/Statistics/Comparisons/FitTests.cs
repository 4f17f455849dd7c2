namespace Attune.Core.Statistics.Comparisons;

/// <summary>Bradley and Terry's model against chance and against one free probability for each pair.</summary>
/// <param name="Null">The log-likelihood where every probability is one half.</param>
/// <param name="General">The log-likelihood of the saturated model.</param>
/// <param name="FreedomNull">Degrees of freedom of the model against chance.</param>
/// <param name="FreedomGeneral">Degrees of freedom of the saturated model against this one.</param>
/// <param name="PearsonX2">The sum of squared Pearson residuals.</param>
/// <param name="Residuals">For each pair with i &lt; j: (wins of i - expected) / standard deviation.</param>
public sealed record FitTests(
    double Null,
    double Model,
    double General,
    int FreedomNull,
    int FreedomGeneral,
    double PearsonX2,
    IReadOnlyList<(int First, int Second, double Value)> Residuals,
    double Comparisons
)
{
    /// <summary>Twice the gain over chance.</summary>
    public double RatioNull => 2 * (Model - Null);

    public double PNull => Distribution.ChiSquareAbove(RatioNull, FreedomNull);

    /// <summary>Twice what one probability for each pair gains: G².</summary>
    public double RatioGeneral => 2 * (General - Model);

    public double PGeneral => Distribution.ChiSquareAbove(RatioGeneral, FreedomGeneral);

    public double PPearson => Distribution.ChiSquareAbove(PearsonX2, FreedomGeneral);

    /// <summary>Akaike's criterion of a model with that many parameters.</summary>
    public static double Aic(double logLikelihood, int parameters) => (2 * parameters) - (2 * logLikelihood);

    /// <summary>Schwarz's criterion; the units are the comparisons.</summary>
    public static double Bic(double logLikelihood, int parameters, double units) => (parameters * Math.Log(units)) - (2 * logLikelihood);

    public static FitTests Of(int items, IReadOnlyList<Comparison> comparisons) =>
        Of(Comparison.Wins(items, comparisons), BradleyTerry.Fit(items, comparisons).Strengths);

    /// <param name="theta">Strengths of the fitted model.</param>
    public static FitTests Of(double[,] wins, double[] theta, PairLink? link = null)
    {
        link ??= PairLink.Logistic;
        var items = theta.Length;
        var residuals = new List<(int, int, double)>();
        var (none, model, general, all) = (0.0, 0.0, 0.0, 0.0);
        for (var i = 0; i < items; i++)
        {
            for (var j = i + 1; j < items; j++)
            {
                var (won, lost) = (wins[i, j], wins[j, i]);
                if (won + lost > 0)
                {
                    var p = link.Probability(theta[i] - theta[j]);
                    none -= (won + lost) * Math.Log(2);
                    model += (won * link.Log(theta[i] - theta[j]).Value) + (lost * link.Log(theta[j] - theta[i]).Value);
                    general += Entropy(won, won + lost) + Entropy(lost, won + lost);
                    all += won + lost;
                    residuals.Add((i, j, (won - ((won + lost) * p)) / Math.Sqrt((won + lost) * p * (1 - p))));
                }
            }
        }

        var parameters = items - new ComparisonGraph(items, Comparison.Of(wins)).Components.Count;
        var squares = residuals.Sum(r => r.Item3 * r.Item3);
        return new FitTests(none, model, general, parameters, residuals.Count - parameters, squares, residuals, all);
    }

    /// <summary>The p-value by simulation: how many draws, the observed one counted in, are at least as large.</summary>
    public static double SimulatedP(double observed, IReadOnlyCollection<double> draws) =>
        (1 + draws.Count(d => d >= observed - 1e-12)) / (1.0 + draws.Count);

    private static double Entropy(double count, double of) => count == 0 ? 0 : count * Math.Log(count / of);
}
