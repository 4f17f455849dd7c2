using System.Collections.Immutable;
using System.Text.Json;

namespace Attune.Data.Sources;

/// <summary>
/// Names of the numbers in columns of classes. Hugging Face's datasets writes such a column (ClassLabel) as whole numbers; which class a
/// number stands for is only in the table's metadata, under "huggingface": {"info": {"features": {COLUMN: {"names": [...]}}}}.
/// </summary>
internal static class ClassNames
{
    private const string Key = "huggingface";

    /// <returns>For each column of classes its names, by number; empty where there is none.</returns>
    public static ImmutableDictionary<string, ImmutableArray<string>> Of(IReadOnlyDictionary<string, string>? metadata)
    {
        if (metadata?.GetValueOrDefault(Key) is not { } text)
        {
            return ImmutableDictionary<string, ImmutableArray<string>>.Empty;
        }

        try
        {
            using var document = JsonDocument.Parse(text);
            return document
                .RootElement.GetProperty("info")
                .GetProperty("features")
                .EnumerateObject()
                .Where(f => f.Value.ValueKind == JsonValueKind.Object && f.Value.TryGetProperty("names", out _))
                .ToImmutableDictionary(f => f.Name, f => Names(f.Value.GetProperty("names")));
        }
        // The table can be read without.
        catch (Exception problem) when (problem is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return ImmutableDictionary<string, ImmutableArray<string>>.Empty;
        }
    }

    private static ImmutableArray<string> Names(JsonElement names) => [.. names.EnumerateArray().Select(n => n.GetString() ?? "")];
}
