using System.Collections.Immutable;
using System.Text.Json;
using Attune.Models.Configuration;
using Attune.Models.Files.Fields;

namespace Attune.Models.Files.Families;

/// <summary>
/// Phi-3 and Phi-4-mini: Llama with joint matrices in its files, part of a head turned, and positions stretched number by number.
/// </summary>
internal sealed record Phi3() : LlamaFamily("phi3", "Phi3")
{
    internal override ImmutableArray<string> Keys => ["partial_rotary_factor"];

    internal override int Context => 4096;

    internal override double NormEpsilon => 1e-5;

    internal override TransformerConfig Read(ConfigFields fields, TransformerConfig config) =>
        Windows.ReadForAll(fields, RopeFields.WithShare(fields, config, 1), null);

    internal override void Write(Utf8JsonWriter json, TransformerConfig config)
    {
        json.WriteReal("partial_rotary_factor", (double)config.RotaryWidth / config.HeadWidth);
        json.WriteNumber("original_max_position_embeddings", (int)(config.RopeScaling?.OriginalContext ?? config.ContextLength));
        // Its owner's default lies beyond many vocabularies.
        json.WriteNull("pad_token_id");
    }
}
