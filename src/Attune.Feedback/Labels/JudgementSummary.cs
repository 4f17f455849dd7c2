using Attune.Core.Feedback;

namespace Attune.Feedback.Labels;

/// <summary>A judgement as a short word that is equal where two people said the same, for counting votes.</summary>
internal static class JudgementSummary
{
    public static string Of(Judgement judgement) =>
        judgement switch
        {
            ComparisonJudgement comparison => comparison.Pick.ToString(),
            ChoiceJudgement choice => choice.Best?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "none",
            RankingJudgement ranking => string.Join(",", ranking.Ranks.Select(rank => ranking.Ranks.Count(other => other < rank))),
            RatingJudgement rating => rating.Value.ToString("0.##", System.Globalization.CultureInfo.InvariantCulture),
            StepsJudgement steps => $"first error {steps.Ratings.IndexOf(-1)}",
            SpansJudgement spans => string.Join(",", spans.Spans.Select(s => s.Type).Distinct().Order(StringComparer.Ordinal)),
            TimedJudgement timed => $"{timed.Rewards.Count(r => r.Value > 0)} praised, {timed.Rewards.Count(r => r.Value < 0)} scolded",
            ChatJudgement chat => string.Concat(chat.Turns.Select(t => Strength.PrefersFirst(t.Strength) ? 'A' : 'B')),
            _ => "",
        };
}
