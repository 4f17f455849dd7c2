using Attune.Core.Conversations;
using Attune.Core.Feedback;

namespace Attune.Feedback.Labels;

/// <summary>
/// Whether a judgement answers the task that was set: the right kind, the right number of parts, every number on its scale.
/// </summary>
internal static class JudgementRules
{
    private const int LongestComment = 20_000;
    private const int LongestText = 2_000_000;

    /// <summary>Every problem, each one sentence; none where the judgement can be stored.</summary>
    /// <param name="turns">Turns held so far, for chats.</param>
    public static IEnumerable<string> Problems(
        Judgement judgement,
        ProjectKind kind,
        ProjectSettings settings,
        ItemContent item,
        int turns
    ) => Lengths(judgement).Concat(OfKind(judgement, kind, settings, item, turns));

    /// <summary>What a page can show and a person would write; more is a mistake or an attack.</summary>
    private static IEnumerable<string> Lengths(Judgement judgement)
    {
        IEnumerable<(string Name, string? Text, int Most)> texts =
        [
            ("the comment", judgement.Comment, LongestComment),
            .. judgement switch
            {
                RatingJudgement rating => [("the reason", rating.Reason, LongestComment)],
                StepsJudgement steps => [("the correction", steps.Correction, LongestText)],
                ChatJudgement { Turns.IsDefault: false } chat => chat.Turns.Select(t => ("a comment", t.Comment, LongestComment)),
                SpansJudgement { Spans.IsDefault: false } spans =>
                [
                    .. spans.Spans.Select(s => ("a note", s.Note, LongestComment)),
                    ("the corrected text", spans.Corrected, LongestText),
                ],
                _ => Array.Empty<(string, string?, int)>(),
            },
        ];
        return texts
            .Where(t => t.Text?.Length > t.Most)
            .Select(t => $"{t.Name} has {t.Text!.Length} characters; expected at most {t.Most}.");
    }

    private static IEnumerable<string> OfKind(
        Judgement judgement,
        ProjectKind kind,
        ProjectSettings settings,
        ItemContent item,
        int turns
    ) =>
        (kind, judgement) switch
        {
            (ProjectKind.Comparison, ComparisonJudgement comparison) => Comparison(comparison),
            (ProjectKind.Ranking, RankingJudgement ranking) => Ranking(ranking, item.Candidates.Length),
            (ProjectKind.BestOf, ChoiceJudgement { Best: { } best }) when best < 0 || best >= item.Candidates.Length =>
            [
                $"best is {best}; expected 0 to {item.Candidates.Length - 1}, or null for none.",
            ],
            (ProjectKind.BestOf, ChoiceJudgement) => [],
            (ProjectKind.Steps, StepsJudgement steps) => Steps(steps, item.Candidates[0].Steps.Length),
            (ProjectKind.Spans, SpansJudgement spans) => Spans(spans, settings, CodePoints.Count(item.Candidates[0].Text)),
            (ProjectKind.Rating, RatingJudgement rating) when !(rating.Value >= settings.Worst && rating.Value <= settings.Best) =>
            [
                FormattableString.Invariant($"value is {rating.Value}; expected {settings.Worst} to {settings.Best}."),
            ],
            (ProjectKind.Rating, RatingJudgement) => [],
            (ProjectKind.Chat, ChatJudgement chat) => Chat(chat, turns),
            (ProjectKind.Timed, TimedJudgement timed) => Timed(timed),
            _ => [$"found {judgement.GetType().Name}; expected what a project of kind {kind} asks for."],
        };

    private static IEnumerable<string> Comparison(ComparisonJudgement comparison)
    {
        if (!Enum.IsDefined(comparison.Pick))
        {
            yield return $"pick is {comparison.Pick}; expected First, Second, Tie or BothBad.";
        }
        if (comparison.Probability is { } probability && !(probability >= 0 && probability <= 1))
        {
            yield return FormattableString.Invariant($"probability is {probability}; expected 0 to 1.");
        }
        if (comparison.Strength is not { } level)
        {
            yield break;
        }
        if (!Strength.IsLevel(level))
        {
            yield return $"strength is {level}; expected 1 (strongly the first) to {Strength.Levels} (strongly the second).";
        }
        else if (comparison.Pick != (Strength.PrefersFirst(level) ? Pick.First : Pick.Second))
        {
            yield return $"strength {level} prefers the {(Strength.PrefersFirst(level) ? "first" : "second")} answer, but pick is "
                + $"{comparison.Pick}.";
        }
    }

    private static IEnumerable<string> Ranking(RankingJudgement ranking, int answers)
    {
        if (ranking.Ranks.IsDefault || ranking.Ranks.Length != answers)
        {
            var found = ranking.Ranks.IsDefault ? 0 : ranking.Ranks.Length;
            yield return $"found {found} ranks for {answers} answers; expected one for each.";
        }
        else if (ranking.Ranks.Any(r => r < 1 || r > answers))
        {
            yield return $"found ranks {string.Join(", ", ranking.Ranks)}; expected each from 1, the best, to {answers}.";
        }
    }

    private static IEnumerable<string> Steps(StepsJudgement judgement, int steps)
    {
        if (judgement.Ratings.IsDefault || judgement.Ratings.Length != steps)
        {
            var found = judgement.Ratings.IsDefault ? 0 : judgement.Ratings.Length;
            yield return $"found {found} ratings for {steps} steps; expected one for each, null for those not rated.";
            yield break;
        }

        if (judgement.Ratings.Any(r => r is < -1 or > 1))
        {
            yield return "a rating is out of range; expected -1, 0, 1 or null.";
        }
        if (judgement.Finish == FinishReason.FoundError && !judgement.Ratings.Contains(-1))
        {
            yield return "an error was found, but no step is rated -1.";
        }
        if (judgement.Finish == FinishReason.Solution && (judgement.Ratings.Contains(-1) || judgement.Ratings.All(r => r is null)))
        {
            yield return "a solution must have rated steps, none of them -1.";
        }
    }

    private static IEnumerable<string> Spans(SpansJudgement judgement, ProjectSettings settings, int length)
    {
        if (judgement.Spans.IsDefault || judgement.Missing.IsDefault)
        {
            yield return "spans or missing was not given; expected two lists, empty where there is nothing to report.";
            yield break;
        }

        foreach (var span in judgement.Spans)
        {
            if (span.Start < 0 || span.End <= span.Start || span.End > length)
            {
                yield return $"a span reaches from {span.Start} to {span.End}; expected a part of the {length} code points.";
            }
            if (!settings.ErrorTypes.IsEmpty && !settings.ErrorTypes.Contains(span.Type))
            {
                yield return $"a span has type '{span.Type}'; expected one of {string.Join(", ", settings.ErrorTypes)}.";
            }
        }

        foreach (var missing in judgement.Missing)
        {
            if (!settings.MissingTypes.IsEmpty && !settings.MissingTypes.Contains(missing.Type))
            {
                yield return $"missing information has type '{missing.Type}'; expected one of {string.Join(", ", settings.MissingTypes)}.";
            }
        }
    }

    private static IEnumerable<string> Timed(TimedJudgement timed)
    {
        if (timed.Rewards.IsDefault)
        {
            yield return "rewards is missing; expected a list of times and values, empty where nothing was said.";
            yield break;
        }

        foreach (var (index, reward) in timed.Rewards.Index())
        {
            if (!double.IsFinite(reward.Time) || !double.IsFinite(reward.Value))
            {
                yield return FormattableString.Invariant($"rewards[{index}] is {reward.Value} at {reward.Time} s; expected numbers.");
            }
            else if (index > 0 && reward.Time < timed.Rewards[index - 1].Time)
            {
                yield return FormattableString.Invariant($"rewards[{index}] is at {reward.Time} s, before the one before it.");
            }
        }
    }

    private static IEnumerable<string> Chat(ChatJudgement chat, int turns)
    {
        if (chat.Turns.IsDefault)
        {
            yield return "turns is missing; expected a judgement of each turn.";
            yield break;
        }

        var judged = chat.Turns;
        if (judged.Length != turns || !judged.Select(t => t.Turn).Order().SequenceEqual(Enumerable.Range(0, turns)))
        {
            yield return $"turns {string.Join(", ", judged.Select(t => t.Turn))} are judged; expected each of the {turns} turns once.";
        }
        if (turns == 0)
        {
            yield return "the conversation has no turns yet.";
        }
        if (judged.FirstOrDefault(t => !Strength.IsLevel(t.Strength)) is { } wrong)
        {
            yield return $"strength of turn {wrong.Turn} is {wrong.Strength}; expected 1 to {Strength.Levels}.";
        }
        if (chat.Overall is < 1 or > 5)
        {
            yield return $"overall is {chat.Overall}; expected 1 (bad) to 5 (good).";
        }
    }
}
