using System.Text.Json;
using Attune.Models.Configuration;
using Attune.Models.Files.Fields;

namespace Attune.Models.Files.Families;

/// <summary>Windows of attention, in all layers of a model or in some.</summary>
internal static class Windows
{
    private const string Full = "full_attention";
    private const string Sliding = "sliding_attention";

    /// <summary>A window in the layers that <c>layer_types</c> names, else in those that a rule of the family gives.</summary>
    /// <param name="otherwise">The window where the key is missing; null is none.</param>
    /// <param name="windowed">Whether a layer has it that no name tells of.</param>
    internal static TransformerConfig Read(ConfigFields fields, TransformerConfig config, int? otherwise, Func<int, bool> windowed) =>
        Of(fields, config, otherwise, windowed, fields.Texts("layer_types"));

    /// <summary>A window in all layers, for families without <c>layer_types</c>.</summary>
    internal static TransformerConfig ReadForAll(ConfigFields fields, TransformerConfig config, int? otherwise) =>
        Of(fields, config, otherwise, _ => true, []);

    private static TransformerConfig Of(
        ConfigFields fields,
        TransformerConfig config,
        int? otherwise,
        Func<int, bool> windowed,
        string[] kinds
    )
    {
        var isNull = fields.Names.Contains("sliding_window") && !fields.Has("sliding_window");
        if (isNull || (otherwise is null && !fields.Has("sliding_window")))
        {
            return config;
        }

        var window = fields.Number("sliding_window", otherwise);
        if (kinds.Except([Full, Sliding]).FirstOrDefault() is { } other)
        {
            throw fields.Problem("layer_types", $"names '{other}'; supported are {Full} and {Sliding}");
        }

        if (kinds.Length > 0 && kinds.Length != config.Layers)
        {
            throw fields.Problem("layer_types", $"names {kinds.Length} layers; the model has {config.Layers}");
        }

        bool[] layers =
        [
            .. Enumerable.Range(0, Math.Clamp(config.Layers, 0, 4096)).Select(i => kinds.Length > 0 ? kinds[i] == Sliding : windowed(i)),
        ];
        return !layers.Contains(true) || window >= config.ContextLength
            ? config
            : config with
            {
                SlidingWindow = window,
                WindowedLayers = layers.Contains(false) ? new ValueList<bool>(layers) : null,
            };
    }

    /// <summary><c>sliding_window</c>, null where there is none.</summary>
    internal static void Write(Utf8JsonWriter json, int? window)
    {
        if (window is { } tokens)
        {
            json.WriteNumber("sliding_window", tokens);
        }
        else
        {
            json.WriteNull("sliding_window");
        }
    }

    /// <summary><c>layer_types</c>, for families that have it.</summary>
    internal static void WriteLayers(Utf8JsonWriter json, TransformerConfig config)
    {
        json.WriteStartArray("layer_types");
        for (var layer = 0; layer < config.Layers; layer++)
        {
            json.WriteStringValue(config.HasWindow(layer) ? Sliding : Full);
        }

        json.WriteEndArray();
    }
}
