namespace Attune.Feedback.Labels;

/// <summary>A judgement without what its author wrote in words: comments, reasons, notes, corrections.</summary>
internal static class WithoutWords
{
    public static Judgement Of(Judgement judgement) =>
        judgement switch
        {
            StepsJudgement steps => steps with { Correction = null, Comment = null },
            SpansJudgement spans => spans with
            {
                Spans = [.. spans.Spans.Select(s => s with { Note = null })],
                Corrected = null,
                Comment = null,
            },
            RatingJudgement rating => rating with { Reason = null, Comment = null },
            ChatJudgement chat => chat with { Turns = [.. chat.Turns.Select(t => t with { Comment = null })], Comment = null },
            _ => judgement with { Comment = null },
        };
}
