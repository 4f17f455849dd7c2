using System.Text.Json;
using System.Text.Json.Nodes;
using Attune.Data.Sources;

namespace Attune.Feedback.Exchange;

/// <summary>Files that are one object: of columns, or of rows by their names, as Argilla's client writes them.</summary>
internal static class FileShapes
{
    public static (JsonRow Line, JsonObject Row)[] Rows(IReadOnlyList<JsonRow> lines) =>
        [.. (lines.Count == 1 ? Split(lines[0]) : Numbered(lines)).Select(l => (l, JsonObject.Create(l.Fields)!))];

    /// <summary>Of an array on one line, as tools write it, the rows are counted, because the line would tell nothing.</summary>
    private static IEnumerable<JsonRow> Numbered(IReadOnlyList<JsonRow> lines) =>
        lines.Select(l => (l.Origin.Path, l.Number)).Distinct().Count() == lines.Count
            ? lines
            : lines.Select((l, i) => l with { Number = i + 1, Origin = l.Origin with { Unit = "row" } });

    private static List<JsonRow> Split(JsonRow only)
    {
        JsonProperty[] parts = [.. only.Fields.EnumerateObject()];
        if (parts.Length > 0 && parts.All(p => IsRecord(p.Value)))
        {
            return
            [
                .. parts.Select((p, i) => only with { Number = i + 1, Fields = p.Value, Origin = only.Origin with { Unit = "record" } }),
            ];
        }
        return IsColumns(parts) ? Columns(only, parts) : [only];
    }

    private static bool IsRecord(JsonElement value) =>
        value.ValueKind == JsonValueKind.Object
        && (value.TryGetProperty("fields", out _) || (value.TryGetProperty("id", out _) && value.TryGetProperty("status", out _)));

    private static bool IsColumns(JsonProperty[] parts) =>
        parts.Length > 1
        && parts.Any(p => p.Name == "id")
        && parts.All(p => p.Value.ValueKind == JsonValueKind.Array)
        && parts.Select(p => p.Value.GetArrayLength()).Distinct().Count() == 1;

    private static List<JsonRow> Columns(JsonRow only, JsonProperty[] columns)
    {
        var rows = new List<JsonRow>();
        for (var i = 0; i < columns[0].Value.GetArrayLength(); i++)
        {
            var row = new JsonObject(columns.Select(c => KeyValuePair.Create(c.Name, JsonNode.Parse(c.Value[i].GetRawText()))));
            rows.Add(
                only with
                {
                    Number = i + 1,
                    Fields = JsonSerializer.SerializeToElement(row),
                    Origin = only.Origin with { Unit = "row" },
                }
            );
        }

        return rows;
    }
}
