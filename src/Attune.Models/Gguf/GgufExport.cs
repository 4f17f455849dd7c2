using System.Collections.Immutable;
using Attune.Core;
using Attune.Models.Architecture;
using Attune.Models.Configuration;
using Attune.Models.Weights;
using Attune.Text.Gguf;
using Attune.Text.Tokenizers;
using static TorchSharp.torch;

namespace Attune.Models.Gguf;

/// <summary>Writes a language model for llama.cpp, in one GGUF file with its tokenizer.</summary>
public static class GgufExport
{
    // llama_ftype: F32, mostly F16, mostly Q4_0, Q4_1 and Q8_0, mostly BF16.
    private static readonly Dictionary<GgufType, uint> FileTypes = new()
    {
        [GgufType.F32] = 0,
        [GgufType.F16] = 1,
        [GgufType.Q40] = 2,
        [GgufType.Q41] = 3,
        [GgufType.Q8] = 7,
        [GgufType.BF16] = 32,
    };

    /// <param name="type">Of matrices; vectors and learned positions stay in 32 bits, matrices that no blocks fit take F16 in place of
    /// blocks, and embeddings and head take Q8 in place of 4 bits.</param>
    /// <param name="tokenizer">Null for a model without text, such as one to measure.</param>
    /// <param name="chatTemplate">The model's own, which llama.cpp reads too; null for none.</param>
    /// <exception cref="AttuneException">The tokenizer or the architecture is of a kind that this export does not know.</exception>
    public static void Write(
        LanguageModel model,
        ITokenizer? tokenizer,
        string path,
        string name,
        GgufType type,
        string? chatTemplate = null
    )
    {
        var config = model.Config;
        Require(config);
        var family = config.Family == "mistral" ? "llama" : config.Family;
        List<KeyValuePair<string, object>> fields =
        [
            new("general.architecture", family),
            new("general.name", name),
            new("general.file_type", FileTypes[type]),
            .. Shape(config, family),
            .. tokenizer is null ? [new("tokenizer.ggml.model", "no_vocab")] : GgufTokenizer.Fields(tokenizer, config),
            .. chatTemplate is null ? Array.Empty<KeyValuePair<string, object>>() : [new("tokenizer.chat_template", chatTemplate)],
        ];
        GgufWriter.Write(path, fields, [.. Tensors(model, type)]);
    }

    private static void Require(TransformerConfig config)
    {
        var missing =
            config.Family is not ("gpt2" or "llama" or "mistral" or "qwen2") ? $"the family {config.Family}"
            : config.RopeScaling is not null ? "scaled rotary positions (rope_scaling)"
            : config.Biases == BiasKind.Attention ? "biases of attention (attention_bias)"
            : config.QueryKeyNorm ? "norms of queries and keys"
            : config.HeadWidth * config.Heads != config.Width ? "heads of their own width (head_dim)"
            : config.EmbeddingScale != 1 || config.NormsLessOne ? "Gemma's embedding scale and norms"
            : null;
        if (missing is not null)
        {
            throw new AttuneException(
                $"GGUF export does not know {missing}; it writes GPT-2, Llama 1 and 2, Mistral and Qwen 2. Export in Hugging "
                    + "Face layout (--format hf) and convert that."
            );
        }
    }

    private static IEnumerable<KeyValuePair<string, object>> Shape(TransformerConfig config, string family)
    {
        KeyValuePair<string, object> Of(string key, object value) => new($"{family}.{key}", value);
        yield return Of("vocab_size", (uint)config.VocabularySize);
        // inside a window it changes nothing
        yield return Of("context_length", (uint)Math.Min(config.ContextLength, config.SlidingWindow ?? int.MaxValue));
        yield return Of("embedding_length", (uint)config.Width);
        yield return Of("feed_forward_length", (uint)config.HiddenWidth);
        yield return Of("block_count", (uint)config.Layers);
        yield return Of("attention.head_count", (uint)config.Heads);
        if (config.Norm == NormKind.LayerNorm)
        {
            yield return Of("attention.layer_norm_epsilon", (float)config.NormEpsilon);
            yield break;
        }

        yield return Of("attention.head_count_kv", (uint)config.KeyValueHeads);
        yield return Of("attention.layer_norm_rms_epsilon", (float)config.NormEpsilon);
        yield return Of("rope.freq_base", (float)config.RopeTheta);
        yield return Of("rope.dimension_count", (uint)config.HeadWidth);
    }

    private static IEnumerable<GgufTensor> Tensors(LanguageModel model, GgufType type)
    {
        foreach (var part in Parts(model.Config))
        {
            var shape = model.Weights[part.Slot].shape;
            var rows = part.Rows ?? shape[0];
            ImmutableArray<long> wanted = shape.Length == 1 ? [rows] : [rows, shape[1]];
            yield return new GgufTensor(part.Name, wanted, TypeOf(part, shape, type), () => Values(model.Weights, part, rows));
        }
    }

    private static GgufType TypeOf(Part part, long[] shape, GgufType type) =>
        shape.Length == 1 || part.Slot == "positions" ? GgufType.F32
        : type.BlockLength() == 1 ? type
        : shape[1] % type.BlockLength() != 0 ? GgufType.F16
        // The vocabulary's matrix decides between near tokens: 4 bits would show in what is drawn.
        : part.Slot is "tokens" or "head" ? GgufType.Q8
        : type;

    /// <param name="Rows">Rows of the slot; null for all.</param>
    /// <param name="TurnedHeads">Heads whose rows change from rotate-half to neighbouring pairs; 0 for none.</param>
    internal sealed record Part(string Name, string Slot, long FirstRow = 0, long? Rows = null, int TurnedHeads = 0);

    internal static IEnumerable<Part> Parts(TransformerConfig config)
    {
        yield return new("token_embd.weight", "tokens");
        if (config.Positions == PositionKind.Learned)
        {
            yield return new("position_embd.weight", "positions");
        }

        for (var i = 0; i < config.Layers; i++)
        {
            foreach (
                var (file, slot) in new[] { ("attn_norm", "norm1"), ("attn_output", "out"), ("ffn_norm", "norm2"), ("ffn_down", "down") }
            )
            {
                foreach (var part in WithBias($"blk.{i}.{file}", $"layers.{i}.{slot}", config))
                {
                    yield return part;
                }
            }

            foreach (var part in config.Family == "gpt2" ? Joint(config, i) : Split(config, i))
            {
                yield return part;
            }
        }

        foreach (var part in WithBias("output_norm", "norm", config))
        {
            yield return part;
        }

        if (!config.TiedHead)
        {
            yield return new("output.weight", "head");
        }
    }

    private static IEnumerable<Part> WithBias(string file, string slot, TransformerConfig config) =>
        config.Family == "gpt2"
            ? [new($"{file}.weight", $"{slot}.weight"), new($"{file}.bias", $"{slot}.bias")]
            : [new($"{file}.weight", $"{slot}.weight")];

    private static IEnumerable<Part> Joint(TransformerConfig config, int layer) =>
        [
            .. WithBias($"blk.{layer}.attn_qkv", $"layers.{layer}.qkv", config),
            .. WithBias($"blk.{layer}.ffn_up", $"layers.{layer}.up", config),
        ];

    private static IEnumerable<Part> Split(TransformerConfig config, int layer)
    {
        var (width, shared, hidden) = ((long)config.Width, (long)config.KeyValueWidth, (long)config.HiddenWidth);
        // llama.cpp turns neighbouring numbers together in its llama architecture, halves in its qwen2.
        var turned = config.Family is "llama" or "mistral";
        foreach (
            var (name, first, rows, heads) in new[]
            {
                ("q", 0L, width, config.Heads),
                ("k", width, shared, config.KeyValueHeads),
                ("v", width + shared, shared, 0),
            }
        )
        {
            yield return new($"blk.{layer}.attn_{name}.weight", $"layers.{layer}.qkv.weight", first, rows, turned ? heads : 0);
            if (config.Biases == BiasKind.QueryKeyValue)
            {
                yield return new($"blk.{layer}.attn_{name}.bias", $"layers.{layer}.qkv.bias", first, rows, turned ? heads : 0);
            }
        }

        yield return new($"blk.{layer}.ffn_gate.weight", $"layers.{layer}.up.weight", 0, hidden);
        yield return new($"blk.{layer}.ffn_up.weight", $"layers.{layer}.up.weight", hidden, hidden);
    }

    private static float[] Values(FlatParameters weights, Part part, long rows)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var taken = weights[part.Slot].narrow(0, part.FirstRow, rows);
        if (part.TurnedHeads > 0)
        {
            // Row i of a head's first half and row i of its second become rows 2i and 2i + 1.
            var inner = taken.dim() == 2 ? taken.shape[1] : 1;
            taken = taken.reshape(part.TurnedHeads, 2, rows / part.TurnedHeads / 2, inner).transpose(1, 2);
        }

        var plain = taken.to(ScalarType.Float32).cpu().contiguous();
        var values = new float[plain.numel()];
        plain.bytes.CopyTo(System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }
}
