using System.Collections.Immutable;
using Attune.Core.Runs;
using Attune.Core.Statistics;

namespace Attune.Methods.Process;

/// <summary>All solutions of one problem.</summary>
/// <param name="Results">What each comes to; null where it has no result, and is wrong.</param>
/// <param name="Right">Whether each result is right.</param>
/// <param name="Scores">By the name of what judges: one score a solution.</param>
public sealed record SolutionSet(
    ImmutableArray<string?> Results,
    ImmutableArray<bool> Right,
    ImmutableSortedDictionary<string, ImmutableArray<double>> Scores
);

/// <summary>
/// Which share of problems is solved by choosing one of n solutions (Lightman et al. 2023, arXiv:2305.20050): by a score, by the
/// most frequent result, by the result with the highest sum of scores, blindly, and by an oracle. A solution without a result is wrong. All
/// choosers see the same random subsets. Equal scores or votes are decided by lot, in expectation.
/// </summary>
public static class SolutionChoice
{
    public const string Blind = "blind";
    public const string Oracle = "oracle";
    public const string Majority = "majority";
    public const string Weighted = "weighted";

    /// <summary>The chance that the chosen solution is right: of those with the highest score, the share that is.</summary>
    public static double ByScore(SolutionSet set, ImmutableArray<double> scores, IReadOnlyList<int> subset)
    {
        var best = subset.Max(i => scores[i]);
        return subset.Where(i => scores[i] == best).Average(i => IsRight(set, i));
    }

    /// <summary>The same of a vote: results weigh what their solutions do; 0 where no solution has a result.</summary>
    /// <param name="weight">1 for a vote by numbers</param>
    public static double ByVote(SolutionSet set, Func<int, double> weight, IReadOnlyList<int> subset)
    {
        var votes = subset
            .Where(i => set.Results[i] is not null)
            .GroupBy(i => set.Results[i]!, StringComparer.Ordinal)
            .Select(g => (Votes: g.Sum(weight), Right: g.Average(i => IsRight(set, i))))
            .ToArray();
        return votes.Length == 0 ? 0 : votes.Where(v => v.Votes == votes.Max(o => o.Votes)).Average(v => v.Right);
    }

    /// <summary>Every chooser's share of problems solved with n solutions, with a 95% interval over problems.</summary>
    /// <param name="sets">With at least n solutions each, and the same judges.</param>
    /// <param name="voter">The judge whose scores weigh votes; null for none.</param>
    /// <param name="subsets">Random sets of n solutions of each problem; one where n is all of them.</param>
    public static ImmutableSortedDictionary<string, Interval> Of(
        IReadOnlyList<SolutionSet> sets,
        int n,
        int subsets,
        Seed seed,
        string? voter = null
    )
    {
        var solved = sets.Select((set, problem) => Solved(set, n, subsets, seed.For("subsets", problem, n), voter)).ToArray();
        return solved[0]
            .Keys.ToImmutableSortedDictionary(
                chooser => chooser,
                chooser => Bootstrap.Of([.. solved.Select(s => s[chooser])], (IReadOnlyList<double> values) => values.Average(), seed),
                StringComparer.Ordinal
            );
    }

    private static Dictionary<string, double> Solved(SolutionSet set, int n, int subsets, Seed seed, string? voter)
    {
        var rng = seed.Rng();
        int[] all = [.. Enumerable.Range(0, set.Right.Length)];
        var draws = n == all.Length ? 1 : subsets;
        var sums = new Dictionary<string, double>(StringComparer.Ordinal);
        for (var draw = 0; draw < draws; draw++)
        {
            for (var i = 0; i < n; i++)
            {
                var other = i + rng.NextInt(all.Length - i);
                (all[i], all[other]) = (all[other], all[i]);
            }

            foreach (var (chooser, share) in Chosen(set, all[..n], voter))
            {
                sums[chooser] = sums.GetValueOrDefault(chooser) + share / draws;
            }
        }

        return sums;
    }

    private static IEnumerable<(string Chooser, double Share)> Chosen(SolutionSet set, int[] subset, string? voter)
    {
        yield return (Blind, subset.Average(i => IsRight(set, i)));
        yield return (Oracle, subset.Max(i => IsRight(set, i)));
        yield return (Majority, ByVote(set, _ => 1, subset));
        foreach (var (judge, scores) in set.Scores)
        {
            yield return (judge, ByScore(set, scores, subset));
            if (judge == voter)
            {
                yield return (Weighted, ByVote(set, i => scores[i], subset));
            }
        }
    }

    private static double IsRight(SolutionSet set, int solution) => set.Results[solution] is not null && set.Right[solution] ? 1 : 0;
}
