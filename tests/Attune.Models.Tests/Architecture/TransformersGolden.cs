using System.Text.Json;
using Attune.Models.Architecture;

namespace Attune.Models.Tests.Architecture;

/// <summary>Logits as transformers gives them: the highest at each position.</summary>
internal static class TransformersGolden
{
    /// <summary>The largest gap between a model's logits and the recorded ones.</summary>
    /// <param name="golden">With "positions", each of which has "ids" and "logits".</param>
    public static double Furthest(LanguageModel model, int[] tokens, JsonElement golden)
    {
        var logits = TinyModels.Logits(model, tokens);
        var furthest = 0.0;
        foreach (var (position, entry) in golden.GetProperty("positions").EnumerateArray().Index())
        {
            var (ids, values) = (entry.GetProperty("ids").Deserialize<int[]>()!, entry.GetProperty("logits").Deserialize<double[]>()!);
            furthest = Math.Max(
                furthest,
                ids.Zip(values, (id, value) => Math.Abs(logits[position * model.Config.VocabularySize + id] - value)).Max()
            );
        }

        return furthest;
    }
}
