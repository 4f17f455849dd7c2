using System.Text.Json;
using Attune.Models.Configuration;

namespace Attune.Models.Files;

/// <summary>The <c>config.json</c> of Llama and the families built like it: Mistral, Qwen 2 and 3, Gemma.</summary>
internal static class LlamaFields
{
    private static readonly string[] MustBeZero =
    [
        "num_experts",
        "num_local_experts",
        "num_experts_per_tok",
        "attn_logit_softcapping",
        "final_logit_softcapping",
        "query_pre_attn_scalar",
        "quantization_config",
    ];

    private static readonly string[] MustBeOne =
    [
        "partial_rotary_factor",
        "embedding_multiplier",
        "residual_multiplier",
        "attention_multiplier",
        "logits_scaling",
        "logit_scale",
    ];

    internal static TransformerConfig Read(ConfigFields fields, string family)
    {
        RefuseUnsupported(fields, family);
        ConfigKeys.RefuseUnknown(fields);
        var heads = fields.Number("num_attention_heads");
        var context = fields.Number("max_position_embeddings");
        var width = fields.Number("hidden_size");
        var config = TransformerConfig.Llama(
            fields.Number("vocab_size"),
            width,
            fields.Number("num_hidden_layers"),
            heads,
            fields.Number("num_key_value_heads", heads),
            fields.Number("intermediate_size"),
            context
        ) with
        {
            Family = family,
            Biases =
                family == "qwen2" ? BiasKind.QueryKeyValue
                : fields.Flag("attention_bias", false) ? BiasKind.Attention
                : BiasKind.None,
            NormEpsilon = fields.Real("rms_norm_eps", 1e-6),
            RopeTheta = RopeFields.Theta(fields),
            RopeScaling = RopeFields.Scaling(fields, context),
            TiedHead = fields.Flag("tie_word_embeddings", family == "gemma"),
            QueryKeyNorm = family == "qwen3",
        };
        return WithHeadWidth(fields, WithGemma(WithWindow(fields, family, config)));
    }

    private static TransformerConfig WithGemma(TransformerConfig config) =>
        config.Family != "gemma"
            ? config
            : config with
            {
                FeedForward = FeedForwardKind.GeGlu,
                NormsLessOne = true,
                EmbeddingScale = Math.Sqrt(Math.Max(1, config.Width)),
            };

    private static TransformerConfig WithHeadWidth(ConfigFields fields, TransformerConfig config)
    {
        var (family, heads, width) = (config.Family, config.Heads, config.Width);
        var head = fields.Number(
            "head_dim",
            family == "gemma" ? 256
                : family == "qwen3" ? 128
                : heads > 0 && width % heads == 0 ? width / heads
                : 0
        );
        return head != 0 && heads > 0 && (width % heads != 0 || head != width / heads) ? config with { OwnHeadWidth = head } : config;
    }

    internal static void Write(Utf8JsonWriter json, TransformerConfig config)
    {
        json.WriteNumber("vocab_size", config.VocabularySize);
        json.WriteNumber("hidden_size", config.Width);
        json.WriteNumber("intermediate_size", config.HiddenWidth);
        json.WriteNumber("num_hidden_layers", config.Layers);
        json.WriteNumber("num_attention_heads", config.Heads);
        json.WriteNumber("num_key_value_heads", config.KeyValueHeads);
        json.WriteNumber("head_dim", config.HeadWidth);
        json.WriteNumber("max_position_embeddings", config.ContextLength);
        json.WriteString("hidden_act", config.FeedForward == FeedForwardKind.GeGlu ? "gelu_pytorch_tanh" : "silu");
        json.WriteNumber("rms_norm_eps", config.NormEpsilon);
        json.WriteNumber("rope_theta", config.RopeTheta);
        if (config.RopeScaling is { } scaling)
        {
            RopeFields.Write(json, scaling);
        }

        if (config.SlidingWindow is { } window)
        {
            json.WriteNumber("sliding_window", window);
        }
        else
        {
            json.WriteNull("sliding_window");
        }

        if (config.Family is "qwen2" or "qwen3")
        {
            json.WriteBoolean("use_sliding_window", config.SlidingWindow is not null);
            json.WriteNumber("max_window_layers", 0);
        }

        json.WriteBoolean("attention_bias", config.Biases == BiasKind.Attention);
        json.WriteNumber("attention_dropout", 0);
    }

    private static void RefuseUnsupported(ConfigFields fields, string family)
    {
        if (family == "gemma")
        {
            // Both names stand for the tanh approximation: the first versions of these files said "gelu" and meant it.
            fields.Require("hidden_act", "gelu_pytorch_tanh", "gelu_pytorch_tanh", "gelu");
            fields.Require("hidden_activation", "gelu_pytorch_tanh", "gelu_pytorch_tanh");
        }
        else
        {
            fields.Require("hidden_act", "silu", "silu");
        }

        fields.Refuse("mlp_bias", "use_qk_norm", "use_bidirectional_attention");
        foreach (var name in MustBeZero)
        {
            fields.RefuseUnless(name, "0");
        }

        foreach (var name in MustBeOne)
        {
            fields.RefuseUnless(name, "1", "1.0");
        }
    }

    /// <summary>
    /// A window over all layers, or none. Where only some layers have one, the context is cut to it instead: inside it a window changes
    /// nothing. Mistral has one, and Qwen, where a switch is on; in files of Llama and Gemma a window is a leftover that means nothing.
    /// Where the key is absent it is 4096, where it is null there is none.
    /// </summary>
    private static TransformerConfig WithWindow(ConfigFields fields, string family, TransformerConfig config)
    {
        var switched = family is "qwen2" or "qwen3";
        if (family != "mistral" && !(switched && fields.Flag("use_sliding_window", false)))
        {
            return config;
        }
        var window = fields.Number("sliding_window", fields.Names.Contains("sliding_window") ? config.ContextLength : 4096);
        var windowed = !switched ? config.Layers : Windowed(fields, config.Layers);
        return window >= config.ContextLength || windowed == 0 ? config
            : windowed == config.Layers ? config with { SlidingWindow = window }
            : config with { ContextLength = Math.Max(1, window) };
    }

    /// <summary>How many layers have the window: those that are named, else all above a number of lower ones.</summary>
    private static int Windowed(ConfigFields fields, int layers)
    {
        var kinds = fields.Texts("layer_types");
        if (kinds.Except(["full_attention", "sliding_attention"]).FirstOrDefault() is { } other)
        {
            throw fields.Problem("layer_types", $"names '{other}'; supported are full_attention and sliding_attention");
        }
        return kinds.Length == 0 ? Math.Max(0, layers - fields.Number("max_window_layers", 28))
            : kinds.Length == layers ? kinds.Count(k => k == "sliding_attention")
            : throw fields.Problem("layer_types", $"names {kinds.Length} layers; the model has {layers}");
    }
}
