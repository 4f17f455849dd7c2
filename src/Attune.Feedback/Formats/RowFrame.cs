using System.Text.Json;
using System.Text.Json.Nodes;

namespace Attune.Feedback.Formats;

/// <summary>Reading fields of a row, and the frame that is left of it.</summary>
internal static class RowFrame
{
    private const string Key = "frame";

    /// <summary>Keeps what is left of a row under the format's name.</summary>
    public static JsonObject Keep(string format, JsonNode? frame) => new() { ["format"] = format, [Key] = frame };

    /// <summary>A copy of the frame this format left; null where there is none.</summary>
    public static JsonObject? Of(JsonObject? extras, string format) =>
        extras?["format"] is JsonValue name && name.GetValue<string>() == format ? extras[Key]?.DeepClone().AsObject() : null;

    public static string Text(this JsonObject row, string field) => row[field].AsText(field);

    public static string? TextOrNull(this JsonObject row, string field) => row[field] is null ? null : row.Text(field);

    public static string AsText(this JsonNode? node, string field)
    {
        try
        {
            return node is JsonValue value && value.GetValueKind() == JsonValueKind.String
                ? value.GetValue<string>()
                : throw new RowException(field, $"found {Kind(node)}; expected a text.");
        }
        catch (InvalidOperationException)
        {
            throw new RowException(
                field,
                "found half a character, a \\ud800 to \\udfff escape without its partner; expected whole characters."
            );
        }
    }

    public static double Number(this JsonObject row, string field) =>
        row[field] is JsonValue value && value.GetValueKind() == JsonValueKind.Number
            ? value.GetValue<double>()
            : throw new RowException(field, $"found {Kind(row[field])}; expected a number.");

    public static int Whole(this JsonNode? node, string field) =>
        node is JsonValue value && value.GetValueKind() == JsonValueKind.Number && value.TryGetValue<int>(out var number)
            ? number
            : throw new RowException(field, $"found {Kind(node)}; expected a whole number.");

    public static JsonObject Object(this JsonObject row, string field) =>
        row[field] as JsonObject ?? throw new RowException(field, $"found {Kind(row[field])}; expected an object.");

    public static JsonArray List(this JsonObject row, string field) =>
        row[field] as JsonArray ?? throw new RowException(field, $"found {Kind(row[field])}; expected a list.");

    public static string Kind(JsonNode? node) =>
        node?.GetValueKind() switch
        {
            null or JsonValueKind.Null or JsonValueKind.Undefined => "nothing",
            JsonValueKind.Array => $"a list of {node.AsArray().Count}",
            JsonValueKind.Object => "an object",
            JsonValueKind.String => "a text",
            JsonValueKind.Number => $"the number {node.ToJsonString()}",
            _ => node.ToJsonString(),
        };

    /// <summary>Empties a field whose content the store holds, and leaves its place.</summary>
    public static void Empty(this JsonObject row, params ReadOnlySpan<string> fields)
    {
        foreach (var field in fields)
        {
            if (row.ContainsKey(field))
            {
                row[field] = null;
            }
        }
    }
}
