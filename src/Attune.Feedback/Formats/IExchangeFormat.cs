using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Attune.Data.Formats;
using Attune.Feedback.Labels;
using Attune.Text.Tokenizers;

namespace Attune.Feedback.Formats;

/// <summary>An item that was read from a row, with the label in the row, if any.</summary>
internal sealed record ReadRow(ItemContent Content, ExistingLabel? Label);

/// <summary>A label to export.</summary>
/// <param name="Annotator">Pseudonym; null for an item without labels.</param>
internal sealed record OutLabel(
    ItemContent Item,
    string? Annotator,
    Judgement? Judgement,
    DateTimeOffset? At,
    TimeSpan? Active,
    JsonObject? Extras,
    Guid Id
)
{
    /// <summary>Equal for labels of the same item.</summary>
    public Guid ItemId { get; init; } = Id;
}

/// <summary>What formats may need to know besides the row.</summary>
/// <param name="Tokenizer">For files that hold token ids; null where none was given.</param>
internal sealed record FormatContext(ProjectKind Kind, ProjectSettings Settings, ITokenizer? Tokenizer)
{
    /// <summary>The row as it was read, for formats that data files share.</summary>
    public JsonElement Row { get; init; }

    /// <summary>Whether the row's values are spelt as texts, as in CSV.</summary>
    public bool Texts { get; init; }

    /// <inheritdoc cref="ImportOptions.Flagged"/>
    public bool Flagged { get; init; }

    /// <summary>Parts of the row that are left out while the row itself is used, each by its reason.</summary>
    public List<string> LeftOut { get; init; } = [];

    /// <summary>Reads the row as data files are read.</summary>
    /// <exception cref="RowException">The row is not as expected.</exception>
    /// <exception cref="DroppedRowException">The row is well formed, but is left out of data files too.</exception>
    public T Read<T>(Func<RowFields, T> read)
    {
        var fields = new RowFields(Row, texts: Texts);
        var result = read(fields);
        if (fields.Failure is var (field, problem))
        {
            throw new RowException(field, problem);
        }
        return fields.DropReason is { } reason ? throw new DroppedRowException(reason) : result;
    }

    /// <summary>Reads the row in the format of data files for such records.</summary>
    public T Read<T>() => Read(RowFormats.For<T>().Read);
}

/// <summary>
/// A public format for labels. The store keeps what it understands of a row as item and judgement, and the rest of the row, with those
/// places emptied, as its frame. So an export gives back what was imported, field by field, except for what was changed in between. Rows
/// that were made in the store have no frame and are written in the format's plain form.
/// </summary>
internal interface IExchangeFormat
{
    string Name { get; }

    /// <summary>The kind of project that a row's label belongs to.</summary>
    ProjectKind KindOf(JsonObject row);

    /// <summary>The kinds of projects whose labels it can hold.</summary>
    ImmutableArray<ProjectKind> Writes { get; }

    /// <summary>Whether a row looks like this format's.</summary>
    bool Fits(JsonObject row);

    /// <exception cref="RowException">The row is not as expected.</exception>
    /// <exception cref="DroppedRowException">The row is well formed, but cannot be used.</exception>
    IEnumerable<ReadRow> Read(JsonObject row, FormatContext context);

    /// <summary>Prepares the reading of a file, for formats whose rows say only together what they ask.</summary>
    ILabelFile Open(ImmutableArray<JsonObject> rows, string path, ImportOptions options) => new RowByRow(this, rows);

    /// <summary>Rows for labels that belong together (<see cref="GroupOf"/>); none where the format cannot hold a label.</summary>
    IEnumerable<JsonObject> Write(IReadOnlyList<OutLabel> labels, FormatContext context);

    /// <summary>Whether the labels of an item make one row together, in whose order of answers they all are.</summary>
    bool JoinsLabels => false;

    /// <summary>Labels with equal keys make one row together; by default each makes its own.</summary>
    string GroupOf(OutLabel label) => label.Id.ToString();
}

/// <summary>A file while it is read.</summary>
internal interface ILabelFile
{
    ProjectKind Kind { get; }

    /// <summary>What a reader should know about how the file was understood.</summary>
    ImmutableArray<string> Notes => [];

    /// <inheritdoc cref="IExchangeFormat.Read"/>
    IEnumerable<ReadRow> Read(JsonObject row, FormatContext context);
}

/// <summary>A file whose rows each say what they ask; the file's kind is that of most of them.</summary>
internal sealed class RowByRow(IExchangeFormat format, ImmutableArray<JsonObject> rows) : ILabelFile
{
    public ProjectKind Kind { get; } =
        rows.Select(r => KindOrNull(format, r)).OfType<ProjectKind>().CountBy(k => k).MaxBy(k => k.Value).Key;

    public IEnumerable<ReadRow> Read(JsonObject row, FormatContext context) =>
        format.KindOf(row) is var kind && kind != Kind
            ? throw new RowException("", $"asks for {kind}; most rows ask for {Kind}")
            : format.Read(row, context);

    private static ProjectKind? KindOrNull(IExchangeFormat format, JsonObject row)
    {
        try
        {
            return format.KindOf(row);
        }
        catch (Exception problem) when (problem is InvalidOperationException or ArgumentException or RowException)
        {
            // The row is left out when it is read.
            return null;
        }
    }
}

/// <summary>A row that is well formed but cannot be used.</summary>
/// <param name="reason">Completes "left out because ...".</param>
internal sealed class DroppedRowException(string reason) : Exception(reason);

/// <summary>An error in a row: the field, what was found, what was expected.</summary>
internal sealed class RowException(string field, string problem) : Exception(problem)
{
    public string Field { get; } = field;
}
