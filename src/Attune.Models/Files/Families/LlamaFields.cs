using System.Text.Json;
using Attune.Models.Configuration;
using Attune.Models.Files.Fields;

namespace Attune.Models.Files.Families;

/// <summary>The <c>config.json</c> of Llama and the families built like it (<see cref="LlamaFamily"/>).</summary>
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

    internal static TransformerConfig Read(ConfigFields fields, LlamaFamily family)
    {
        RefuseUnsupported(fields, family);
        ConfigKeys.RefuseUnknown(fields, family.Keys);
        var heads = fields.Number("num_attention_heads");
        var context = fields.Number("max_position_embeddings", family.Context);
        var (theta, scaling) = family.Keys.Contains("rope_parameters")
            ? (family.Theta, null) // by kind of layer, which the family reads
            : RopeFields.Read(fields, context, family.Theta);
        var config = TransformerConfig.Llama(
            fields.Number("vocab_size"),
            fields.Number("hidden_size"),
            fields.Number("num_hidden_layers"),
            heads,
            fields.Number("num_key_value_heads", heads),
            fields.Number("intermediate_size"),
            context
        ) with
        {
            Family = family.Name,
            Biases = BiasesOf(fields),
            NormEpsilon = fields.Real(family.NormKey, family.NormEpsilon),
            RopeTheta = theta,
            RopeScaling = scaling,
            TiedHead = fields.Flag("tie_word_embeddings", family.IsTied),
        };
        return family.Read(fields, WithHeadWidth(fields, family, config));
    }

    private static BiasKind BiasesOf(ConfigFields fields) =>
        (fields.Flag("attention_bias", false), fields.Flag("mlp_bias", false)) switch
        {
            (false, false) => BiasKind.None,
            (true, false) => BiasKind.Attention,
            (true, true) => BiasKind.All,
            _ => throw fields.Problem("mlp_bias", "is true without attention_bias, which is not supported"),
        };

    private static TransformerConfig WithHeadWidth(ConfigFields fields, LlamaFamily family, TransformerConfig config)
    {
        var (heads, width) = (config.Heads, config.Width);
        var plain = heads > 0 && width % heads == 0 ? width / heads : 0;
        var head = fields.Number("head_dim", family.HeadWidth ?? plain);
        return head != 0 && heads > 0 && head != plain ? config with { OwnHeadWidth = head } : config;
    }

    internal static void Write(Utf8JsonWriter json, TransformerConfig config, LlamaFamily family)
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
        json.WriteReal(family.NormKey, config.NormEpsilon);
        json.WriteReal("rope_theta", config.RopeTheta);
        if (config.RopeScaling is { } scaling)
        {
            RopeFields.Write(json, scaling);
        }

        Windows.Write(json, family.NeedsWindow ? config.SlidingWindow ?? config.ContextLength : config.SlidingWindow);
        json.WriteBoolean("attention_bias", config.Biases is BiasKind.Attention or BiasKind.All);
        if (config.Biases == BiasKind.All)
        {
            json.WriteBoolean("mlp_bias", true);
        }

        json.WriteReal("attention_dropout", 0);
        family.Write(json, config);
    }

    private static void RefuseUnsupported(ConfigFields fields, LlamaFamily family)
    {
        foreach (var (key, otherwise, supported) in family.Activations)
        {
            fields.Require(key, otherwise, supported);
        }

        fields.Refuse("use_qk_norm", "use_bidirectional_attention");
        foreach (var name in MustBeZero.Except(family.Keys))
        {
            fields.RefuseUnless(name, "0");
        }

        foreach (var name in MustBeOne.Except(family.Keys))
        {
            fields.RefuseUnless(name, "1", "1.0");
        }
    }
}
