using System.Collections.Immutable;
using System.Text.Json;
using Attune.Models.Configuration;
using Attune.Models.Files.Fields;

namespace Attune.Models.Files.Families;

/// <summary>SmolLM3: Llama in which every fourth layer has no rotary positions; a window, where it is switched on, is in those.</summary>
internal sealed record SmolLm3() : LlamaFamily("smollm3", "SmolLM3")
{
    internal override ImmutableArray<string> Keys => ["no_rope_layers", "no_rope_layer_interval"];

    internal override int Context => 32_768;

    internal override double Theta => 2_000_000;

    internal override bool IsTied => true;

    internal override TransformerConfig Read(ConfigFields fields, TransformerConfig config)
    {
        var every = fields.Number("no_rope_layer_interval", 4);
        // A one stands for a layer that has rotary positions.
        var turned = fields.Reals("no_rope_layers");
        if (turned is { Length: > 0 } && turned.Length != config.Layers)
        {
            throw fields.Problem("no_rope_layers", $"names {turned.Length} layers; the model has {config.Layers}");
        }

        bool[] unturned =
        [
            .. Enumerable
                .Range(0, Math.Clamp(config.Layers, 0, 4096))
                .Select(i => turned is { Length: > 0 } ? turned[i] == 0 : every > 0 && (i + 1) % every == 0),
        ];
        config = config with { UnturnedLayers = unturned.Contains(true) ? new ValueList<bool>(unturned) : null };
        return fields.Flag("use_sliding_window", false) ? Windows.Read(fields, config, null, layer => unturned[layer]) : config;
    }

    internal override void Write(Utf8JsonWriter json, TransformerConfig config)
    {
        json.WriteStartArray("no_rope_layers");
        for (var layer = 0; layer < config.Layers; layer++)
        {
            json.WriteNumberValue(config.IsTurned(layer) ? 1 : 0);
        }

        json.WriteEndArray();
        json.WriteBoolean("use_sliding_window", config.SlidingWindow is not null);
        Windows.WriteLayers(json, config);
        // Its owner's default lies beyond many vocabularies.
        json.WriteNull("pad_token_id");
    }
}
