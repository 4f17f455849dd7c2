using System.Collections.Immutable;
using System.Globalization;
using Attune.Models.Configuration;
using Attune.Models.Weights;

namespace Attune.Models.Gguf;

/// <summary>One tensor of a GGUF file and the rows of a model's parameter that it is.</summary>
/// <param name="Name">As in "blk.0.attn_q.weight".</param>
/// <param name="Slot">Attune's parameter.</param>
/// <param name="FirstRow">Where in it.</param>
/// <param name="Shape">Rows first. Computed, not taken from a model: a header that lies must not make us allocate what it claims.</param>
/// <param name="TurnedHeads">Heads whose rows change from rotate-half to neighbouring pairs; 0 for none.</param>
internal sealed record GgufPart(string Name, string Slot, long FirstRow, ImmutableArray<long> Shape, int TurnedHeads = 0)
{
    internal long Rows => Shape[0];

    /// <summary>
    /// Matrices that stand one after another in the file's tensor: a layer's experts, [Stacked, ...Shape]; 0 for one alone.
    /// </summary>
    internal int Stacked { get; init; }

    /// <summary>Which of them this is.</summary>
    internal int Index { get; init; }

    /// <summary>Of the file's whole tensor.</summary>
    internal ImmutableArray<long> FileShape => Stacked == 0 ? Shape : [Stacked, .. Shape];

    /// <summary>llama.cpp takes a bias that a file does not have for zero; GPT-2's and GPT-NeoX's have them all.</summary>
    internal bool IsOptional { get; init; }

    /// <summary>All tensors that fill a model of this shape.</summary>
    internal static IEnumerable<GgufPart> Of(TransformerConfig config) =>
        HuggingFaceTensor.Of(config, HeadKind.Language).Select(t => Of(config, t));

    private static GgufPart Of(TransformerConfig config, HuggingFaceTensor tensor)
    {
        var (slot, kind) = (tensor.Slot, tensor.Slot.EndsWith(".bias", StringComparison.Ordinal) ? "bias" : "weight");
        var module = ModuleOf(tensor.Name);
        var (place, expert) = slot.Split('.') switch
        {
            ["layers", var layer, "experts", var index, var part, _] => ($"blk.{layer}.{NameOf(part, module)}_exps", index),
            ["layers", var layer, var part, _] => ($"blk.{layer}.{NameOf(part, module)}", null),
            var other => (NameOf(other[0], module), null),
        };
        var heads = GgufArchitecture.Turns(config)
            ? module switch
            {
                "q_proj" => config.Heads,
                "k_proj" => config.KeyValueHeads,
                _ => 0,
            }
            : 0;
        return new($"{place}.{kind}", slot, tensor.FirstRow, tensor.Transposed ? [.. tensor.Shape.Reverse()] : tensor.Shape, heads)
        {
            IsOptional = kind == "bias" && config.Norm == NormKind.RmsNorm,
            Stacked = expert is null ? 0 : config.Experts!.Count,
            Index = expert is null ? 0 : int.Parse(expert, CultureInfo.InvariantCulture),
        };
    }

    /// <summary>What llama.cpp calls a part of a layer, or of what lies around the layers.</summary>
    /// <param name="module">The end of Hugging Face's name: it tells the parts of a joint matrix apart.</param>
    private static string NameOf(string part, string module) =>
        (part, module) switch
        {
            ("qkv", "q_proj") => "attn_q",
            ("qkv", "k_proj") => "attn_k",
            ("qkv", "v_proj") => "attn_v",
            ("qkv", _) => "attn_qkv",
            ("up", "gate_proj" or "w1") => "ffn_gate",
            ("up", _) => "ffn_up",
            ("down", _) => "ffn_down",
            ("router", _) => "ffn_gate_inp",
            ("out", _) => "attn_output",
            ("queryNorm", _) => "attn_q_norm",
            ("keyNorm", _) => "attn_k_norm",
            ("norm1", _) => "attn_norm",
            ("norm1After", _) => "post_attention_norm",
            ("norm2", _) => "ffn_norm",
            ("norm2After", _) => "post_ffw_norm",
            ("norm", _) => "output_norm",
            ("tokens", _) => "token_embd",
            ("positions", _) => "position_embd",
            ("head", _) => "output",
            _ => throw new InvalidOperationException($"{part} has no name in GGUF."),
        };

    private static string ModuleOf(string name) => name.Split('.') is { Length: > 1 } parts ? parts[^2] : name;
}
