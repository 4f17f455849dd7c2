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

    /// <summary>
    /// Which row of which source it is; null where nothing tells. A label is imported once: the same item, person and source are the same
    /// label.
    /// </summary>
    public LabelSource? Source { get; init; }

    /// <summary>Where it stood, such as "line 3", for reports.</summary>
    public string? Place { get; init; }
}

/// <summary>The row of a source that a label came from.</summary>
/// <param name="Key">Equal for equal rows.</param>
/// <param name="IsId">
/// Whether the source itself names the label: then two labels with different keys are two, even where they say the same.
/// </param>
public sealed record LabelSource(string Key, bool IsId);
