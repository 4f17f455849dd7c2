using Attune.Core.Statistics;
using Attune.Core.Statistics.Comparisons;
using Attune.Reports.Audits;

namespace Attune.Audit.Presumptions;

/// <summary>Presumption 3: one utility for each answer and the logistic function of differences explain the shares of wins.</summary>
public static class ModelFit
{
    private const int Presumption = 3;
    private const int Fewest = 20;

    public static IEnumerable<AuditFinding> Measure(FittedPrompts fitted) => [Saturated(fitted), Link(fitted)];

    /// <summary>
    /// G² of one probability for each pair against the model, over all prompts, with a p-value by drawing judgements from the fit: the χ²
    /// distribution does not hold for the few judgements that a pair usually has.
    /// </summary>
    public static AuditFinding Saturated(FittedPrompts fitted)
    {
        if (fitted.Pairs == 0 || fitted.Judged < Fewest)
        {
            return Silent("a free probability for each pair against the model");
        }

        var observed = fitted.All.Sum(f => f.Ratio);
        var (p, mean) = fitted.Simulated(prompts => prompts.Sum(f => f.Ratio));
        return Finding.Of(
            Presumption,
            "G² per pair of a free probability for each pair against the model",
            new Interval(observed / fitted.Pairs, double.NaN, double.NaN, fitted.Pairs),
            p,
            p < Finding.Level,
            $"G² is {observed:0.0} where judgements drawn from the model give {mean:0.0} on average",
            "a reward with ties or several dimensions; check circles above",
            fitted.Judged / fitted.Pairs < 2
                ? "pairs have fewer than two judgements on average: only circles can speak against the model"
                : "a pair's judgements are taken as independent"
        );
    }

    /// <summary>
    /// Whether a free link would fit better: the score test of a term b d |d| beside the difference d of strengths (Pregibon 1980,
    /// "Goodness of Link Tests for Generalized Linear Models", with an odd power, since a link of pairs is odd). Its p comes from draws,
    /// because d is itself estimated.
    /// </summary>
    public static AuditFinding Link(FittedPrompts fitted)
    {
        if (fitted.Pairs == 0 || fitted.Judged < Fewest)
        {
            return Silent("another link than the logistic one");
        }

        var (score, information) = Curvature(fitted.All);
        var (p, mean) = fitted.Simulated(prompts => Size(Curvature(prompts)));
        var half = Distribution.Normal975 / Math.Sqrt(information);
        var bend = score / information;
        return Finding.Of(
            Presumption,
            "bend of the link, b of d + b d |d| (logistic: 0)",
            new Interval(bend, bend - half, bend + half, fitted.Pairs),
            p,
            p < Finding.Level,
            $"shares of wins {(bend < 0 ? "rise less" : "rise more")} with the difference of strengths than the logistic function does "
                + $"(|z| {Size((score, information)):0.0}; drawn from the model {mean:0.0})",
            "another link (Psi-PO's psi, a hinge or IPO's square) or labels that allow for lapses",
            "the interval takes strengths as known; the p-value does not"
        );
    }

    /// <summary>The score of b at b = 0 and its information, given the slope of d.</summary>
    internal static (double Score, double Information) Curvature(IReadOnlyList<FittedPrompt> prompts)
    {
        var (u1, u2, s11, s12, s22) = (0.0, 0.0, 0.0, 0.0, 0.0);
        foreach (var (d, won, judged) in prompts.SelectMany(f => f.Pairs))
        {
            var p = PairLink.Logistic.Probability(d);
            var (missed, weight, bent) = (won - (judged * p), judged * p * (1 - p), d * Math.Abs(d));
            (u1, u2) = (u1 + (missed * d), u2 + (missed * bent));
            (s11, s12, s22) = (s11 + (weight * d * d), s12 + (weight * d * bent), s22 + (weight * bent * bent));
        }

        return s11 <= 0 ? (0, 1) : (u2 - (s12 / s11 * u1), Math.Max(1e-12, s22 - (s12 * s12 / s11)));
    }

    private static double Size((double Score, double Information) at) => Math.Abs(at.Score) / Math.Sqrt(at.Information);

    private static AuditFinding Silent(string measure) =>
        Finding.Silent(Presumption, measure, "No prompt has three answers whose pairs were compared pair by pair often enough.");
}
