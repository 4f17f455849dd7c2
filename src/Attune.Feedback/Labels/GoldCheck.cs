using System.Collections.Immutable;
using Attune.Core.Feedback;

namespace Attune.Feedback.Labels;

/// <summary>Whether an answer to a gold task is right.</summary>
internal static class GoldCheck
{
    /// <summary>Spans are right from this overlap with the expected ones.</summary>
    private const double LeastSpanOverlap = 0.5;

    /// <summary>Ratings are right up to this share of the scale away from the expected one.</summary>
    private const double RatingTolerance = 0.2;

    public static bool IsRight(Judgement expected, Judgement given, ProjectSettings settings) =>
        (expected, given) switch
        {
            (ComparisonJudgement right, ComparisonJudgement answer) => right.Pick == answer.Pick,
            (ChoiceJudgement right, ChoiceJudgement answer) => right.Best == answer.Best,
            (RankingJudgement right, RankingJudgement answer) => SameOrder(right.Ranks, answer.Ranks),
            (RatingJudgement right, RatingJudgement answer) => Math.Abs(right.Value - answer.Value)
                <= RatingTolerance * (settings.Best - settings.Worst),
            (StepsJudgement right, StepsJudgement answer) => right.Ratings.IndexOf(-1) == answer.Ratings.IndexOf(-1),
            (SpansJudgement right, SpansJudgement answer) => SpanOverlap.F1(right.Spans, answer.Spans) >= LeastSpanOverlap,
            (ChatJudgement right, ChatJudgement answer) => right.Turns.Length == answer.Turns.Length
                && right
                    .Turns.Zip(answer.Turns)
                    .All(t => Strength.PrefersFirst(t.First.Strength) == Strength.PrefersFirst(t.Second.Strength)),
            _ => false,
        };

    /// <summary>Every pair stands in the same order, ties included.</summary>
    private static bool SameOrder(ImmutableArray<int> left, ImmutableArray<int> right) =>
        left.Length == right.Length
        && Enumerable
            .Range(0, left.Length)
            .All(i => Enumerable.Range(0, i).All(j => left[i].CompareTo(left[j]) == right[i].CompareTo(right[j])));
}
