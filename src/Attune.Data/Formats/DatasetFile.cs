using System.Collections.Immutable;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Attune.Core;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Data.Sources;

namespace Attune.Data.Formats;

/// <summary>
/// Data sets in files, as <see cref="RowSource"/> reads them. <c>docs/data-formats.md</c> shows every kind of row.
/// </summary>
public static class DatasetFile
{
    private static readonly JsonWriterOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>
    /// Reads all rows as <typeparamref name="T"/>: Document, Prompt, Demonstration, Preference, Verdict, StepLabels, Choice or Ranking.
    /// </summary>
    /// <param name="path">A file, a folder of files, a pattern, or <c>-</c> for standard input.</param>
    /// <param name="columns">Which columns stand for which fields, where the names are not known.</param>
    /// <exception cref="DataException">The file or a row is not as expected: the first ten errors, and how many more there
    /// are.</exception>
    public static LoadedData<T> Read<T>(string path, ColumnMap? columns = null)
    {
        var problems = new RowProblems(path);
        var source = RowSource.Read(path, problems, columns);
        var rows = source.Rows;
        if (rows.Count == 0)
        {
            problems.Throw();
        }

        var format = RowFormats.For<T>();
        var reading = Reading(path, rows, format, problems);
        foreach (var row in rows)
        {
            reading.Add(row);
        }

        problems.Throw();
        return reading.Result(source);
    }

    /// <summary>What kind of rows a file holds, what it was made for first; the same file may be read as several.</summary>
    /// <exception cref="DataException">The file cannot be read, or its rows fit no kind.</exception>
    public static ImmutableArray<DatasetKind> Kinds(string path, ColumnMap? columns = null)
    {
        var problems = new RowProblems(path);
        var rows = RowSource.Read(path, problems, columns).Rows;
        problems.Throw();
        return KindsOf(rows);
    }

    /// <summary>Reads all rows as one of the kinds that the file gives; language-modelling rows are documents or conversations.</summary>
    /// <exception cref="DataException">As for <see cref="Read"/>.</exception>
    public static LoadedData<object> ReadAs(DatasetKind kind, string path, ColumnMap? columns = null) =>
        kind switch
        {
            DatasetKind.LanguageModeling when HoldsTexts(path, columns) => Any(Read<Document>(path, columns)),
            DatasetKind.LanguageModeling or DatasetKind.PromptCompletion => Any(Read<Demonstration>(path, columns)),
            DatasetKind.PromptOnly => Any(Read<Prompt>(path, columns)),
            DatasetKind.Preference => Any(Read<Preference>(path, columns)),
            DatasetKind.UnpairedPreference => Any(Read<Verdict>(path, columns)),
            DatasetKind.Stepwise => Any(Read<StepLabels>(path, columns)),
            DatasetKind.Rating => Any(Read<Rating>(path, columns)),
            DatasetKind.Spans => Any(Read<SpanLabels>(path, columns)),
            DatasetKind.Choice => Any(Read<Choice>(path, columns)),
            _ => Any(Read<Ranking>(path, columns)),
        };

    /// <summary>The texts of every row, whatever its kind.</summary>
    /// <exception cref="DataException">As for <see cref="Read"/>.</exception>
    public static ImmutableArray<RowTexts> Texts(string path, ColumnMap? columns = null) =>
        [.. ReadAs(Kinds(path, columns)[0], path, columns).Items.Select(RowTexts.Of)];

    private static LoadedData<object> Any<T>(LoadedData<T> data) =>
        new([.. data.Items.Cast<object>()], data.Dropped, data.Notes, data.Sha256);

    private static ImmutableArray<DatasetKind> KindsOf(IReadOnlyList<JsonRow> rows) =>
        RowLayouts.Of(rows)?.Kinds ?? [RowFormats.Detect(rows[0]) ?? throw UnknownKind(rows[0])];

    /// <summary>The first of <see cref="Kinds"/>.</summary>
    /// <exception cref="DataException">As for <see cref="Kinds"/>.</exception>
    public static DatasetKind Detect(string path, ColumnMap? columns = null) => Kinds(path, columns)[0];

    /// <summary>Whether the rows are texts alone, to go on with; not conversations, and not prompts with answers.</summary>
    /// <exception cref="DataException">As for <see cref="Kinds"/>.</exception>
    public static bool HoldsTexts(string path, ColumnMap? columns = null)
    {
        var problems = new RowProblems(path);
        var rows = RowSource.Read(path, problems, columns).Rows;
        problems.Throw();
        var sample = ColumnSample.Of(rows);
        return sample.IsText("text") && !sample.Has("messages") && KindsOf(rows)[0] == DatasetKind.LanguageModeling;
    }

    /// <summary>Reads which columns stand for which fields.</summary>
    /// <exception cref="ConfigurationException">The text is no such list, or misspells a field.</exception>
    public static ColumnMap Columns(string text)
    {
        var map = ColumnMap.Parse(text);
        string[] known = [.. Enum.GetValues<DatasetKind>().SelectMany(k => RowFormats.Fields(k)).Distinct()];
        foreach (var field in map.Columns.Keys.Where(f => !known.Contains(f)))
        {
            // Others may be columns that a reward reads.
            if (Misspelling.Of(field, known, map.Columns.ContainsKey) is { } meant)
            {
                throw new ConfigurationException($"columns: '{field}' is not a field. Did you mean '{meant}'?");
            }
        }

        return map;
    }

    /// <summary>By a published layout where the rows have one that gives such records; else by Attune's own kinds of rows.</summary>
    private static RowCollector<T> Reading<T>(string path, IReadOnlyList<JsonRow> rows, IRowFormat<T> format, RowProblems problems)
    {
        var layout = RowLayouts.Of(rows);
        var own = rows.Count > 0 ? RowFormats.Detect(rows[0]) : null;
        // Prompts keep the other columns, for rewards.
        if (layout is null || (format.KeepsOtherFields && own is { } kind && format.Reads.Contains(kind) && HasPrompt(rows[0])))
        {
            CheckKind(path, format, own);
            return RowCollector<T>.Of(format, problems);
        }

        // A layout's texts are documents; only messages are demonstrations too.
        DatasetKind[] given =
        [
            .. layout.Kinds.Where(k =>
                k == format.Kind || (!format.KeepsOtherFields && k != DatasetKind.LanguageModeling && format.Reads.Contains(k))
            ),
        ];
        return given.Length > 0
            ? RowCollector<T>.Of(layout, given[0], problems)
            : throw new DataException(
                $"{path}: found {layout.Name}; expected {string.Join(" or ", format.Reads.Select(RowFormats.Describe))}."
            );
    }

    private static bool HasPrompt(JsonRow row) =>
        new[] { PromptField.Name, PromptRows.Question }.Any(n =>
            row.Fields.TryGetProperty(n, out var value) && value.ValueKind is JsonValueKind.String or JsonValueKind.Array
        );

    /// <summary>Writes rows that <see cref="Read"/> gives back equal: JSON lines, or one array where the name ends in .json.</summary>
    /// <exception cref="DataException">A text holds half a character, or a number is not finite: no file can hold them.</exception>
    public static void Write<T>(string path, IEnumerable<T> items)
    {
        RowFile.Write(path, [.. items.Select((item, index) => Row(item, path, index))]);
    }

    /// <summary>The fields of a row as files hold them, without its annotator: what the feedback store exports too.</summary>
    /// <exception cref="ArgumentException">A text holds half a character, or a number is not finite.</exception>
    public static JsonObject Fields<T>(T item) => JsonNode.Parse(Row(item, annotator: null))!.AsObject();

    private static byte[] Row<T>(T item, string path, int index)
    {
        try
        {
            return Row(item, (item as Label)?.Annotator);
        }
        catch (ArgumentException problem)
        {
            throw new DataException(
                $"{path}: row {index + 1} cannot be written: {problem.Message.TrimEnd('.')}. Expected whole characters and "
                    + "finite numbers; nothing was changed."
            );
        }
    }

    private static byte[] Row<T>(T item, string? annotator)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Compact))
        {
            json.WriteStartObject();
            RowFormats.For<T>().Write(json, item);
            if (annotator is not null)
            {
                json.WriteText("annotator", annotator);
            }
            json.WriteEndObject();
        }

        return buffer.ToArray();
    }

    private static void CheckKind<T>(string path, IRowFormat<T> format, DatasetKind? kind)
    {
        if (kind is { } found && !format.Reads.Contains(found))
        {
            throw new DataException(
                $"{path}: found {RowFormats.Describe(found)}; expected {string.Join(" or ", format.Reads.Select(RowFormats.Describe))}."
            );
        }
    }

    /// <summary>Argilla's and Label Studio's records: what was shown, and what people said of it.</summary>
    private static bool IsRecord(JsonRow row) =>
        (row.Fields.TryGetProperty("fields", out _) && row.Fields.TryGetProperty("responses", out _))
        || (row.Fields.TryGetProperty("data", out _) && row.Fields.TryGetProperty("annotations", out _));

    private static DataException UnknownKind(JsonRow row) =>
        new(
            $"{row.Origin.Path}, {row.Origin.Unit} {row.Number}: "
                + (
                    row.Fields.EnumerateObject().Any()
                        ? $"the fields {string.Join(", ", row.Fields.EnumerateObject().Select(f => f.Name))} fit no kind of row"
                        : "the row has no fields"
                )
                + (IsRecord(row) ? ". They look like an annotation tool's, which attune feedback import reads (docs/feedback.md)" : "")
                + ". Say which stand for which, e.g. --columns prompt=question,completion=reply; or rename them: expected "
                + $"{string.Join(", or ", Enum.GetValues<DatasetKind>().Select(RowFormats.Describe))}."
        );
}
