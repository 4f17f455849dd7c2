using Attune.Audit.Rewards;
using Attune.Core.Runs;
using Attune.Core.Statistics;
using Attune.Core.Statistics.Comparisons;
using Attune.Core.Statistics.Hypotheses;
using Attune.Reports.Audits;

namespace Attune.Audit.Presumptions;

/// <summary>A reward model against people's labels that it has not seen.</summary>
public static class RewardLabels
{
    private const int Fewest = 20;

    public static IEnumerable<AuditFinding> Measure(IReadOnlyList<ScoredPair> pairs)
    {
        ScoredPair[] untied = [.. pairs.Where(p => !p.Judgement.IsTie)];
        if (untied.Length < Fewest)
        {
            return [Finding.Silent(6, "accuracy of the reward on these labels", $"Fewer than {Fewest} untied pairs.")];
        }

        return [Accuracy(untied), Extraction.Calibrated(Bins(untied)), Extraction.ByLength(untied), Person(untied), Matched(untied)];
    }

    private static AuditFinding Accuracy(ScoredPair[] untied) =>
        Finding.Described(
            6,
            "accuracy of the reward on these labels",
            Wilson.Of(untied.Count(p => p.IsRight) / (double)untied.Length, untied.Length),
            "labels that it was trained on make it look better than it is"
        );

    /// <summary>The person whom the reward serves worst, against all others (worst-group regret in shares of pairs).</summary>
    private static AuditFinding Person(ScoredPair[] untied)
    {
        const string measure = "accuracy of the reward for the person it serves worst, less that for all others";
        var people = untied
            .Where(p => p.Judgement.Person is not null)
            .GroupBy(p => p.Judgement.Person, (_, g) => g.ToArray())
            .Select(g => (Right: g.Count(p => p.IsRight), All: g.Length))
            .Where(g => g.All >= 10)
            .ToArray();
        if (people.Length < 2)
        {
            return Finding.Silent(4, measure, "Fewer than two named people with ten untied pairs each.");
        }

        var (right, all) = (people.Sum(p => p.Right), people.Sum(p => p.All));
        var worst = people.MinBy(p => p.Right / (double)p.All);
        var difference = new ProportionDifference(worst.Right, worst.All, right - worst.Right, all - worst.All);
        var p = Math.Min(
            1,
            people.Length * people.Min(q => new ProportionDifference(q.Right, q.All, right - q.Right, all - q.All).FisherP)
        );
        return Finding.Of(
            4,
            measure,
            new Interval(difference.Difference, difference.Newcombe.Low, difference.Newcombe.High, people.Length),
            p,
            p < Finding.Level,
            $"the reward agrees with one person in {worst.Right / (double)worst.All:P0} of {worst.All} pairs, with all people in "
                + $"{right / (double)all:P0}",
            "a reward for each group of people, or training that guards the worst group",
            "a careless person looks the same as one who wants something else; the interval does not know that the worst was chosen; p does"
        );
    }

    /// <summary>Pairs whose lengths are within a tenth of each other, where length can tell the reward nothing.</summary>
    private static AuditFinding Matched(ScoredPair[] untied)
    {
        const string measure = "accuracy of the reward on pairs of about equal length less that on the others";
        static bool Alike(ScoredPair p) =>
            Math.Abs(Math.Log((1.0 + p.Judgement.First.Length) / (1 + p.Judgement.Second.Length))) < Math.Log(1.1);
        var (alike, others) = (untied.Where(Alike).ToArray(), untied.Where(p => !Alike(p)).ToArray());
        if (alike.Length < Fewest || others.Length < Fewest)
        {
            return Finding.Silent(5, measure, $"Fewer than {Fewest} pairs whose lengths differ by less than a tenth, or by more.");
        }

        var difference = new ProportionDifference(alike.Count(p => p.IsRight), alike.Length, others.Count(p => p.IsRight), others.Length);
        return Finding.Described(
            5,
            measure,
            new Interval(difference.Difference, difference.Newcombe.Low, difference.Newcombe.High, alike.Length),
            "well below 0 where the reward lives on length; pairs of equal length may be harder for other reasons"
        );
    }

    /// <summary>Ten bins of equal counts of the probability of the side that the reward prefers: a file may put winners first.</summary>
    private static CalibrationBin[] Bins(ScoredPair[] untied) =>
        Calibration.ByCount(
            [.. untied.Select(p => PairLink.Logistic.Probability(Math.Abs(p.Margin)))],
            [.. untied.Select(p => p.IsRight ? 1.0 : 0)]
        );
}
