using System.Collections.Immutable;
using System.Text.Json;
using Attune.Models.Configuration;
using Attune.Models.Files.Fields;

namespace Attune.Models.Files.Families;

/// <summary>Granite: Llama with four numbers, each 1 where its key is missing.</summary>
internal sealed record Granite() : LlamaFamily("granite", "Granite")
{
    internal override ImmutableArray<string> Keys =>
        ["embedding_multiplier", "residual_multiplier", "attention_multiplier", "logits_scaling"];

    internal override TransformerConfig Read(ConfigFields fields, TransformerConfig config) =>
        config with
        {
            EmbeddingScale = fields.Real("embedding_multiplier", 1),
            BranchScale = fields.Real("residual_multiplier", 1),
            AttentionScale = fields.Real("attention_multiplier", 1),
            LogitScale = 1 / fields.Real("logits_scaling", 1),
        };

    internal override void Write(Utf8JsonWriter json, TransformerConfig config)
    {
        json.WriteReal("embedding_multiplier", config.EmbeddingScale);
        json.WriteReal("residual_multiplier", config.BranchScale);
        json.WriteReal("attention_multiplier", config.AttentionScale ?? 1);
        json.WriteReal("logits_scaling", 1 / config.LogitScale);
    }
}
