using Attune.Audit.Judgements;
using Attune.Core.Runs;
using Attune.Core.Statistics;
using Attune.Core.Statistics.Comparisons;
using Attune.Core.Statistics.Hypotheses;
using Attune.Reports.Audits;

namespace Attune.Audit.Presumptions;

/// <summary>
/// Presumption 4: what each group of people loses where one reward or policy chooses for all. A group's regret at a prompt is the utility
/// of the answer that it likes best less that of what is chosen, in log-odds. Its labels are split in two: one half says which answer it
/// likes best, the other how much better that is, and the other way round, so that chance does not make regret (cross-fitting).
/// </summary>
public static class GroupRegret
{
    private const int Presumption = 4;
    private const int FewestPrompts = 8;

    // The prior of the mixture that finds the groups.
    private const double Alpha = 0.1;

    /// <param name="chooser">What chooses, as a sentence names it: the reward, the policy.</param>
    /// <param name="choose">The probability of each answer to a prompt.</param>
    public static AuditFinding Measure(
        IReadOnlyList<PromptGroup> prompts,
        IReadOnlyDictionary<string, int> people,
        string chooser,
        Func<PromptGroup, double[]> choose,
        Seed seed
    )
    {
        var measure = $"regret of the group of people whom the {chooser} serves worst, log-odds a prompt";
        if (people.Count == 0)
        {
            return Finding.Silent(Presumption, measure, "No groups of people were found.");
        }

        int[] groups = [.. people.Values.Distinct().Order()];
        double[][] regrets =
        [
            .. prompts
                .Where(p => p.Answers.Count >= 2 && p.Pairs.Count > 0)
                .Select((p, place) => (Prompt: p, Chosen: choose(p), Seed: seed.For("halves", place)))
                .Select(p => groups.Select(g => OfGroup(p.Prompt, people, g, p.Chosen, p.Seed)).ToArray())
                .Where(r => r.All(v => v is not null))
                .Select(r => r.Select(v => v!.Value).ToArray()),
        ];
        return regrets.Length < FewestPrompts
            ? Finding.Silent(Presumption, measure, $"Fewer than {FewestPrompts} prompts were judged by every group at least twice.")
            : Worst(measure, chooser, regrets, seed);
    }

    /// <param name="regrets">By prompt and group.</param>
    private static AuditFinding Worst(string measure, string chooser, double[][] regrets, Seed seed)
    {
        var groups = regrets[0].Length;
        static double Mean(IReadOnlyList<double[]> rows, int group) => rows.Average(r => r[group]);
        static double Others(double[] row, int group) => (row.Sum() - row[group]) / (row.Length - 1);
        var worst = Enumerable.Range(0, groups).MaxBy(g => Mean(regrets, g));
        var interval = Bootstrap.Of(regrets, rows => Enumerable.Range(0, groups).Max(g => Mean(rows, g)), seed);
        var p = Enumerable.Range(0, groups).Select(g => MeanTest.Of([.. regrets.Select(r => r[g] - Others(r, g))])).Min(Above);
        p = Math.Min(1, groups * p);
        return Finding.Of(
            Presumption,
            measure,
            interval,
            p,
            p < Finding.Level,
            $"what the {chooser} chooses costs one of {groups} groups of people {Mean(regrets, worst):0.00} log-odds a prompt, and the "
                + $"others {regrets.Average(r => Others(r, worst)):0.00}",
            "a reward trained to guard the worst group (robust_step), or a reward for each group",
            "groups were found in the same labels; a group that is less sure has less to lose; the interval's worst group may change"
        );
    }

    private static double Above(MeanTest test) =>
        test.Error > 0 ? Distribution.StudentAbove(test.T, test.Freedom)
        : test.Difference > 0 ? 0
        : 1;

    /// <summary>One group's regret at a prompt; null where it judged the prompt less than twice.</summary>
    private static double? OfGroup(PromptGroup prompt, IReadOnlyDictionary<string, int> people, int group, double[] chosen, Seed seed)
    {
        var own = prompt
            .Pairs.Where(p => p.Judgement.Person is { } person && people.TryGetValue(person, out var number) && number == group)
            .ToArray();
        if (own.Length < 2)
        {
            return null;
        }

        // Every other judgement in a random order: halves of equal size.
        var order = seed.For("group", group).Rng().Permutation(own.Length);
        double[] Utilities(int half)
        {
            var part = new PromptGroup(prompt.Answers, [.. order.Where((_, place) => place % 2 == half).Select(i => own[i])]);
            return RidgeStrengths.Fit(part.Wins, Alpha);
        }

        double[] one = Utilities(0),
            other = Utilities(1);
        return (Regret(one, other, chosen) + Regret(other, one, chosen)) / 2;
    }

    /// <summary>What the best by some utilities gains over a choice, by others.</summary>
    private static double Regret(double[] likes, double[] worth, double[] chosen) =>
        worth[likes.Index().MaxBy(u => u.Item).Index] - worth.Zip(chosen, (w, c) => w * c).Sum();
}
