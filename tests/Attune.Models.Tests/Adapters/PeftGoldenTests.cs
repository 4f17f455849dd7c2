using System.Text.Json;
using Attune.Core;
using Attune.Models.Files;
using Attune.Models.Tests.Architecture;
using Attune.Testing;

namespace Attune.Models.Tests.Adapters;

/// <summary>Adapters as PEFT saves them, and those that must be refused.</summary>
public sealed class PeftGoldenTests
{
    [Theory]
    [InlineData("all_linear")]
    [InlineData("dora")]
    [InlineData("exclude_modules")]
    [InlineData("layers_to_transform")]
    [InlineData("rslora")]
    [InlineData("target_regex")]
    public void An_adapter_adds_to_its_base_what_peft_adds(string name)
    {
        var folder = SharedData.Require($"golden/peft/{name}");
        using var origin = ModelFiles.LoadLanguageModel(SharedData.Require("golden/peft/base"));
        using var model = AdapterFiles.LoadLanguageModel(origin, folder);
        using var golden = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "golden.json")));
        var ids = golden.RootElement.GetProperty("ids").Deserialize<int[]>()!;
        Assert.InRange(TransformersGolden.Furthest(model, ids, golden.RootElement.GetProperty("with_adapter")), 0, 1e-4);
    }

    [Theory]
    [InlineData("bias_lora_only", "bias is 'lora_only'")]
    [InlineData("ia3", "peft_type is 'IA3'")]
    [InlineData("init_pissa_original_base", "init_lora_weights is pissa")]
    [InlineData("lora_bias", "lora_bias is true")]
    [InlineData("loha", "peft_type is 'LOHA'")]
    [InlineData("modules_to_save", "modules_to_save names embed_tokens")]
    [InlineData("rank_pattern", "rank_pattern is")]
    [InlineData("trainable_tokens", "trainable_token_indices is")]
    [InlineData("vera", "peft_type is 'VERA'")]
    public void What_is_not_built_is_refused_by_name(string name, string message)
    {
        var folder = SharedData.Require($"golden/peft/{name}");
        using var origin = ModelFiles.LoadLanguageModel(SharedData.Require("golden/peft/base"));
        Assert.Contains(
            message,
            Assert.Throws<ModelFileException>(() => AdapterFiles.LoadLanguageModel(origin, folder)).Message,
            StringComparison.Ordinal
        );
    }
}
