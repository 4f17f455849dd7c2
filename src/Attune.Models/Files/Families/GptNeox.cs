using System.Text.Json;
using Attune.Models.Configuration;
using Attune.Models.Files.Fields;

namespace Attune.Models.Files.Families;

/// <summary>GPT-NeoX (Pythia): LayerNorm, biases, exact GELU, part of a head turned, branches side by side.</summary>
internal static class GptNeox
{
    internal const string Name = "gpt_neox";

    private static readonly string[] Keys =
    [
        "rotary_pct",
        "rotary_emb_base",
        "use_parallel_residual",
        "layer_norm_eps",
        "partial_rotary_factor",
        "hidden_dropout",
    ];

    internal static TransformerConfig Read(ConfigFields fields)
    {
        fields.Require("hidden_act", "gelu", "gelu", "gelu_new", "gelu_pytorch_tanh", "gelu_fast");
        fields.Require("attention_bias", true);
        fields.RefuseUnless("quantization_config");
        ConfigKeys.RefuseUnknown(fields, Keys);
        var heads = fields.Number("num_attention_heads");
        var context = fields.Number("max_position_embeddings", 2048);
        var (theta, scaling) = RopeFields.Read(fields, context, fields.Real("rotary_emb_base", 10_000));
        var config = TransformerConfig.Gpt2(
            fields.Number("vocab_size"),
            fields.Number("hidden_size"),
            fields.Number("num_hidden_layers"),
            heads,
            context
        ) with
        {
            Family = Name,
            HiddenWidth = fields.Number("intermediate_size"),
            Positions = PositionKind.Rotary,
            FeedForward =
                fields.Has("hidden_act") && fields.Text("hidden_act") != "gelu" ? FeedForwardKind.Gelu : FeedForwardKind.ExactGelu,
            ParallelBranches = fields.Flag("use_parallel_residual", true),
            NormEpsilon = fields.Real("layer_norm_eps", 1e-5),
            TiedHead = fields.Flag("tie_word_embeddings", false),
            RopeTheta = theta,
            RopeScaling = scaling,
        };
        return RopeFields.WithShare(fields, config, fields.Real("rotary_pct", 0.25));
    }

    internal static void Write(Utf8JsonWriter json, TransformerConfig config)
    {
        json.WriteNumber("vocab_size", config.VocabularySize);
        json.WriteNumber("hidden_size", config.Width);
        json.WriteNumber("intermediate_size", config.HiddenWidth);
        json.WriteNumber("num_hidden_layers", config.Layers);
        json.WriteNumber("num_attention_heads", config.Heads);
        json.WriteNumber("max_position_embeddings", config.ContextLength);
        json.WriteString("hidden_act", config.FeedForward == FeedForwardKind.Gelu ? "gelu_new" : "gelu");
        json.WriteReal("layer_norm_eps", config.NormEpsilon);
        json.WriteReal("rotary_pct", (double)config.RotaryWidth / config.HeadWidth);
        json.WriteReal("rotary_emb_base", config.RopeTheta);
        if (config.RopeScaling is { } scaling)
        {
            RopeFields.Write(json, scaling);
        }

        json.WriteBoolean("use_parallel_residual", config.ParallelBranches);
        json.WriteBoolean("attention_bias", true);
        json.WriteReal("attention_dropout", 0);
        json.WriteReal("hidden_dropout", 0);
    }
}
