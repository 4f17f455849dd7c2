using System.Collections.Immutable;
using System.Text.Json;
using Attune.Data.Sources;

namespace Attune.Data.Formats;

/// <summary>The columns of a file, by its first rows: their names, and of each the first value that is not null.</summary>
internal sealed class ColumnSample
{
    private const int Rows = 100;
    private readonly Dictionary<string, JsonElement> _values = new(StringComparer.Ordinal);
    private RowOrigin? _origin;

    public static ColumnSample Of(IEnumerable<JsonRow> rows)
    {
        var sample = new ColumnSample { _origin = rows.FirstOrDefault().Origin };
        foreach (var field in rows.Take(Rows).SelectMany(r => r.Fields.EnumerateObject()))
        {
            if (sample.Get(field.Name).ValueKind is JsonValueKind.Undefined or JsonValueKind.Null)
            {
                sample._values[field.Name] = field.Value;
            }
        }

        return sample;
    }

    public IEnumerable<string> Names => _values.Keys;

    /// <summary>The first value that is not null; null where all are; of kind Undefined where there is no such column.</summary>
    public JsonElement Get(string name) => _values.GetValueOrDefault(name);

    public bool Named(string name) => _values.ContainsKey(name);

    /// <summary>Whether the column is there, and not empty.</summary>
    public bool Has(string name) => Get(name).ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Null);

    /// <summary>Names of the classes that the column's numbers stand for; default where the file names none.</summary>
    public ImmutableArray<string> Classes(string name) => _origin?.Classes.GetValueOrDefault(name) ?? default;

    public bool IsText(string name) => Get(name).ValueKind == JsonValueKind.String;

    public bool IsObject(string name) => Get(name).ValueKind == JsonValueKind.Object;

    public bool IsFlag(string name) =>
        Get(name) is { ValueKind: JsonValueKind.True or JsonValueKind.False }
        || (
            Get(name) is { ValueKind: JsonValueKind.String } text
            && text.GetRawText().ToLowerInvariant() is "\"true\"" or "\"false\"" or "\"1\"" or "\"0\""
        );

    /// <summary>Whether the column holds lists of objects, as conversations are written.</summary>
    public bool IsMessages(string name) =>
        Get(name) is { ValueKind: JsonValueKind.Array } list
        && list.GetArrayLength() > 0
        && list.EnumerateArray().First().ValueKind == JsonValueKind.Object;

    /// <summary>The first of these names that a column of texts has; null for none.</summary>
    public string? FirstText(IEnumerable<string> names) => names.FirstOrDefault(IsText);
}
