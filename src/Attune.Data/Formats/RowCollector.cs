using System.Collections.Immutable;
using Attune.Data.Sources;

namespace Attune.Data.Formats;

/// <summary>Collects the rows of one file: those used, those left out, and the fields that are not used.</summary>
/// <param name="kind">What the rows are, for messages.</param>
/// <param name="known">The columns that are read.</param>
/// <param name="keepsOthers">Whether other columns are kept in the records.</param>
/// <param name="read">A row's records, under the rules of <see cref="IRowFormat{T}.Read"/>.</param>
internal sealed class RowCollector<T>(
    string kind,
    ImmutableArray<string> known,
    bool keepsOthers,
    Func<RowFields, IEnumerable<T>> read,
    RowProblems problems
)
{
    private readonly ImmutableArray<T>.Builder _items = ImmutableArray.CreateBuilder<T>();
    private readonly List<string> _dropped = [];
    private readonly SortedDictionary<string, int> _ignored = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, int> _kept = new(StringComparer.Ordinal);

    public static RowCollector<T> Of(IRowFormat<T> format, RowProblems problems) =>
        new(
            RowFormats.Describe(format.Kind),
            [.. format.Reads.SelectMany(k => RowFormats.Fields(k)).Distinct()],
            format.KeepsOtherFields,
            row => [format.Read(row)],
            problems
        );

    public static RowCollector<T> Of(LaidOut layout, DatasetKind kind, RowProblems problems) =>
        new(layout.Name, layout.Columns, false, row => layout.Read(row, kind).Cast<T>(), problems);

    public void Add(JsonRow row)
    {
        var fields = new RowFields(row.Fields, (field, problem) => problems.Add(row, field, problem), row.Origin.Texts);
        CheckNames(row, fields);
        T[] items = [.. read(fields)];
        if (fields.Failed)
        {
            return;
        }

        _dropped.AddRange(fields.LeftOut);
        foreach (var unread in fields.Unread)
        {
            Count(_ignored, unread);
        }

        if (fields.DropReason is { } reason)
        {
            _dropped.Add(reason);
        }
        else
        {
            _items.AddRange(items);
        }
    }

    public LoadedData<T> Result(SourceRows source) =>
        new(
            _items.ToImmutable(),
            DroppedRows.Of(_dropped),
            [
                .. source.Notes,
                .. WrongEncoding.Note(_items.ToImmutable()) is { } note ? [note] : Array.Empty<string>(),
                .. Listed("not used", _ignored, source.Rows.Count),
                .. Listed("kept for rewards to read", _kept, source.Rows.Count),
            ],
            source.Sha256
        );

    private void CheckNames(JsonRow row, RowFields fields)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var field in row.Fields.EnumerateObject())
        {
            if (!seen.Add(field.Name))
            {
                fields.Fail(field.Name, "appears twice in one row; expected once.");
            }
            else if (known.Contains(field.Name))
            {
                continue;
            }
            else if (keepsOthers)
            {
                Count(_kept, field.Name);
            }
            else if (Misspelling.Of(field.Name, known, fields.Has) is { } meant)
            {
                fields.Fail(field.Name, $"not a field of {kind}. Did you mean '{meant}', which is missing?");
            }
            else
            {
                Count(_ignored, field.Name);
            }
        }
    }

    private static IEnumerable<string> Listed(string what, SortedDictionary<string, int> counts, int rows) =>
        counts.Count == 0
            ? []
            : [$"{what}: {string.Join(", ", counts.Select(f => f.Value == rows ? f.Key : $"{f.Key} (in {f.Value} of {rows} rows)"))}"];

    private static void Count(SortedDictionary<string, int> counts, string field) => counts[field] = counts.GetValueOrDefault(field) + 1;
}
