using System.Collections.Immutable;
using System.Text.Json;
using Attune.Models.Configuration;
using Attune.Models.Files.Fields;

namespace Attune.Models.Files.Families;

/// <summary>Gemma: gated GELU, norms held less one, embeddings times the root of the width.</summary>
internal record Gemma(string Name = "gemma", string Class = "Gemma") : LlamaFamily(Name, Class)
{
    // Both names stand for the tanh approximation: the first versions of these files said "gelu" and meant it.
    internal override (string, string, string[])[] Activations =>
        [
            ("hidden_act", "gelu_pytorch_tanh", ["gelu_pytorch_tanh", "gelu"]),
            ("hidden_activation", "gelu_pytorch_tanh", ["gelu_pytorch_tanh"]),
        ];

    internal override int Context => 8192;

    internal override bool IsTied => true;

    internal override int? HeadWidth => 256;

    internal override TransformerConfig Read(ConfigFields fields, TransformerConfig config) =>
        config with
        {
            FeedForward = FeedForwardKind.GeGlu,
            NormsLessOne = true,
            EmbeddingScale = Math.Sqrt(Math.Max(1, config.Width)),
        };
}

/// <summary>
/// Gemma 2 (arXiv:2408.00118): norms before and after each branch, bounded attention and logits, a window in every other layer.
/// </summary>
internal record Gemma2(string Name = "gemma2", string Class = "Gemma2") : Gemma(Name, Class)
{
    internal override ImmutableArray<string> Keys => ["attn_logit_softcapping", "final_logit_softcapping", "query_pre_attn_scalar"];

    internal override TransformerConfig Read(ConfigFields fields, TransformerConfig config) =>
        Windows.Read(
            fields,
            WithScale(fields, base.Read(fields, config)) with
            {
                AttentionCap = Cap(fields, "attn_logit_softcapping", 50),
                LogitCap = Cap(fields, "final_logit_softcapping", 30),
            },
            4096,
            layer => layer % 2 == 0
        );

    internal override void Write(Utf8JsonWriter json, TransformerConfig config)
    {
        json.WriteString("hidden_activation", "gelu_pytorch_tanh");
        json.WriteNumber("query_pre_attn_scalar", Math.Round(Math.Pow(config.AttentionScale ?? 1, -2), 6));
        WriteCap(json, "attn_logit_softcapping", config.AttentionCap);
        WriteCap(json, "final_logit_softcapping", config.LogitCap);
        Windows.WriteLayers(json, config);
    }

    protected static TransformerConfig WithScale(ConfigFields fields, TransformerConfig config) =>
        config with
        {
            NormPlacement = NormPlacement.Around,
            AttentionScale = Math.Pow(fields.Real("query_pre_attn_scalar", 256), -0.5),
        };

    /// <summary>A bound; where the key is missing it is the family's, where it is null there is none.</summary>
    protected static double? Cap(ConfigFields fields, string name, double? otherwise) =>
        fields.Has(name) ? fields.Real(name, 0)
        : fields.Names.Contains(name) ? null
        : otherwise;

    private static void WriteCap(Utf8JsonWriter json, string name, double? cap)
    {
        if (cap is { } bound)
        {
            json.WriteReal(name, bound);
        }
        else
        {
            json.WriteNull(name);
        }
    }
}

/// <summary>
/// Gemma 3 (arXiv:2503.19786), the text model: Gemma 2 with normed queries and keys, a window in all layers but every sixth, and a rotary
/// base for those with a window. Its file may name a bound of attention, which its owner does not apply.
/// </summary>
internal sealed record Gemma3() : Gemma2("gemma3_text", "Gemma3")
{
    internal override ImmutableArray<string> Keys =>
        [.. base.Keys, "sliding_window_pattern", "_sliding_window_pattern", "rope_local_base_freq", "rope_parameters"];

    internal override int Context => 131_072;

    internal override double Theta => 1_000_000;

    internal override TransformerConfig Read(ConfigFields fields, TransformerConfig config)
    {
        var every = fields.Number("sliding_window_pattern", fields.Number("_sliding_window_pattern", 6));
        var (theta, scaling) = RopeFields.Read(fields, config.ContextLength, Theta, "full_attention");
        var (local, stretched) = fields.Section("rope_parameters")?.Section("sliding_attention") is null
            ? (fields.Real("rope_local_base_freq", 10_000), null)
            : RopeFields.Read(fields, config.ContextLength, 10_000, "sliding_attention");
        if (stretched is not null)
        {
            throw fields.Problem("rope_parameters", "stretches the positions of layers with a window, which is not supported");
        }

        return Windows.Read(
            fields,
            WithScale(fields, new Gemma().Read(fields, config)) with
            {
                QueryKeyNorm = true,
                LogitCap = Cap(fields, "final_logit_softcapping", null),
                RopeTheta = theta,
                RopeScaling = scaling,
                WindowRopeTheta = local,
            },
            4096,
            layer => every < 1 || (layer + 1) % every != 0
        );
    }

    internal override void Write(Utf8JsonWriter json, TransformerConfig config)
    {
        base.Write(json, config);
        json.WriteReal("rope_local_base_freq", config.WindowRopeTheta ?? 10_000);
    }
}
