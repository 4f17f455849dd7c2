using Attune.Models.Configuration;
using Attune.Models.Weights;
using static TorchSharp.torch;

namespace Attune.Models.Files;

/// <summary>
/// The order of an adapter's rows in files and in models, which differs where a file has each head's query, key and value together
/// (GPT-NeoX).
/// </summary>
internal sealed class AdapterRows(TransformerConfig config)
{
    private readonly Dictionary<string, HuggingFaceTensor> _maps = HuggingFaceTensor
        .Of(config, HeadKind.Language)
        .Where(t => t.TogetherHeads > 0 && t.Stacked == 0)
        .ToDictionary(t => PeftMerge.ModuleOf(t.Name) + (t.Shape.Length == 2 ? "" : ".bias"), StringComparer.Ordinal);

    /// <param name="slot">As in "gpt_neox.layers.0.attention.query_key_value.lora_B".</param>
    internal Tensor Apart(string slot, Tensor values) => MapOf(slot) is { } map ? map.Apart(values) : values;

    /// <summary>The opposite.</summary>
    internal Tensor Together(string slot, Tensor values) => MapOf(slot) is { } map ? map.Together(values) : values;

    /// <summary>A's rows are ranks, whose order is nobody's.</summary>
    private HuggingFaceTensor? MapOf(string slot) =>
        slot.EndsWith(".lora_A", StringComparison.Ordinal) || !slot.Contains('.', StringComparison.Ordinal)
            ? null
            : _maps.GetValueOrDefault(PeftMerge.ModuleOf(slot));
}
