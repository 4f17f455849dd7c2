using System.Collections.Immutable;
using System.Text.Json;
using Attune.Models.Configuration;
using Attune.Models.Files.Fields;

namespace Attune.Models.Files.Families;

/// <summary>Mixtral (arXiv:2401.04088): Mistral with experts in all layers, and no window unless one is named.</summary>
internal sealed record Mixtral() : LlamaFamily("mixtral", "Mixtral")
{
    internal override ImmutableArray<string> Keys => [.. MixtureFields.Keys, "router_jitter_noise"];

    internal override int Context => 4096 * 32;

    internal override double NormEpsilon => 1e-5;

    internal override double Theta => 1_000_000;

    internal override TransformerConfig Read(ConfigFields fields, TransformerConfig config)
    {
        // Noise on the experts' inputs in training.
        fields.RefuseUnless("router_jitter_noise", "0", "0.0");
        return Windows.ReadForAll(fields, config, null) with { Experts = MixtureFields.Read(fields, 8, 2, config.HiddenWidth) };
    }

    internal override void Write(Utf8JsonWriter json, TransformerConfig config) =>
        MixtureFields.Write(json, "num_local_experts", config.Experts!);
}
