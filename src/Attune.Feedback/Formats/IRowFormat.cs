using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Attune.Feedback.Labels;
using Attune.Text.Tokenizers;

namespace Attune.Feedback.Formats;

/// <summary>One row of a file, read: an item, with the label that stands in the row, if any.</summary>
internal sealed record ReadRow(ItemContent Content, ExistingLabel? Label);

/// <summary>A label on its way out.</summary>
/// <param name="Annotator">Pseudonym; null for an item without labels.</param>
internal sealed record OutLabel(
    ItemContent Item,
    string? Annotator,
    Judgement? Judgement,
    DateTimeOffset? At,
    TimeSpan? Active,
    JsonObject? Extras,
    Guid Id
);

/// <summary>What formats may need to know besides the row.</summary>
/// <param name="Tokenizer">For files that hold token ids; null where none was given.</param>
internal sealed record FormatContext(ProjectKind Kind, ProjectSettings Settings, ITokenizer? Tokenizer);

/// <summary>
/// A public format. What the store understands of a row becomes item and judgement; the rest of the row, with those places emptied, is kept
/// as its frame, so that what comes out is what went in, field by field, unless it was changed in between. Rows made here have no frame and
/// are written in the format's plain form.
/// </summary>
internal interface IRowFormat
{
    string Name { get; }

    /// <summary>What project its labels make.</summary>
    ProjectKind KindOf(JsonObject row);

    /// <summary>Kinds of projects it can write.</summary>
    ImmutableArray<ProjectKind> Writes { get; }

    /// <summary>Whether a row looks like this format's.</summary>
    bool Fits(JsonObject row);

    /// <exception cref="RowException">The row is not as promised.</exception>
    IEnumerable<ReadRow> Read(JsonObject row, FormatContext context);

    /// <summary>Rows for labels that belong together (<see cref="GroupOf"/>); none where a label cannot be said in this format.</summary>
    IEnumerable<JsonObject> Write(IReadOnlyList<OutLabel> labels, FormatContext context);

    /// <summary>Labels with equal keys make one row together; by default each makes its own.</summary>
    string GroupOf(OutLabel label) => label.Id.ToString();
}

/// <summary>What is wrong with a row: the field, what was found, what was expected.</summary>
internal sealed class RowException(string field, string problem) : Exception(problem)
{
    public string Field { get; } = field;
}
