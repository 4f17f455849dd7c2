using System.Text.Json;
using System.Text.Json.Nodes;

namespace Attune.Data.Sources;

/// <summary>What error messages call the JSON values that were found.</summary>
public static class ValueDescription
{
    private const int Longest = 40;

    public static string Of(JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.String => "a text",
            JsonValueKind.Number => $"the number {Shorten(value.GetRawText())}",
            JsonValueKind.True => "true",
            JsonValueKind.False => "false",
            JsonValueKind.Null => "null",
            JsonValueKind.Array => $"a list of {value.GetArrayLength()}",
            JsonValueKind.Object => "an object",
            _ => "nothing",
        };

    /// <summary>A node that is null stands for a field that is absent or null.</summary>
    public static string Of(JsonNode? node) =>
        node?.GetValueKind() switch
        {
            null or JsonValueKind.Null or JsonValueKind.Undefined => "nothing",
            JsonValueKind.Array => $"a list of {node.AsArray().Count}",
            JsonValueKind.Object => "an object",
            JsonValueKind.String => "a text",
            JsonValueKind.Number => $"the number {Shorten(node.ToJsonString())}",
            _ => node.ToJsonString(),
        };

    /// <summary>The text, or its beginning where it is longer than 40 characters.</summary>
    public static string Shorten(string text) => text.Length <= Longest ? text : text[..(Longest - 3)] + "...";
}
