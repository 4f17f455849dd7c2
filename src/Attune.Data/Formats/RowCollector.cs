using System.Collections.Immutable;
using Attune.Core;

namespace Attune.Data.Formats;

/// <summary>Collects the rows of one file: those used, those left out, and the fields that are not used.</summary>
internal sealed class RowCollector<T>(IRowFormat<T> format, RowProblems problems)
{
    private readonly ImmutableArray<T>.Builder _items = ImmutableArray.CreateBuilder<T>();
    private readonly List<string> _dropped = [];
    private readonly SortedDictionary<string, int> _ignored = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, int> _kept = new(StringComparer.Ordinal);
    private readonly ImmutableArray<string> _known = [.. format.Reads.SelectMany(kind => RowFormats.Fields(kind)).Distinct()];

    public void Add(JsonRow row)
    {
        var fields = new RowFields(row.Fields, (field, problem) => problems.Add(row.Line, field, problem));
        CheckNames(row, fields);
        var item = format.Read(fields);
        if (fields.Failed)
        {
            return;
        }
        if (fields.DropReason is { } reason)
        {
            _dropped.Add(reason);
        }
        else
        {
            _items.Add(item);
        }
    }

    public LoadedData<T> Result(string sha256) =>
        new(
            _items.ToImmutable(),
            DroppedRows.Of(_dropped),
            [
                .. _ignored.Select(f => $"field \"{f.Key}\" of {f.Value} rows is not used"),
                .. _kept.Select(f => $"field \"{f.Key}\" of {f.Value} rows is a column that rewards can read"),
            ],
            sha256
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
            else if (_known.Contains(field.Name))
            {
                continue;
            }
            else if (format.KeepsOtherFields)
            {
                _kept[field.Name] = _kept.GetValueOrDefault(field.Name) + 1;
            }
            else if (RowFormats.Ignored.Contains(field.Name))
            {
                _ignored[field.Name] = _ignored.GetValueOrDefault(field.Name) + 1;
            }
            else
            {
                fields.Fail(
                    field.Name,
                    $"not a field of {RowFormats.Describe(format.Kind)}.{Suggestion.For(field.Name, _known)} Remove it, or move "
                        + "it into \"metadata\"."
                );
            }
        }
    }
}
