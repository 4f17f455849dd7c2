using Attune.Models.Configuration;

namespace Attune.Models.Weights;

/// <summary>The names that Hugging Face's files give to a trunk's tensors, family by family.</summary>
internal static class HuggingFaceNames
{
    /// <summary>The module of an untied head.</summary>
    internal static string LanguageHead(TransformerConfig config) => config.Family == "gpt_neox" ? "embed_out" : "lm_head";

    internal static IEnumerable<HuggingFaceTensor> Gpt2(TransformerConfig config)
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

    internal static IEnumerable<HuggingFaceTensor> GptNeox(TransformerConfig config)
    {
        long width = config.Width;
        yield return new("gpt_neox.embed_in.weight", [config.VocabularySize, width], "tokens");
        for (var i = 0; i < config.Layers; i++)
        {
            var (file, slot) = ($"gpt_neox.layers.{i}", $"layers.{i}");
            foreach (
                var tensor in new[]
                {
                    Vectors($"{file}.input_layernorm", $"{slot}.norm1"),
                    Linear($"{file}.attention.query_key_value", 3 * width, width, $"{slot}.qkv", config.Heads),
                    Linear($"{file}.attention.dense", width, width, $"{slot}.out"),
                    Vectors($"{file}.post_attention_layernorm", $"{slot}.norm2"),
                    Linear($"{file}.mlp.dense_h_to_4h", config.HiddenWidth, width, $"{slot}.up"),
                    Linear($"{file}.mlp.dense_4h_to_h", width, config.HiddenWidth, $"{slot}.down"),
                }.SelectMany(t => t)
            )
            {
                yield return tensor;
            }
        }

        foreach (var tensor in Vectors("gpt_neox.final_layer_norm", "norm"))
        {
            yield return tensor;
        }

        IEnumerable<HuggingFaceTensor> Vectors(string file, string slot) =>
            [new($"{file}.weight", [width], $"{slot}.weight"), new($"{file}.bias", [width], $"{slot}.bias")];

        static IEnumerable<HuggingFaceTensor> Linear(string file, long output, long input, string slot, int heads = 0) =>
            [
                new($"{file}.weight", [output, input], $"{slot}.weight", TogetherHeads: heads),
                new($"{file}.bias", [output], $"{slot}.bias", TogetherHeads: heads),
            ];
    }

    /// <summary>Llama's, and those of the families built like it.</summary>
    /// <param name="stacked">With a layer's experts in one tensor.</param>
    internal static IEnumerable<HuggingFaceTensor> Llama(TransformerConfig config, bool stacked) =>
        [
            new("model.embed_tokens.weight", [config.VocabularySize, config.Width], "tokens"),
            .. Enumerable.Range(0, config.Layers).SelectMany(i => Layer(config, i, stacked)),
            .. Norm(config, "model.norm", "norm"),
        ];

    private static IEnumerable<HuggingFaceTensor> Layer(TransformerConfig config, int layer, bool stacked)
    {
        var (file, slot) = ($"model.layers.{layer}", $"layers.{layer}");
        var (before, after) = (config.NormPlacement != NormPlacement.After, config.NormPlacement != NormPlacement.Before);
        // Llama calls the norm before its second branch what others call the one after their first.
        var second = after ? "pre_feedforward_layernorm" : "post_attention_layernorm";
        return
        [
            .. before ? Norm(config, $"{file}.input_layernorm", $"{slot}.norm1") : [],
            .. Attention(config, $"{file}.self_attn", slot),
            .. after ? Norm(config, $"{file}.post_attention_layernorm", $"{slot}.norm1After") : [],
            .. before ? Norm(config, $"{file}.{second}", $"{slot}.norm2") : [],
            .. config.HasExperts(layer) ? ExpertNames.Of(config, file, slot, stacked) : FeedForward(config, $"{file}.mlp", slot),
            .. after ? Norm(config, $"{file}.post_feedforward_layernorm", $"{slot}.norm2After") : [],
        ];
    }

    private static IEnumerable<HuggingFaceTensor> Attention(TransformerConfig config, string file, string slot)
    {
        var (width, queries, shared) = ((long)config.Width, (long)config.QueryWidth, (long)config.KeyValueWidth);
        var biased = config.Biases != BiasKind.None;
        var less = config.NormsLessOne ? 1f : 0;
        return
        [
            .. config.Family == "phi3"
                ? Linear($"{file}.qkv_proj", queries + 2 * shared, width, $"{slot}.qkv", 0, biased)
                :
                [
                    .. Linear($"{file}.q_proj", queries, width, $"{slot}.qkv", 0, biased),
                    .. Linear($"{file}.k_proj", shared, width, $"{slot}.qkv", queries, biased),
                    .. Linear($"{file}.v_proj", shared, width, $"{slot}.qkv", queries + shared, biased),
                ],
            .. config.QueryKeyNorm || config.WholeQueryKeyNorm
                ? new HuggingFaceTensor[]
                {
                    new($"{file}.q_norm.weight", [HeadNormWidth(queries)], $"{slot}.queryNorm.weight", Offset: less),
                    new($"{file}.k_norm.weight", [HeadNormWidth(shared)], $"{slot}.keyNorm.weight", Offset: less),
                }
                : [],
            .. config.AttentionSinks ? new HuggingFaceTensor[] { new($"{file}.sinks", [config.Heads], $"{slot}.sinks.bias") } : [],
            .. Linear($"{file}.o_proj", width, queries, $"{slot}.out", 0, config.Biases is BiasKind.Attention or BiasKind.All),
        ];

        long HeadNormWidth(long whole) => config.WholeQueryKeyNorm ? whole : config.HeadWidth;
    }

    private static IEnumerable<HuggingFaceTensor> FeedForward(TransformerConfig config, string file, string slot)
    {
        var (width, hidden) = ((long)config.Width, (long)config.HiddenWidth);
        var biased = config.Biases == BiasKind.All;
        return
        [
            .. config.Family == "phi3"
                ? Linear($"{file}.gate_up_proj", 2 * hidden, width, $"{slot}.up", 0, biased)
                :
                [
                    .. Linear($"{file}.gate_proj", hidden, width, $"{slot}.up", 0, biased),
                    .. Linear($"{file}.up_proj", hidden, width, $"{slot}.up", hidden, biased),
                ],
            .. Linear($"{file}.down_proj", width, hidden, $"{slot}.down", 0, biased),
        ];
    }

    private static HuggingFaceTensor[] Norm(TransformerConfig config, string file, string slot)
    {
        var weight = new HuggingFaceTensor($"{file}.weight", [config.Width], $"{slot}.weight", Offset: config.NormsLessOne ? 1 : 0);
        return config.Norm == NormKind.LayerNorm ? [weight, new($"{file}.bias", [config.Width], $"{slot}.bias")] : [weight];
    }

    private static HuggingFaceTensor[] Linear(string file, long output, long input, string slot, long first, bool biased)
    {
        var weight = new HuggingFaceTensor($"{file}.weight", [output, input], $"{slot}.weight", first);
        return biased ? [weight, new($"{file}.bias", [output], $"{slot}.bias", first)] : [weight];
    }
}
