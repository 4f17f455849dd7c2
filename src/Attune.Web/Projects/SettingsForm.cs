using System.Collections.Immutable;
using Attune.Feedback.Labels;
using Attune.Web.Annotation;

namespace Attune.Web.Projects;

/// <summary>A project's settings from the fields of a form, the same for a new project and for one that is there.</summary>
internal static class SettingsForm
{
    /// <param name="old">For what the form does not ask.</param>
    /// <param name="isOwner">Whether they may let pages load images of other servers.</param>
    public static ProjectSettings Read(FormFields fields, ProjectKind kind, ProjectSettings old, bool isOwner)
    {
        var (rating, spans) = (kind == ProjectKind.Rating, kind == ProjectKind.Spans);
        return old with
        {
            Instruction = fields.Text("instruction") ?? old.Instruction,
            Quota = fields.Number("quota") ?? old.Quota,
            LeaseSeconds = fields.Number("lease_seconds") ?? old.LeaseSeconds,
            MostPending = fields.Number("most_pending") ?? old.MostPending,
            GoldEvery = fields.Number("gold_every") ?? old.GoldEvery,
            RepeatEvery = fields.Number("repeat_every") ?? old.RepeatEvery,
            RepeatDistance = fields.Number("repeat_distance") ?? old.RepeatDistance,
            FlagsToHold = fields.Number("flags_to_hold") ?? old.FlagsToHold,
            LeastGoldAccuracy = fields.Real("least_gold_accuracy"),
            GoldBeforePause = fields.Number("gold_before_pause") ?? old.GoldBeforePause,
            ChatTurns = fields.Number("chat_turns") ?? old.ChatTurns,
            Worst = (rating ? fields.Real("worst") : null) ?? old.Worst,
            Best = (rating ? fields.Real("best") : null) ?? old.Best,
            ErrorTypes = spans ? Lines(fields.Text("error_types")) : old.ErrorTypes,
            MissingTypes = spans ? Lines(fields.Text("missing_types")) : old.MissingTypes,
            AskCorrection = spans ? fields.Text("ask_correction") is not null : old.AskCorrection,
            Shuffle = fields.Text("shuffle") is not null,
            RemoteImages = isOwner ? fields.Text("remote_images") is not null : old.RemoteImages,
        };
    }

    private static ImmutableArray<string> Lines(string? text) =>
        [.. (text ?? "").Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Distinct()];
}
