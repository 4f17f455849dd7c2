using System.Text.Json;

namespace Attune.Data.Formats;

/// <summary>Fields of objects within a row's values.</summary>
internal static class JsonPart
{
    /// <summary>The field; of kind Undefined where it is absent, or the value is no object.</summary>
    public static JsonElement Get(JsonElement value, string field) =>
        value.ValueKind == JsonValueKind.Object && value.TryGetProperty(field, out var part) ? part : default;
}
