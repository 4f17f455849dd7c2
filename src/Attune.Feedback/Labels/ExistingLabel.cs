using System.Text.Json.Nodes;

namespace Attune.Feedback.Labels;

/// <summary>A label from another source.</summary>
/// <param name="Annotator">The author as the source names them; null where it does not.</param>
/// <param name="Judgement">In the item's positions.</param>
public sealed record ExistingLabel(string? Annotator, Judgement Judgement)
{
    public DateTimeOffset? At { get; init; }

    /// <summary>Time spent; null where the source does not say.</summary>
    public TimeSpan? Active { get; init; }

    /// <summary>Further fields of the file it was read from, kept for export.</summary>
    public JsonObject? Extras { get; init; }
}
