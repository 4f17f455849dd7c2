using System.Text.Json;
using System.Text.Json.Nodes;
using Attune.Data.Sources;

namespace Attune.Feedback.Formats;

/// <summary>Reads fields of a row, and keeps its frame: what is left of the row once the store holds the rest.</summary>
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
                : throw new RowException(field, $"found {ValueDescription.Of(node)}; expected a text.");
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
            : throw new RowException(field, $"found {ValueDescription.Of(row[field])}; expected a number.");

    public static int Whole(this JsonNode? node, string field) =>
        node is JsonValue value && value.GetValueKind() == JsonValueKind.Number && value.TryGetValue<int>(out var number)
            ? number
            : throw new RowException(field, $"found {ValueDescription.Of(node)}; expected a whole number.");

    public static JsonObject Object(this JsonObject row, string field) =>
        row[field] as JsonObject ?? throw new RowException(field, $"found {ValueDescription.Of(row[field])}; expected an object.");

    public static JsonArray List(this JsonObject row, string field) =>
        row[field] as JsonArray ?? throw new RowException(field, $"found {ValueDescription.Of(row[field])}; expected a list.");

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
