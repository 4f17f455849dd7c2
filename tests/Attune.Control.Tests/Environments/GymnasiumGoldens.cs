using System.Text.Json;
using Attune.Testing;

namespace Attune.Control.Tests.Environments;

/// <summary>Resets and transitions that Gymnasium 1.3.0 itself wrote; tests skip where they are absent.</summary>
internal static class GymnasiumGoldens
{
    public static JsonElement Read(string name)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(SharedData.Require($"golden/gymnasium/{name}.json")));
        return document.RootElement.Clone();
    }

    public static double[] Numbers(JsonElement element) => [.. element.EnumerateArray().Select(e => e.GetDouble())];

    public static float[] Singles(JsonElement element) => [.. element.EnumerateArray().Select(e => (float)e.GetDouble())];
}
