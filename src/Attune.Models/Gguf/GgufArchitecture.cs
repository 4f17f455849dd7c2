using Attune.Core;
using Attune.Models.Configuration;

namespace Attune.Models.Gguf;

/// <summary>llama.cpp's architectures: what each has beyond Llama, as its file says it and as the model is.</summary>
internal static class GgufArchitecture
{
    private static readonly Dictionary<string, string> ByFamily = new(StringComparer.Ordinal)
    {
        ["gpt2"] = "gpt2",
        ["llama"] = "llama",
        // Without their window, which llama.cpp does not apply, these are Llamas.
        ["mistral"] = "llama",
        ["ministral"] = "llama",
        ["mixtral"] = "llama",
        ["qwen2"] = "qwen2",
        ["qwen3"] = "qwen3",
        ["qwen3_moe"] = "qwen3moe",
        ["gemma"] = "gemma",
        ["gemma2"] = "gemma2",
        ["gemma3_text"] = "gemma3",
        ["granite"] = "granite",
        ["smollm3"] = "smollm3",
        ["phi3"] = "phi3",
        ["olmo2"] = "olmo2",
        ["stablelm"] = "stablelm",
        ["gpt_neox"] = "gptneox",
    };

    internal static IEnumerable<string> Names => [.. ByFamily.Values.Distinct(), "mistral3"];

    /// <summary>Null for a family that llama.cpp has no architecture for here.</summary>
    internal static string? Of(TransformerConfig config) => ByFamily.GetValueOrDefault(config.Family);

    /// <summary>Whether the rows of queries and keys stand in neighbouring pairs in the file, in halves here.</summary>
    internal static bool Turns(TransformerConfig config) =>
        config.Family is "llama" or "mistral" or "ministral" or "mixtral" or "smollm3" or "granite";

    /// <summary>Whether a file's layers have experts: all of them, of the architectures whose experts are read.</summary>
    internal static bool HasExperts(GgufFields fields) =>
        fields.Architecture == "qwen3moe" || (fields.Architecture == "llama" && fields.Number("expert_count", 0) > 0);

    /// <summary>Whether the file has a head's matrix also where it is the embedding.</summary>
    internal static bool RepeatsHead(TransformerConfig config) => config.Family is "olmo2" or "stablelm" or "gpt_neox";

    /// <summary>A Llama's shape with what its architecture has beyond that.</summary>
    /// <exception cref="ModelFileException">A key is missing, or says what is not built.</exception>
    internal static TransformerConfig Read(GgufFields fields, TransformerConfig config)
    {
        var name = fields.Architecture;
        config =
            name == "gpt2"
                ? config
                : config with
                {
                    Family = name == "mistral3" ? "mistral" : ByFamily.First(p => p.Value == name).Key,
                    NormEpsilon = name is "gptneox" or "stablelm"
                        ? fields.Real("attention.layer_norm_epsilon")
                        : fields.Real("attention.layer_norm_rms_epsilon", name == "llama" ? 1e-5 : null),
                    Biases = BiasesOf(fields),
                };
        return name switch
        {
            "llama" when HasExperts(fields) => config with { Family = "mixtral", Experts = Experts(fields, config.HiddenWidth) },
            "qwen3" => config with { QueryKeyNorm = true },
            "qwen3moe" => config with { QueryKeyNorm = true, Experts = Experts(fields, fields.Number(GgufConfig.ExpertWidth)) },
            "gemma" or "gemma2" or "gemma3" => Gemma(fields, config),
            "granite" => Granite(fields, config),
            "smollm3" => config with { UnturnedLayers = EveryFourth(config) },
            "phi3" => config with { SlidingWindow = Window(fields, config), OwnRotaryWidth = Turned(fields, config) },
            "olmo2" => config with { NormPlacement = NormPlacement.After, WholeQueryKeyNorm = true },
            "stablelm" => StableLm(fields, config),
            "gptneox" => config with
            {
                Norm = NormKind.LayerNorm,
                FeedForward = FeedForwardKind.ExactGelu,
                ParallelBranches = fields.Flag("use_parallel_residual"),
                OwnRotaryWidth = Turned(fields, config),
            },
            _ => config,
        };
    }

    private static Experts Experts(GgufFields fields, int width) =>
        new(fields.Number("expert_count"), fields.Number("expert_used_count"), width);

    internal static ValueList<bool>? EveryFourth(TransformerConfig config)
    {
        bool[] layers = [.. Enumerable.Range(0, config.Layers).Select(i => (i + 1) % 4 == 0)];
        return layers.Contains(true) ? new ValueList<bool>(layers) : null;
    }

    /// <summary>
    /// What queries are multiplied by in llama.cpp's Gemmas, which no key tells: the largest ones' are told by their number of layers.
    /// </summary>
    internal static double GemmaScale(TransformerConfig config) =>
        (config.Family, config.Layers) is ("gemma2", 46) or ("gemma3_text", 62)
            ? Math.Pow((double)config.Width / config.Heads, -0.5)
            : Math.Pow(config.HeadWidth, -0.5);

    /// <summary>Whether a layer of llama.cpp's Gemma 2 or 3 has the window.</summary>
    internal static bool GemmaWindow(string family, int every, int layer) => family == "gemma2" ? layer % 2 == 0 : (layer + 1) % every != 0;

    private static TransformerConfig Gemma(GgufFields fields, TransformerConfig config)
    {
        config = config with { FeedForward = FeedForwardKind.GeGlu, NormsLessOne = true, EmbeddingScale = Math.Sqrt(config.Width) };
        if (config.Family == "gemma")
        {
            return config;
        }

        var third = config.Family == "gemma3_text";
        int? window =
            third && !fields.Has("attention.sliding_window") ? null
            : fields.Number("attention.sliding_window", 4096) is > 0 and var number ? number
            : null;
        var every = fields.Number("attention.sliding_window_pattern", 6);
        config = config with
        {
            NormPlacement = NormPlacement.Around,
            AttentionScale = GemmaScale(config),
            QueryKeyNorm = third,
            AttentionCap = third ? null : fields.Real("attn_logit_softcapping", 50),
            LogitCap = third && !fields.Has("final_logit_softcapping") ? null : fields.Real("final_logit_softcapping", 30),
            WindowRopeTheta = third && window is not null ? fields.Real("rope.freq_base_swa", 10_000) : null,
        };
        bool[] layers = [.. Enumerable.Range(0, config.Layers).Select(i => GemmaWindow(config.Family, Math.Max(every, 1), i))];
        return window is null || !layers.Contains(true)
            ? config
            : config with
            {
                SlidingWindow = window,
                WindowedLayers = layers.Contains(false) ? new ValueList<bool>(layers) : null,
            };
    }

    private static TransformerConfig Granite(GgufFields fields, TransformerConfig config) =>
        config with
        {
            LogitScale = 1 / fields.Real("logit_scale"),
            EmbeddingScale = fields.Real("embedding_scale", 1),
            BranchScale = fields.Real("residual_scale", 1),
            AttentionScale = fields.Real("attention.scale", Math.Pow(config.HeadWidth, -0.5)),
        };

    private static TransformerConfig StableLm(GgufFields fields, TransformerConfig config) =>
        fields.HasTensor("blk.0.ffn_norm.weight")
            ? config with
            {
                Norm = NormKind.LayerNorm,
                OwnRotaryWidth = Turned(fields, config),
            }
            : throw fields.Wrong("its branches stand side by side (use_parallel_residual), which is not supported in StableLM");

    /// <summary>Biases that the file has are the model's.</summary>
    private static BiasKind BiasesOf(GgufFields fields)
    {
        bool Any(params ReadOnlySpan<string> parts)
        {
            foreach (var part in parts)
            {
                if (fields.HasTensor($"blk.0.{part}.bias"))
                {
                    return true;
                }
            }

            return false;
        }

        return fields.Architecture switch
        {
            "gptneox" => BiasKind.All,
            "qwen2" => BiasKind.QueryKeyValue,
            "llama" or "mistral3" when Any("ffn_gate", "ffn_up", "ffn_down") => BiasKind.All,
            "llama" or "mistral3" when Any("attn_q", "attn_k", "attn_v", "attn_output") => BiasKind.Attention,
            "stablelm" when Any("attn_q", "attn_k", "attn_v") => BiasKind.QueryKeyValue,
            _ => BiasKind.None,
        };
    }

    private static int? Window(GgufFields fields, TransformerConfig config) =>
        fields.Number("attention.sliding_window", 0) is > 0 and var window && window < config.ContextLength ? window : null;

    /// <summary>How many numbers of a head are turned; null for all.</summary>
    private static int? Turned(GgufFields fields, TransformerConfig config) =>
        fields.Number("rope.dimension_count", config.HeadWidth) is var turned && turned == config.HeadWidth ? null : turned;
}
