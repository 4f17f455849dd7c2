using System.Collections.Immutable;
using System.Text.Json;
using Attune.Models.Configuration;
using Attune.Models.Files.Fields;

namespace Attune.Models.Files.Families;

/// <summary>Qwen 3 with experts in all layers or some (arXiv:2505.09388); a window, where it is switched on, is in all.</summary>
internal sealed record Qwen3Moe() : LlamaFamily("qwen3_moe", "Qwen3Moe")
{
    internal override ImmutableArray<string> Keys =>
        [.. MixtureFields.Keys, "moe_intermediate_size", "norm_topk_prob", "decoder_sparse_step", "mlp_only_layers"];

    internal override int Context => 32_768;

    internal override TransformerConfig Read(ConfigFields fields, TransformerConfig config)
    {
        config = config with { QueryKeyNorm = true };
        config = fields.Flag("use_sliding_window", false) ? Windows.ReadForAll(fields, config, 4096) : config;
        var experts = MixtureFields.Read(fields, 128, 8, fields.Number("moe_intermediate_size", 768)) with
        {
            SharesSumToOne = fields.Flag("norm_topk_prob", false),
        };
        var layers = Layers(fields, config.Layers);
        return config with
        {
            Experts = layers.Contains(true) ? experts with { Layers = layers.Contains(false) ? new ValueList<bool>(layers) : null } : null,
        };
    }

    /// <summary>Every so many layers have experts, those excepted that are named.</summary>
    private static bool[] Layers(ConfigFields fields, int count)
    {
        var step = fields.Number("decoder_sparse_step", 1);
        if (step < 1)
        {
            throw fields.Problem("decoder_sparse_step", $"is {step}; expected 1 or more");
        }

        var plain = (fields.Reals("mlp_only_layers") ?? []).ToHashSet();
        return [.. Enumerable.Range(0, Math.Clamp(count, 0, 4096)).Select(i => !plain.Contains(i) && (i + 1) % step == 0)];
    }

    internal override void Write(Utf8JsonWriter json, TransformerConfig config)
    {
        json.WriteBoolean("use_sliding_window", config.SlidingWindow is not null);
        var experts = config.Experts ?? new Experts(1, 1, config.HiddenWidth);
        MixtureFields.Write(json, "num_experts", experts);
        json.WriteNumber("moe_intermediate_size", experts.HiddenWidth);
        json.WriteBoolean("norm_topk_prob", experts.SharesSumToOne);
        json.WriteNumber("decoder_sparse_step", 1);
        json.WriteStartArray("mlp_only_layers");
        foreach (var layer in Enumerable.Range(0, config.Layers).Where(i => !config.HasExperts(i)))
        {
            json.WriteNumberValue(layer);
        }

        json.WriteEndArray();
    }
}
