using System.Collections.Immutable;
using Attune.Models.Configuration;

namespace Attune.Models.Weights;

/// <summary>One tensor as Hugging Face's files have it, and the rows of Attune's parameter that it holds.</summary>
/// <param name="Name">As in "model.layers.0.self_attn.q_proj.weight".</param>
/// <param name="Shape">In the file.</param>
/// <param name="Slot">Attune's parameter.</param>
/// <param name="FirstRow">Where in it: query, key and value share one matrix here, as do gate and up.</param>
/// <param name="Transposed">The file holds [in, out], as GPT-2's does; Attune's matrices are [out, in].</param>
/// <param name="Offset">What is added to the file's numbers: 1 where they are norms less one.</param>
public sealed record HuggingFaceTensor(
    string Name,
    ImmutableArray<long> Shape,
    string Slot,
    long FirstRow = 0,
    bool Transposed = false,
    float Offset = 0
)
{
    /// <summary>Rows of the slot that it fills.</summary>
    public long Rows => Transposed ? Shape[1] : Shape[0];

    /// <summary>All tensors of a model of this shape, in the order in which they are written.</summary>
    /// <param name="classes">of a head of classes</param>
    public static ImmutableArray<HuggingFaceTensor> Of(TransformerConfig config, HeadKind head, int classes = 0)
    {
        var isGpt2 = config.Family == "gpt2";
        return
        [
            .. isGpt2 ? Gpt2(config) : Llama(config),
            .. head == HeadKind.Score ? [new("score.weight", [1, config.Width], "score")]
            : head == HeadKind.Classes
                ?
                [
                    new($"{ClassHead(config)}.weight", [classes, config.Width], "score"),
                    new($"{ClassHead(config)}.bias", [classes], "score.bias"),
                ]
            : config.TiedHead ? Array.Empty<HuggingFaceTensor>()
            : [new("lm_head.weight", [config.VocabularySize, config.Width], "head")],
        ];
    }

    /// <summary>What transformers calls the head of a token classifier.</summary>
    internal static string ClassHead(TransformerConfig config) => config.Family == "gpt2" ? "classifier" : "score";

    private static IEnumerable<HuggingFaceTensor> Gpt2(TransformerConfig config)
    {
        long width = config.Width;
        yield return new("transformer.wte.weight", [config.VocabularySize, width], "tokens");
        yield return new("transformer.wpe.weight", [config.ContextLength, width], "positions");
        for (var i = 0; i < config.Layers; i++)
        {
            var (file, slot) = ($"transformer.h.{i}", $"layers.{i}");
            foreach (
                var tensor in new[]
                {
                    Norm($"{file}.ln_1", $"{slot}.norm1"),
                    Conv($"{file}.attn.c_attn", 3 * width, width, $"{slot}.qkv"),
                    Conv($"{file}.attn.c_proj", width, width, $"{slot}.out"),
                    Norm($"{file}.ln_2", $"{slot}.norm2"),
                    Conv($"{file}.mlp.c_fc", config.HiddenWidth, width, $"{slot}.up"),
                    Conv($"{file}.mlp.c_proj", width, config.HiddenWidth, $"{slot}.down"),
                }.SelectMany(t => t)
            )
            {
                yield return tensor;
            }
        }

        foreach (var tensor in Norm("transformer.ln_f", "norm"))
        {
            yield return tensor;
        }

        IEnumerable<HuggingFaceTensor> Norm(string file, string slot) =>
            [new($"{file}.weight", [width], $"{slot}.weight"), new($"{file}.bias", [width], $"{slot}.bias")];

        static IEnumerable<HuggingFaceTensor> Conv(string file, long output, long input, string slot) =>
            [new($"{file}.weight", [input, output], $"{slot}.weight", Transposed: true), new($"{file}.bias", [output], $"{slot}.bias")];
    }

    private static IEnumerable<HuggingFaceTensor> Llama(TransformerConfig config)
    {
        var (width, hidden) = ((long)config.Width, (long)config.HiddenWidth);
        var (queries, shared) = ((long)config.QueryWidth, (long)config.KeyValueWidth);
        var less = config.NormsLessOne ? 1f : 0;
        yield return new("model.embed_tokens.weight", [config.VocabularySize, width], "tokens");
        for (var i = 0; i < config.Layers; i++)
        {
            var (file, slot) = ($"model.layers.{i}", $"layers.{i}");
            yield return new($"{file}.input_layernorm.weight", [width], $"{slot}.norm1.weight", Offset: less);
            foreach (var (name, rows, first) in new[] { ("q", queries, 0L), ("k", shared, queries), ("v", shared, queries + shared) })
            {
                yield return new($"{file}.self_attn.{name}_proj.weight", [rows, width], $"{slot}.qkv.weight", first);
                if (config.Biases is BiasKind.QueryKeyValue or BiasKind.Attention)
                {
                    yield return new($"{file}.self_attn.{name}_proj.bias", [rows], $"{slot}.qkv.bias", first);
                }
            }

            foreach (
                var (name, own) in config.QueryKeyNorm ? [("q_norm", "queryNorm"), ("k_norm", "keyNorm")] : Array.Empty<(string, string)>()
            )
            {
                yield return new($"{file}.self_attn.{name}.weight", [config.HeadWidth], $"{slot}.{own}.weight", Offset: less);
            }

            yield return new($"{file}.self_attn.o_proj.weight", [width, queries], $"{slot}.out.weight");
            if (config.Biases == BiasKind.Attention)
            {
                yield return new($"{file}.self_attn.o_proj.bias", [width], $"{slot}.out.bias");
            }

            yield return new($"{file}.post_attention_layernorm.weight", [width], $"{slot}.norm2.weight", Offset: less);
            yield return new($"{file}.mlp.gate_proj.weight", [hidden, width], $"{slot}.up.weight");
            yield return new($"{file}.mlp.up_proj.weight", [hidden, width], $"{slot}.up.weight", hidden);
            yield return new($"{file}.mlp.down_proj.weight", [width, hidden], $"{slot}.down.weight");
        }

        yield return new("model.norm.weight", [width], "norm.weight", Offset: less);
    }
}
