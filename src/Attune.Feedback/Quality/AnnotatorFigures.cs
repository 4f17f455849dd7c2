using Attune.Core.Runs;
using Attune.Core.Statistics;
using Attune.Feedback.Labels;
using Attune.Feedback.Storage;

namespace Attune.Feedback.Quality;

/// <summary>The figures of one person's labels.</summary>
internal static class AnnotatorFigures
{
    private const int LeastForDrift = 20;
    private const int LeastGoldForDrift = 10;

    /// <param name="gold">Whether each of their first answers to gold was right, oldest first.</param>
    public static AnnotatorQuality Of(
        Guid person,
        string pseudonym,
        IReadOnlyList<StandingLabel> own,
        IReadOnlyList<StandingLabel> all,
        bool[] gold,
        Seed seed
    )
    {
        var first = own.ToLookup(l => l.TaskId);
        var repeats = own.Where(l => l.RepeatOf is { } earlier && first.Contains(earlier))
            .Select(l => JudgementSummary.Of(l.Judgement) == JudgementSummary.Of(first[l.RepeatOf!.Value].First().Judgement))
            .ToArray();
        var others = WithOthers(own, all);
        long[] times = [.. own.Select(l => l.ActiveMs).OfType<long>().Order()];
        return new AnnotatorQuality(
            person,
            pseudonym,
            own.Count,
            gold.Count(g => g),
            gold.Length,
            FirstShown(own, seed),
            times.Length == 0 ? null : TimeSpan.FromMilliseconds((times[(times.Length - 1) / 2] + times[times.Length / 2]) / 2.0),
            repeats.Count(r => r),
            repeats.Length,
            others.Length == 0 ? null : others.Count(o => o) / (double)others.Length,
            gold.Length >= LeastGoldForDrift ? Drift(gold)
                : others.Length >= LeastForDrift ? Drift(others)
                : null
        );
    }

    /// <summary>The share of comparisons won by the answer shown first, with an interval over labels, ties left out.</summary>
    public static Interval? FirstShown(IEnumerable<StandingLabel> labels, Seed seed)
    {
        var firsts = labels.Select(FirstWon).OfType<bool>().ToArray();
        return firsts.Length == 0 ? null : Bootstrap.Of(firsts, f => f.Count(won => won) / (double)f.Count, seed);
    }

    private static bool? FirstWon(StandingLabel label) =>
        (label.Order, label.Judgement) switch
        {
            ({ Length: 2 } order, ComparisonJudgement { Pick: Pick.First or Pick.Second } comparison) => (comparison.Pick == Pick.First)
                == (order[0] == 0),
            ({ Length: > 1 } order, ChoiceJudgement { Best: { } best }) when order.Length == 2 => order[0] == best,
            _ => null,
        };

    /// <summary>
    /// Whether each label agrees with most of the others on its task, in the order given; tasks on which the others are divided are left
    /// out.
    /// </summary>
    private static bool[] WithOthers(IReadOnlyList<StandingLabel> own, IReadOnlyList<StandingLabel> all)
    {
        var byTask = all.Where(l => l.TaskKind == TaskKind.Normal).ToLookup(l => l.TaskId);
        return
        [
            .. own.Where(l => l.TaskKind == TaskKind.Normal)
                .OrderBy(l => l.At)
                .Select(l =>
                {
                    var votes = byTask[l.TaskId]
                        .Where(o => o.PersonId != l.PersonId)
                        .GroupBy(o => JudgementSummary.Of(o.Judgement))
                        .OrderByDescending(g => g.Count())
                        .Take(2)
                        .ToArray();
                    return votes.Length == 0 || (votes.Length == 2 && votes[0].Count() == votes[1].Count())
                        ? (bool?)null
                        : votes[0].Key == JudgementSummary.Of(l.Judgement);
                })
                .OfType<bool>(),
        ];
    }

    private static double Drift(bool[] right)
    {
        var half = right.Length / 2;
        return right[half..].Average(r => r ? 1.0 : 0) - right[..half].Average(r => r ? 1.0 : 0);
    }
}
