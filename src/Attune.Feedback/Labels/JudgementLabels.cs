using System.Collections.Immutable;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Label = Attune.Core.Feedback.Label;

namespace Attune.Feedback.Labels;

/// <summary>
/// Turns judgements into labels for training (<see cref="Core.Feedback"/>), which simulated annotators and judging models also
/// give.
/// </summary>
public static class JudgementLabels
{
    /// <param name="judgement">In the item's positions.</param>
    /// <param name="turns">For chats: each turn's conversation up to its question, and its two replies in the model's order.</param>
    /// <returns>None where nothing can be learned: ties, "none acceptable", problems given up.</returns>
    public static IEnumerable<Label> Of(
        ItemContent item,
        Judgement judgement,
        ProjectSettings settings,
        ImmutableArray<(Prompt Prompt, Candidate First, Candidate Second)> turns
    ) =>
        judgement switch
        {
            ComparisonJudgement { Pick: Pick.First or Pick.Second } comparison =>
            [
                Pair(item.Prompt, item.Candidates[0], item.Candidates[1], comparison.Pick == Pick.First, comparison.Strength) with
                {
                    Probability = comparison.Probability ?? 1,
                },
            ],
            RankingJudgement ranking => [new Ranking(item.Prompt, Texts(item), ranking.Ranks) { Cut = Cut(item.Candidates) }],
            ChoiceJudgement { Best: { } best } => [new Choice(item.Prompt, Texts(item), best) { Cut = Cut(item.Candidates) }],
            StepsJudgement { Finish: FinishReason.Solution or FinishReason.FoundError } steps
                when Rated(item, steps) is { Length: > 0 } rated => [new StepLabels(item.Prompt, rated)],
            SpansJudgement spans =>
            [
                new SpanLabels(item.Prompt, item.Candidates[0].Text, spans.Spans)
                {
                    Missing = spans.Missing,
                    Passages = item.Passages,
                    Corrected = spans.Corrected,
                },
            ],
            TimedJudgement timed => [new TimedRewards(item.Prompt, item.Candidates[0].Text, timed.Rewards)],
            RatingJudgement rating => [Rate(item, rating, settings)],
            ChatJudgement chat => chat.Turns.Select(t =>
                Pair(turns[t.Turn].Prompt, turns[t.Turn].First, turns[t.Turn].Second, Strength.PrefersFirst(t.Strength), t.Strength)
            ),
            _ => [],
        };

    /// <summary>
    /// What training files say of a label: a rating above the middle of its scale is desirable, one below is not, and the middle says
    /// neither, so that it makes no row.
    /// </summary>
    public static IEnumerable<Label> ToTrain(Label label) =>
        label is not Rating rating ? [label]
        : rating.Share == 0.5 ? []
        : [new Verdict(rating.Prompt, rating.Answer, rating.Share > 0.5) { Annotator = rating.Annotator, Cut = rating.Cut }];

    private static Preference Pair(Prompt prompt, Candidate first, Candidate second, bool firstIsBetter, int? strength)
    {
        var (better, worse) = firstIsBetter ? (first, second) : (second, first);
        return new Preference(prompt, better.Text, worse.Text, strength is { } level ? Strength.Margin(level) : null)
        {
            Cut = Cut([better, worse]),
        };
    }

    private static CutAnswers Cut(IEnumerable<Candidate> candidates) => CutAnswers.Of(candidates.Select(c => c.IsCut));

    private static ImmutableArray<string> Texts(ItemContent item) => [.. item.Candidates.Select(c => c.Text)];

    /// <summary>Steps from the first on, up to the first that was not rated.</summary>
    private static ImmutableArray<ReasoningStep> Rated(ItemContent item, StepsJudgement judgement) =>
        [
            .. item.Candidates[0]
                .Steps.Zip(judgement.Ratings)
                .TakeWhile(s => s.Second is not null)
                .Select(s => new ReasoningStep(s.First, s.Second!.Value)),
        ];

    /// <summary>Thumbs are verdicts; other scales are ratings.</summary>
    private static Label Rate(ItemContent item, RatingJudgement rating, ProjectSettings settings) =>
        settings.Thumbs
            ? new Verdict(item.Prompt, item.Candidates[0].Text, rating.Value > 0.5) { Cut = Cut(item.Candidates) }
            : new Rating(item.Prompt, item.Candidates[0].Text, rating.Value, settings.Worst, settings.Best) { Cut = Cut(item.Candidates) };
}
