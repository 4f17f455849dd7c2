using System.Collections.Immutable;
using System.Text.Json;
using Attune.Models.Configuration;
using Attune.Models.Files.Fields;

namespace Attune.Models.Files.Families;

/// <summary>
/// gpt-oss (arXiv:2508.10925): experts with biases and bounded gates, a number of each head's own in the softmax, and a window in every
/// other layer. Without a word on rotary positions they are stretched by YaRN.
/// </summary>
internal sealed record GptOss() : LlamaFamily("gpt_oss", "GptOss")
{
    // What its owner takes where the file says nothing.
    private static readonly RopeScaling Stretched = new(RopeScalingKind.Yarn, 32, 4096, 1, 32, RopeScaling.YarnAttention(32))
    {
        IsRounded = false,
    };

    // experts_per_token is an older name that nothing reads.
    internal override ImmutableArray<string> Keys =>
        [.. MixtureFields.Keys, "experts_per_token", "swiglu_limit", "swiglu_alpha", "quantization_config"];

    internal override int Context => 131_072;

    internal override double NormEpsilon => 1e-5;

    internal override double Theta => 150_000;

    internal override int? HeadWidth => 64;

    internal override bool NeedsWindow => true;

    internal override TransformerConfig Read(ConfigFields fields, TransformerConfig config)
    {
        const string quantised = "quantization_config";
        if (fields.Has(quantised))
        {
            throw fields.Problem(
                quantised,
                "says that the experts are in blocks (MXFP4), which are not read. Give a copy in bfloat16: load it in transformers with "
                    + "Mxfp4Config(dequantize=True) and save it"
            );
        }

        return Windows.Read(fields, config, 128, layer => layer % 2 == 0) with
        {
            Biases = fields.Flag("attention_bias", true) ? BiasKind.Attention : BiasKind.None,
            AttentionSinks = true,
            FeedForward = FeedForwardKind.BoundedSwiGlu,
            GateBound = fields.Real("swiglu_limit", 7),
            GateSlope = fields.Real("swiglu_alpha", 1.702),
            Experts = MixtureFields.Read(fields, 128, 4, config.HiddenWidth) with { IsBiased = true },
            RopeScaling = fields.Has("rope_parameters") || fields.Has("rope_scaling") ? config.RopeScaling : Stretched,
        };
    }

    internal override void Write(Utf8JsonWriter json, TransformerConfig config)
    {
        Windows.WriteLayers(json, config);
        MixtureFields.Write(json, "num_local_experts", config.Experts!);
        json.WriteReal("swiglu_limit", config.GateBound);
        json.WriteReal("swiglu_alpha", config.GateSlope);
        if (config.RopeScaling is null)
        {
            json.WriteStartObject("rope_parameters");
            json.WriteString("rope_type", "default");
            json.WriteReal("rope_theta", config.RopeTheta);
            json.WriteEndObject();
        }
    }
}
