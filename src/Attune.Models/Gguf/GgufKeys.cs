using Attune.Models.Configuration;

namespace Attune.Models.Gguf;

/// <summary>What a GGUF file says of a model's shape, by keys without the architecture's name before them.</summary>
internal static class GgufKeys
{
    /// <summary>What keeps llama.cpp from computing such a model; null where nothing does.</summary>
    internal static string? Problem(TransformerConfig config)
    {
        var gemma = config.Family is "gemma" or "gemma2" or "gemma3_text";
        return GgufArchitecture.Of(config) is null ? $"the family {config.Family}"
            : GgufRope.Problem(config) is { } rope ? rope
            : config.QueryKeyNorm && config.Biases != BiasKind.None ? "biases beside norms of queries and keys"
            : config.Biases is BiasKind.Attention or BiasKind.All && config.Norm == NormKind.RmsNorm && config.Family != "llama"
                ? $"biases of attention (attention_bias) in the family {config.Family}"
            : Mixture(config) is { } mixture ? mixture
            : gemma && !config.TiedHead ? "a Gemma with a head of its own"
            : config.Family == "gemma2" && (config.AttentionCap is null || config.LogitCap is null)
                ? "a Gemma 2 without bounds (attn_logit_softcapping, final_logit_softcapping)"
            : config.Family is "gemma2" or "gemma3_text" && config.SlidingWindow is not null && Every(config) is null
                ? "this order of layers with a window (layer_types)"
            : config.Family == "smollm3" && !Equals(config.UnturnedLayers, GgufArchitecture.EveryFourth(config))
                ? "other layers without rotary positions than every fourth (no_rope_layers)"
            : null;
    }

    private static string? Mixture(TransformerConfig config) =>
        config.Family == "qwen3_moe" && (config.Experts is null || config.Experts.Layers is not null)
            ? "layers without experts (mlp_only_layers, decoder_sparse_step)"
        : config.Experts is { SharesSumToOne: false } ? "experts whose shares do not sum to one (norm_topk_prob)"
        : null;

    /// <summary>
    /// What a tensor is multiplied by on its way into the file: Gemma's queries where they are scaled otherwise than llama.cpp scales
    /// them, in their norm where they have one.
    /// </summary>
    internal static double Factor(TransformerConfig config, GgufPart part)
    {
        var scaled = config.QueryKeyNorm ? ".attn_q_norm." : ".attn_q.";
        return
            config.Family is "gemma2" or "gemma3_text"
            && config.AttentionScale is { } scale
            && part.Name.Contains(scaled, StringComparison.Ordinal)
            && Math.Abs(scale / GgufArchitecture.GemmaScale(config) - 1) > 1e-9
            ? scale / GgufArchitecture.GemmaScale(config)
            : 1;
    }

    internal static IEnumerable<KeyValuePair<string, object>> Of(TransformerConfig config) =>
        [
            new("vocab_size", (uint)config.VocabularySize),
            new("context_length", (uint)Context(config)),
            new("embedding_length", (uint)config.Width),
            new("feed_forward_length", (uint)config.HiddenWidth),
            new("block_count", (uint)config.Layers),
            new("attention.head_count", (uint)config.Heads),
            new(
                config.Norm == NormKind.LayerNorm ? "attention.layer_norm_epsilon" : "attention.layer_norm_rms_epsilon",
                (float)config.NormEpsilon
            ),
            .. config.Positions == PositionKind.Rotary ? Rotary(config) : [],
            .. Experts(config),
            .. OfFamily(config),
        ];

    private static IEnumerable<KeyValuePair<string, object>> Rotary(TransformerConfig config)
    {
        yield return new("attention.head_count_kv", (uint)config.KeyValueHeads);
        if (config.HeadWidth * config.Heads != config.Width)
        {
            yield return new("attention.key_length", (uint)config.HeadWidth);
            yield return new("attention.value_length", (uint)config.HeadWidth);
        }

        yield return new("rope.freq_base", (float)config.RopeTheta);
        yield return new("rope.dimension_count", (uint)config.RotaryWidth);
        foreach (var key in GgufRope.Keys(config))
        {
            yield return key;
        }
    }

    private static IEnumerable<KeyValuePair<string, object>> Experts(TransformerConfig config)
    {
        if (config.Experts is { } experts)
        {
            yield return new("expert_count", (uint)experts.Count);
            yield return new("expert_used_count", (uint)experts.Used);
            if (config.Family != "mixtral")
            {
                yield return new("expert_feed_forward_length", (uint)experts.HiddenWidth);
            }
        }
    }

    private static IEnumerable<KeyValuePair<string, object>> OfFamily(TransformerConfig config) =>
        config.Family switch
        {
            "gpt_neox" => [new("use_parallel_residual", config.ParallelBranches)],
            "granite" =>
            [
                new("logit_scale", (float)(1 / config.LogitScale)),
                new("embedding_scale", (float)config.EmbeddingScale),
                new("residual_scale", (float)config.BranchScale),
                new("attention.scale", (float)(config.AttentionScale ?? Math.Pow(config.HeadWidth, -0.5))),
            ],
            "gemma2" =>
            [
                new("attn_logit_softcapping", (float)config.AttentionCap!),
                new("final_logit_softcapping", (float)config.LogitCap!),
                new("attention.sliding_window", (uint)(config.SlidingWindow ?? config.ContextLength)),
            ],
            "gemma3_text" => Gemma3(config),
            _ => [],
        };

    private static IEnumerable<KeyValuePair<string, object>> Gemma3(TransformerConfig config)
    {
        if (config.LogitCap is { } cap)
        {
            yield return new("final_logit_softcapping", (float)cap);
        }

        if (config.SlidingWindow is { } window)
        {
            yield return new("attention.sliding_window", (uint)window);
            yield return new("attention.sliding_window_pattern", (uint)Every(config)!);
            yield return new("rope.freq_base_swa", (float)(config.WindowRopeTheta ?? config.RopeTheta));
        }
    }

    /// <summary>Inside a window it changes nothing: llama.cpp applies Gemma's alone.</summary>
    private static int Context(TransformerConfig config) =>
        config.Family is "gemma2" or "gemma3_text"
            ? config.ContextLength
            : Math.Min(config.ContextLength, config.SlidingWindow ?? int.MaxValue);

    /// <summary>After how many layers one without a window comes; null where they come otherwise.</summary>
    private static int? Every(TransformerConfig config) =>
        Enumerable
            .Range(1, config.Layers + 1)
            .Where(every =>
                Enumerable.Range(0, config.Layers).All(i => config.HasWindow(i) == GgufArchitecture.GemmaWindow(config.Family, every, i))
            )
            .Select(every => (int?)every)
            .FirstOrDefault();
}
