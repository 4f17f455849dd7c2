using System.Collections.Immutable;
using System.Text.Json;
using Attune.Models.Configuration;
using Attune.Models.Files.Fields;

namespace Attune.Models.Files.Families;

/// <summary>StableLM 2: LayerNorm, and a quarter of each head turned.</summary>
internal sealed record StableLm() : LlamaFamily("stablelm", "StableLm")
{
    internal override ImmutableArray<string> Keys =>
        ["partial_rotary_factor", "use_qkv_bias", "qk_layernorm", "use_parallel_residual", "layer_norm_eps"];

    internal override int Context => 4096;

    internal override string NormKey => "layer_norm_eps";

    internal override double NormEpsilon => 1e-5;

    internal override TransformerConfig Read(ConfigFields fields, TransformerConfig config)
    {
        fields.Refuse("qk_layernorm", "use_parallel_residual");
        return RopeFields.WithShare(fields, config, 0.25) with
        {
            Norm = NormKind.LayerNorm,
            Biases = fields.Flag("use_qkv_bias", false) ? BiasKind.QueryKeyValue : BiasKind.None,
        };
    }

    internal override void Write(Utf8JsonWriter json, TransformerConfig config)
    {
        json.WriteReal("partial_rotary_factor", (double)config.RotaryWidth / config.HeadWidth);
        json.WriteBoolean("use_qkv_bias", config.Biases == BiasKind.QueryKeyValue);
        json.WriteBoolean("qk_layernorm", false);
        json.WriteBoolean("use_parallel_residual", false);
    }
}
