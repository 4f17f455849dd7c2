using System.Text.Json;

namespace Attune.Testing;

/// <summary>
/// Inputs and results that other implementations' own tests publish, each with its source in the file. Not part of the project:
/// tests that need them skip where they are absent.
/// </summary>
public static class PublishedVectors
{
    /// <summary>One case; skips the running test where the file is absent.</summary>
    public static JsonElement Case(string name)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(SharedData.Require("golden/published_vectors.json")));
        return document.RootElement.GetProperty(name).Clone();
    }

    public static double[] Numbers(this JsonElement vector) => [.. vector.EnumerateArray().Select(n => n.GetDouble())];

    public static double[][] Rows(this JsonElement matrix) => [.. matrix.EnumerateArray().Select(Numbers)];
}
