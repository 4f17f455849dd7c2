using System.Globalization;
using Attune.Feedback.Labels;

namespace Attune.Web.Annotation;

/// <summary>A judgement in one line, with answers named A, B, ... in the item's order.</summary>
public static class JudgementText
{
    public static string Of(Judgement judgement) =>
        judgement switch
        {
            ComparisonJudgement { Strength: { } level } => StrengthText.Of(level),
            ComparisonJudgement comparison => comparison.Pick switch
            {
                Pick.First => "A is better",
                Pick.Second => "B is better",
                Pick.Tie => "Equally good",
                _ => "Both bad",
            },
            RankingJudgement ranking => Ranking(ranking),
            ChoiceJudgement { Best: { } best } => KeyMap.Letter(best) + " is best",
            ChoiceJudgement => "None acceptable",
            StepsJudgement steps => string.Join(' ', steps.Ratings.Select(Sign)) + ", " + Finish(steps.Finish),
            SpansJudgement spans =>
                $"{spans.Spans.Length} marked, {spans.Missing.Length} missing{(spans.Corrected is null ? "" : ", corrected")}",
            RatingJudgement rating => rating.Value.ToString(CultureInfo.InvariantCulture)
                + (rating.Reason is { } reason ? $": {reason}" : ""),
            ChatJudgement chat => string.Join(' ', chat.Turns.Select(t => t.Strength <= 4 ? "A" : "B"))
                + (chat.Overall is { } overall ? $", overall {overall} of 5" : ""),
            TimedJudgement timed =>
                $"{timed.Rewards.Count(r => r.Value > 0)} times praised, {timed.Rewards.Count(r => r.Value < 0)} times scolded",
            _ => judgement.GetType().Name,
        };

    /// <summary>Such as "B > A = C".</summary>
    private static string Ranking(RankingJudgement ranking) =>
        string.Join(
            " > ",
            ranking
                .Ranks.Select((rank, i) => (rank, Letter: KeyMap.Letter(i)))
                .GroupBy(r => r.rank)
                .OrderBy(g => g.Key)
                .Select(g => string.Join(" = ", g.Select(r => r.Letter)))
        );

    private static string Sign(int? rating) =>
        rating switch
        {
            1 => "+",
            0 => "0",
            -1 => "−",
            _ => "·",
        };

    private static string Finish(FinishReason finish) =>
        finish switch
        {
            FinishReason.Solution => "solution",
            FinishReason.FoundError => "found an error",
            FinishReason.BadProblem => "bad problem",
            _ => "gave up",
        };
}
