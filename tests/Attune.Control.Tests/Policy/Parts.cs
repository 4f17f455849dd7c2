using System.Text.Json;
using Attune.Testing;

namespace Attune.Control.Tests.Policy;

/// <summary>What stable-baselines3's and imitation's own code computed from recorded inputs; tests skip where it is absent.</summary>
internal static class Parts
{
    public static JsonElement[] Of(string group)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(SharedData.Require("golden/control/parts.json")));
        return [.. document.RootElement.GetProperty(group).Clone().EnumerateArray()];
    }

    public static double[] Numbers(JsonElement element) => [.. element.EnumerateArray().Select(e => e.GetDouble())];

    public static double[][] Rows(JsonElement element) => [.. element.EnumerateArray().Select(Numbers)];

    /// <summary>A column of [step][environment].</summary>
    public static double[] Column(double[][] rows, int environment) => Array.ConvertAll(rows, r => r[environment]);

    /// <summary>Relative 1e-5 and absolute 1e-6, as the file asks: its numbers went through float32.</summary>
    public static void AssertClose(IEnumerable<double> expected, IEnumerable<double> actual)
    {
        double[] found = [.. actual];
        double[] wanted = [.. expected];
        Assert.Equal(wanted.Length, found.Length);
        Assert.All(wanted.Zip(found), pair => Assert.Equal(pair.First, pair.Second, 1e-5 * Math.Abs(pair.First) + 1e-6));
    }
}
