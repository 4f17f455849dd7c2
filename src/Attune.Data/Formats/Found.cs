using System.Text.Json;

namespace Attune.Data.Formats;

/// <summary>How error messages name what was found.</summary>
internal static class Found
{
    public static string Kind(JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.String => "a text",
            JsonValueKind.Number => $"the number {Short(value.GetRawText())}",
            JsonValueKind.True => "true",
            JsonValueKind.False => "false",
            JsonValueKind.Null => "null",
            JsonValueKind.Array => $"a list of {value.GetArrayLength()}",
            JsonValueKind.Object => "an object",
            _ => "nothing",
        };

    public static string Short(string text) => text.Length <= 40 ? text : text[..37] + "...";
}
