using System.Text.Json;
using Attune.Models.Configuration;
using Attune.Models.Files.Fields;

namespace Attune.Models.Files.Families;

/// <summary>GPT-2's <c>config.json</c>.</summary>
internal static class Gpt2Fields
{
    internal static TransformerConfig Read(ConfigFields fields)
    {
        fields.Require("activation_function", "gelu_new", "gelu_new", "gelu_pytorch_tanh");
        fields.Refuse("scale_attn_by_inverse_layer_idx", "add_cross_attention");
        fields.Require("scale_attn_weights", true);
        fields.RefuseUnless("quantization_config");
        ConfigKeys.RefuseUnknown(fields, []);
        var width = fields.Number("n_embd");
        return TransformerConfig.Gpt2(
            fields.Number("vocab_size"),
            width,
            fields.Number("n_layer"),
            fields.Number("n_head"),
            fields.Number("n_positions")
        ) with
        {
            HiddenWidth = fields.Number("n_inner", 4 * width),
            NormEpsilon = fields.Real("layer_norm_epsilon", 1e-5),
            TiedHead = fields.Flag("tie_word_embeddings", true),
        };
    }

    internal static void Write(Utf8JsonWriter json, TransformerConfig config)
    {
        json.WriteNumber("vocab_size", config.VocabularySize);
        json.WriteNumber("n_positions", config.ContextLength);
        json.WriteNumber("n_ctx", config.ContextLength);
        json.WriteNumber("n_embd", config.Width);
        json.WriteNumber("n_layer", config.Layers);
        json.WriteNumber("n_head", config.Heads);
        json.WriteNumber("n_inner", config.HiddenWidth);
        json.WriteString("activation_function", "gelu_new");
        json.WriteReal("layer_norm_epsilon", config.NormEpsilon);
        foreach (var dropout in new[] { "resid_pdrop", "embd_pdrop", "attn_pdrop" })
        {
            json.WriteReal(dropout, 0);
        }
    }
}
