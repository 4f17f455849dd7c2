using System.Collections.Immutable;
using Attune.Models.Configuration;

namespace Attune.Models.Weights;

/// <summary>What follows the trunk.</summary>
public enum HeadKind
{
    /// <summary>Logits over the vocabulary.</summary>
    Language,

    /// <summary>One number per token, "score.weight".</summary>
    Score,

    /// <summary>Scores of a few classes per token, "score.weight" and "score.bias".</summary>
    Classes,
}

/// <summary>
/// The order of all parameters: embeddings, layers from the lowest to the highest, last norm, head. A frozen lower part is
/// therefore one range at the start, and what is trained one range at the end.
/// </summary>
public static class ParameterLayout
{
    private const int Alignment = 32;

    /// <summary>The linear maps of a layer.</summary>
    internal static IEnumerable<string> Maps(TransformerConfig config, int layer) =>
        config.HasExperts(layer)
            ? ["qkv", "out", "router", .. Enumerable.Range(0, config.Experts!.Count).SelectMany(ExpertMaps)]
            : ["qkv", "out", "up", "down"];

    private static string[] ExpertMaps(int expert) => [$"experts.{expert}.up", $"experts.{expert}.down"];

    /// <summary>Slots in order, for a model of this shape.</summary>
    /// <param name="classes">of a head of classes</param>
    public static ImmutableArray<ParameterSlot> Of(TransformerConfig config, HeadKind head, int classes = 0) =>
        Packed(Shapes(config, head, classes));

    /// <summary>
    /// Those of the matrices inside the layers: what a quantised base keeps elsewhere. Routers, which are small, stay as they are: a
    /// rounding there picks other experts.
    /// </summary>
    internal static bool IsQuantizable(ParameterSlot slot) =>
        slot.IsMatrix
        && slot.Name.StartsWith("layers.", StringComparison.Ordinal)
        && !slot.Name.EndsWith(".router.weight", StringComparison.Ordinal);

    /// <summary>Slots one after another, each at a multiple of 32.</summary>
    internal static ImmutableArray<ParameterSlot> Packed(IEnumerable<(string Name, ImmutableArray<long> Shape)> shapes)
    {
        var slots = ImmutableArray.CreateBuilder<ParameterSlot>();
        var next = 0L;
        foreach (var (name, shape) in shapes)
        {
            var slot = new ParameterSlot(name, next, shape);
            slots.Add(slot);
            next = checked(slot.Offset + (slot.Length + Alignment - 1) / Alignment * Alignment);
        }

        return slots.ToImmutable();
    }

    /// <summary>Elements of a flat tensor that holds these slots.</summary>
    public static long TotalLength(ImmutableArray<ParameterSlot> slots) =>
        (slots[^1].Offset + slots[^1].Length + Alignment - 1) / Alignment * Alignment;

    private static IEnumerable<(string Name, ImmutableArray<long> Shape)> Shapes(TransformerConfig config, HeadKind head, int classes)
    {
        yield return ("tokens", [config.VocabularySize, config.Width]);
        if (config.Positions == PositionKind.Learned)
        {
            yield return ("positions", [config.ContextLength, config.Width]);
        }

        for (var layer = 0; layer < config.Layers; layer++)
        {
            foreach (var (name, shape) in LayerShapes(config, layer))
            {
                yield return ($"layers.{layer}.{name}", shape);
            }
        }

        foreach (var part in NormShapes(config, "norm"))
        {
            yield return part;
        }

        if (head == HeadKind.Score)
        {
            yield return ("score", [1, config.Width]);
        }
        else if (head == HeadKind.Classes)
        {
            yield return ("score", [classes, config.Width]);
            yield return ("score.bias", [classes]);
        }
        else if (!config.TiedHead)
        {
            yield return ("head", [config.VocabularySize, config.Width]);
        }
    }

    private static IEnumerable<(string Name, ImmutableArray<long> Shape)> LayerShapes(TransformerConfig config, int layer)
    {
        var others = config.Biases == BiasKind.All;
        return
        [
            .. BranchNorm("norm1", after: false),
            .. LinearShapes("qkv", config.QueryWidth + 2 * config.KeyValueWidth, config.Width, config.Biases != BiasKind.None),
            .. HeadNormShapes(config),
            .. config.AttentionSinks ? new (string, ImmutableArray<long>)[] { ("sinks.bias", [config.Heads]) } : [],
            .. LinearShapes("out", config.Width, config.QueryWidth, others || config.Biases == BiasKind.Attention),
            .. BranchNorm("norm1After", after: true),
            .. BranchNorm("norm2", after: false),
            .. config.HasExperts(layer) ? ExpertShapes(config) : FeedForwardShapes(config, "", config.HiddenWidth, others),
            .. BranchNorm("norm2After", after: true),
        ];

        (string, ImmutableArray<long>)[] BranchNorm(string name, bool after) =>
            config.NormPlacement == (after ? NormPlacement.Before : NormPlacement.After) ? [] : NormShapes(config, name);
    }

    private static IEnumerable<(string, ImmutableArray<long>)> FeedForwardShapes(
        TransformerConfig config,
        string prefix,
        long hidden,
        bool biased
    ) =>
        [
            .. LinearShapes(prefix + "up", (config.IsGated ? 2 : 1) * hidden, config.Width, biased),
            .. LinearShapes(prefix + "down", config.Width, hidden, biased),
        ];

    private static IEnumerable<(string, ImmutableArray<long>)> ExpertShapes(TransformerConfig config) =>
        [
            .. LinearShapes("router", config.Experts!.Count, config.Width, config.Experts.IsBiased),
            .. Enumerable
                .Range(0, config.Experts.Count)
                .SelectMany(i => FeedForwardShapes(config, $"experts.{i}.", config.Experts.HiddenWidth, config.Experts.IsBiased)),
        ];

    private static (string, ImmutableArray<long>)[] LinearShapes(string name, long output, long input, bool biased) =>
        biased ? [($"{name}.weight", [output, input]), ($"{name}.bias", [output])] : [($"{name}.weight", [output, input])];

    private static (string, ImmutableArray<long>)[] HeadNormShapes(TransformerConfig config) =>
        config.WholeQueryKeyNorm ? [("queryNorm.weight", [config.QueryWidth]), ("keyNorm.weight", [config.KeyValueWidth])]
        : config.QueryKeyNorm ? [("queryNorm.weight", [config.HeadWidth]), ("keyNorm.weight", [config.HeadWidth])]
        : [];

    private static (string, ImmutableArray<long>)[] NormShapes(TransformerConfig config, string name) =>
        config.Norm == NormKind.LayerNorm
            ? [($"{name}.weight", [config.Width]), ($"{name}.bias", [config.Width])]
            : [($"{name}.weight", [config.Width])];
}
