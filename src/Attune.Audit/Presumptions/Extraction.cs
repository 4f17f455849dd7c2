using Attune.Audit.Rewards;
using Attune.Core.Runs;
using Attune.Core.Statistics;
using Attune.Core.Statistics.Hypotheses;
using Attune.Reports.Audits;

namespace Attune.Audit.Presumptions;

/// <summary>Presumption 6: the reward has taken preferences from the labels equally well everywhere.</summary>
public static class Extraction
{
    private const int Presumption = 6;
    private const int Fewest = 12;

    /// <summary>Whether held-out pairs are won as often as predicted: Hosmer and Lemeshow's test (1980) over the bins, which were not used
    /// in training, so that each has a degree of freedom.</summary>
    public static AuditFinding Calibrated(IReadOnlyList<CalibrationBin> bins)
    {
        const string measure = "expected calibration error on held-out pairs";
        var filled = bins.Where(b => b is { Count: > 0, Predicted: > 0 and < 1 }).ToArray();
        if (filled.Length < 2)
        {
            return Finding.Silent(Presumption, measure, "No reliability of a reward model on held-out pairs.");
        }

        var squares = filled.Sum(b => b.Count * Math.Pow(b.Observed - b.Predicted, 2) / (b.Predicted * (1 - b.Predicted)));
        var p = Distribution.ChiSquareAbove(squares, filled.Length);
        var over = filled.Sum(b => b.Count * (Math.Abs(b.Predicted - 0.5) - ((b.Observed - 0.5) * Math.Sign(b.Predicted - 0.5))));
        return Finding.Of(
            Presumption,
            measure,
            new Interval(Calibration.ExpectedError(filled), double.NaN, double.NaN, filled.Sum(b => b.Count)),
            p,
            p < Finding.Level,
            $"the reward model is {(over > 0 ? "surer" : "less sure")} than held-out pairs bear out (χ² {squares:0.0})",
            "a temperature fitted on held-out pairs, early stopping, or several members",
            "pairs on one prompt are taken as independent; the expected error is positive by chance alone"
        );
    }

    /// <summary>Whether the reward orders answers like gold as well far from the reference as near it.</summary>
    public static AuditFinding Far(IReadOnlyList<ScoredAnswer> answers)
    {
        const string measure = "rank correlation of reward and gold: far from the reference less near it";
        var known = answers.Where(a => a is { Gold: not null, Kl: not null }).OrderBy(a => a.Kl).ToArray();
        ScoredAnswer[] near = [.. known.Take(known.Length / 2)],
            far = [.. known.Skip(known.Length / 2)];
        if (near.Length < Fewest)
        {
            return Finding.Silent(Presumption, measure, $"Fewer than {2 * Fewest} of the run's answers have gold, reward and divergence.");
        }

        static double Rank(ScoredAnswer[] of) =>
            new RankCorrelation([.. of.Select(a => a.Reward)], [.. of.Select(a => a.Gold!.Value)]).Spearman;
        var (one, two) = (Rank(near), Rank(far));
        // Fisher's transformation; 1.06 is Fieller's factor for ranks (Fieller, Hartley and Pearson 1957).
        var error = Math.Sqrt((1.06 / (near.Length - 3)) + (1.06 / (far.Length - 3)));
        var z = (Math.Atanh(Math.Clamp(two, -0.999, 0.999)) - Math.Atanh(Math.Clamp(one, -0.999, 0.999))) / error;
        var p = Distribution.NormalBelow(z);
        return Finding.Of(
            Presumption,
            measure,
            new Interval(two - one, double.NaN, double.NaN, known.Length),
            double.IsNaN(p) ? null : p,
            p < Finding.Level,
            $"rank correlation falls from {one:0.00} near the reference to {two:0.00} far from it",
            "collect labels on the policy's own answers and train the reward model again (online feedback)",
            "answers to the same prompts are taken as independent; the run keeps few of them"
        );
    }

    /// <summary>How the members' disagreement changed on the policy's answers.</summary>
    public static AuditFinding Spread(IReadOnlyList<RunEvent> events)
    {
        const string measure = "spread of the ensemble on the policy's answers, last evaluation over first";
        double[] spreads = [.. events.Where(e => e.Metrics.ContainsKey("eval/ensemble_sd")).Select(e => e.Metrics["eval/ensemble_sd"])];
        return spreads.Length < 2 || spreads[0] <= 0
            ? Finding.Silent(Presumption, measure, "The reward is no ensemble, or was evaluated once.")
            : Finding.Described(
                Presumption,
                measure,
                new Interval(spreads[^1] / spreads[0], double.NaN, double.NaN, spreads.Length),
                "members that learned from the same labels share their mistakes: no growth does not say that the reward holds"
            );
    }

    /// <summary>Accuracy on the quarter of pairs with the longest answers, the shortest and those between.</summary>
    public static AuditFinding ByLength(IReadOnlyList<ScoredPair> pairs)
    {
        const string measure = "accuracy of the reward by length of answers: worst quarter less the rest";
        var untied = pairs.Where(p => !p.Judgement.IsTie).OrderBy(p => p.Judgement.First.Length + p.Judgement.Second.Length).ToArray();
        if (untied.Length < 4 * Fewest)
        {
            return Finding.Silent(Presumption, measure, $"Fewer than {4 * Fewest} untied pairs.");
        }

        var quarters = Enumerable
            .Range(0, 4)
            .Select(q => untied[(q * untied.Length / 4)..((q + 1) * untied.Length / 4)])
            .Select(q => (Right: q.Count(p => p.IsRight), All: q.Length))
            .ToArray();
        var mean = quarters.Sum(q => q.Right) / (double)untied.Length;
        var squares = quarters.Sum(q => Math.Pow(q.Right - (q.All * mean), 2) / (q.All * mean * (1 - mean)));
        var worst = quarters.MinBy(q => q.Right / (double)q.All);
        var difference = new ProportionDifference(
            worst.Right,
            worst.All,
            quarters.Sum(q => q.Right) - worst.Right,
            untied.Length - worst.All
        );
        var p = mean is > 0 and < 1 ? Distribution.ChiSquareAbove(squares, 3) : 1;
        return Finding.Of(
            Presumption,
            measure,
            new Interval(difference.Difference, difference.Newcombe.Low, difference.Newcombe.High, untied.Length),
            p,
            p < Finding.Level,
            "the reward is right in "
                + string.Join(", ", quarters.Select(q => $"{q.Right / (double)q.All:P0}"))
                + " of pairs, from the quarter with the shortest answers to that with the longest",
            "more labels where it is worst; the same share of each length in training",
            "the interval does not know that the worst of four was chosen; p does"
        );
    }
}
