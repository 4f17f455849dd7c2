using System.Text.Json;
using Attune.Models.Configuration;
using Attune.Models.Files.Fields;

namespace Attune.Models.Files.Families;

/// <summary>Mistral: a window of 4096 over all layers where the key is missing, none where it is null.</summary>
internal sealed record Mistral() : LlamaFamily("mistral", "Mistral")
{
    internal override int Context => 4096 * 32;

    internal override TransformerConfig Read(ConfigFields fields, TransformerConfig config) => Windows.ReadForAll(fields, config, 4096);
}

/// <summary>Ministral: Mistral with the window in the layers that <c>layer_types</c> names, in all where it is missing.</summary>
internal sealed record Ministral() : LlamaFamily("ministral", "Ministral")
{
    internal override int Context => 131_072;

    internal override TransformerConfig Read(ConfigFields fields, TransformerConfig config) =>
        Windows.Read(fields, config, 4096, _ => true);

    internal override void Write(Utf8JsonWriter json, TransformerConfig config) => Windows.WriteLayers(json, config);
}

/// <summary>Qwen 2 and 3: the window has a switch, and the lowest layers, 28 of them where it is not said, do without it.</summary>
internal sealed record Qwen(string Name, string Class) : LlamaFamily(Name, Class)
{
    internal override int Context => 32_768;

    internal override int? HeadWidth => Name == "qwen3" ? 128 : null;

    internal override TransformerConfig Read(ConfigFields fields, TransformerConfig config)
    {
        var lowest = fields.Number("max_window_layers", 28);
        config = config with { QueryKeyNorm = Name == "qwen3", Biases = Name == "qwen2" ? BiasKind.QueryKeyValue : config.Biases };
        return fields.Flag("use_sliding_window", false) ? Windows.Read(fields, config, 4096, layer => layer >= lowest) : config;
    }

    internal override void Write(Utf8JsonWriter json, TransformerConfig config)
    {
        json.WriteBoolean("use_sliding_window", config.SlidingWindow is not null);
        json.WriteNumber("max_window_layers", 0);
        if (config.SlidingWindow is not null)
        {
            Windows.WriteLayers(json, config);
        }
    }
}
