using System.Collections.Immutable;
using System.Text.Json;
using Attune.Core;

namespace Attune.Data.Sources;

/// <summary>Which columns of a file stand for which fields: <c>prompt=question,chosen=answer_a</c>.</summary>
/// <param name="Columns">The column of each field.</param>
public sealed record ColumnMap(ImmutableSortedDictionary<string, string> Columns)
{
    private const string Expected = "expected FIELD=COLUMN pairs, e.g. prompt=question,chosen=answer_a";

    /// <exception cref="ConfigurationException">The text is no such list.</exception>
    public static ColumnMap Parse(string text)
    {
        var columns = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (var pair in text.Split(',', StringSplitOptions.TrimEntries))
        {
            if (pair.Split('=', 2, StringSplitOptions.TrimEntries) is not [{ Length: > 0 } field, { Length: > 0 } column])
            {
                throw new ConfigurationException($"columns: found '{pair}'; {Expected}.");
            }

            if (!columns.TryAdd(field, column))
            {
                throw new ConfigurationException($"columns: '{field}' is given twice; {Expected}.");
            }
        }

        if (columns.Values.GroupBy(c => c, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice)
        {
            throw new ConfigurationException($"columns: the column '{twice.Key}' is given to two fields; expected one.");
        }

        return new ColumnMap(columns.ToImmutable());
    }

    public override string ToString() => string.Join(',', Columns.Select(c => $"{c.Key}={c.Value}"));

    /// <summary>
    /// The rows with those columns under the fields' names; a column that already has such a name gives way. A stage may read files that
    /// do not have all of the columns: prompts have no answers.
    /// </summary>
    /// <exception cref="DataException">A column is misspelt, or the file has none of them.</exception>
    internal List<JsonRow> Apply(IReadOnlyList<JsonRow> rows, string path)
    {
        var fields = Columns.ToDictionary(c => c.Value, c => c.Key, StringComparer.Ordinal);
        var found = rows.SelectMany(r => r.Fields.EnumerateObject().Select(f => f.Name)).ToHashSet(StringComparer.Ordinal);
        if (rows.Count > 0 && Columns.FirstOrDefault(c => IsMissing(c.Value, c.Key, found)) is { Key: not null } missing)
        {
            throw new DataException(
                $"{path}: no column '{missing.Value}', which --columns gives to {missing.Key}.{Suggestion.For(missing.Value, found)} "
                    + $"The file has {string.Join(", ", found.Order(StringComparer.Ordinal))}."
            );
        }

        // A column that has a field's name gives way only where the field has another column in this file.
        var given = Columns.Where(c => found.Contains(c.Value)).Select(c => c.Key).ToHashSet(StringComparer.Ordinal);
        using var buffer = new RowBuffer();
        var origins = rows.Select(r => r.Origin).Distinct().ToDictionary(o => o, o => Renamed(o, fields, given));
        return
        [
            .. rows.Select(row =>
                row with
                {
                    Fields = buffer.Make(json => Write(json, row.Fields, fields, given)),
                    Origin = origins[row.Origin],
                }
            ),
        ];
    }

    private static RowOrigin Renamed(RowOrigin origin, Dictionary<string, string> fields, HashSet<string> given) =>
        origin.Classes.IsEmpty
            ? origin
            : origin with
            {
                Classes = origin
                    .Classes.Where(c => IsKept(c.Key, fields, given))
                    .ToImmutableDictionary(c => fields.GetValueOrDefault(c.Key, c.Key), c => c.Value),
            };

    private static bool IsKept(string column, Dictionary<string, string> fields, HashSet<string> given) =>
        fields.ContainsKey(column) || !given.Contains(column);

    private bool IsMissing(string column, string field, HashSet<string> found) =>
        !found.Contains(column)
        && (Columns.Values.All(c => !found.Contains(c)) || (!found.Contains(field) && Suggestion.For(column, found).Length > 0));

    private static void Write(Utf8JsonWriter json, JsonElement row, Dictionary<string, string> fields, HashSet<string> given)
    {
        json.WriteStartObject();
        foreach (var field in row.EnumerateObject())
        {
            if (IsKept(field.Name, fields, given))
            {
                json.WritePropertyName(fields.GetValueOrDefault(field.Name, field.Name));
                field.Value.WriteTo(json);
            }
        }

        json.WriteEndObject();
    }
}
