using Attune.Feedback.Labels;

namespace Attune.Feedback.Formats;

/// <summary>Why a format holds no row for a label.</summary>
internal static class Unsaid
{
    public static string Reason(Judgement judgement, ProjectSettings settings, string format) =>
        judgement switch
        {
            ComparisonJudgement { Pick: Pick.Tie } => $"a tie, which {format} cannot say",
            ComparisonJudgement { Pick: Pick.BothBad } => $"both answers are bad, which {format} cannot say",
            ChoiceJudgement { Best: null } => $"no answer is acceptable, which {format} cannot say",
            RatingJudgement rating when !settings.Thumbs && IsMiddle(rating.Value, settings) =>
                "a rating in the middle of the scale, which is neither good nor bad",
            StepsJudgement { Finish: FinishReason.GiveUp or FinishReason.BadProblem } =>
                "the annotator gave the problem up, or found it bad",
            StepsJudgement => "no step is rated from the first on",
            RankingJudgement => $"a ranking with ties, which {format} cannot say",
            _ => $"a label that {format} cannot say",
        };

    private static bool IsMiddle(double value, ProjectSettings settings) => value == (settings.Worst + settings.Best) / 2;
}
