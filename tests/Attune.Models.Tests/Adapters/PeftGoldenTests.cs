using System.Text.Json;
using Attune.Core;
using Attune.Models.Architecture;
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
    [InlineData("init_pissa_converted")]
    [InlineData("layers_to_transform")]
    [InlineData("rslora")]
    [InlineData("target_regex")]
    public void An_adapter_that_shares_its_base_adds_what_peft_adds(string name)
    {
        var folder = SharedData.Require($"golden/peft/{name}");
        using var origin = ModelFiles.LoadLanguageModel(SharedData.Require("golden/peft/base"));
        using var model = AdapterFiles.LoadLanguageModel(origin, folder);
        AssertComputes(model, folder);
    }

    [Theory]
    [InlineData("all_linear")]
    [InlineData("bias_lora_only")]
    [InlineData("dora")]
    [InlineData("exclude_modules")]
    [InlineData("init_loftq")]
    [InlineData("init_olora")]
    [InlineData("init_pissa")]
    [InlineData("init_pissa_converted")]
    [InlineData("layers_to_transform")]
    [InlineData("lora_bias")]
    [InlineData("lora_embedding")]
    [InlineData("lora_embedding_tied")]
    [InlineData("lora_lm_head")]
    [InlineData("lora_lm_head_tied")]
    [InlineData("modules_to_save")]
    [InlineData("modules_to_save_tied")]
    [InlineData("modules_to_save_tied_ensure")]
    [InlineData("rank_pattern")]
    [InlineData("rslora")]
    [InlineData("target_regex")]
    [InlineData("trainable_tokens")]
    [InlineData("trainable_tokens_tied")]
    public void A_merged_model_computes_what_peft_does_with_the_adapter_in_place(string name)
    {
        var folder = SharedData.Require($"golden/peft/{name}");
        using var merged = Merged(folder);
        AssertComputes(merged, folder);

        using var saved = new TemporaryFolder();
        ModelFiles.Save(merged, saved.Path);
        using var again = ModelFiles.LoadLanguageModel(saved.Path);
        AssertComputes(again, folder);
    }

    [Theory]
    [InlineData("modules_to_save_tied_ensure", true)]
    [InlineData("trainable_tokens_tied", true)]
    [InlineData("lora_embedding_tied", false)]
    [InlineData("lora_lm_head_tied", false)]
    [InlineData("modules_to_save_tied", false)]
    public void A_head_that_no_longer_is_the_embedding_becomes_a_matrix_of_its_own(string name, bool tied)
    {
        using var merged = Merged(SharedData.Require($"golden/peft/{name}"));
        Assert.Equal(tied, merged.Config.TiedHead);
    }

    [Theory]
    [InlineData("bias_lora_only", "has bias, with")]
    [InlineData("modules_to_save", "has modules_to_save, with")]
    [InlineData("rank_pattern", "has rank_pattern and alpha_pattern, with")]
    public void What_can_only_be_merged_says_so_where_it_should_be_trained_on(string name, string message)
    {
        var folder = SharedData.Require($"golden/peft/{name}");
        using var origin = ModelFiles.LoadLanguageModel(SharedData.Require("golden/peft/base"));
        Assert.False(AdapterFiles.IsTrainable(folder));
        var problem = Assert.Throws<ModelFileException>(() => AdapterFiles.LoadLanguageModel(origin, folder));
        Assert.Contains(message, problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ia3", "peft_type is 'IA3'")]
    [InlineData("init_pissa_original_base", "init_lora_weights is pissa")]
    [InlineData("loha", "peft_type is 'LOHA'")]
    [InlineData("vera", "peft_type is 'VERA'")]
    public void What_is_not_built_is_refused_by_name(string name, string message)
    {
        var folder = SharedData.Require($"golden/peft/{name}");
        var problem = Assert.Throws<ModelFileException>(() => Merged(folder));
        Assert.Contains(message, problem.Message, StringComparison.Ordinal);
    }

    private static LanguageModel Merged(string folder)
    {
        using var golden = Golden(folder);
        using var origin = ModelFiles.LoadLanguageModel(
            SharedData.Require($"golden/peft/{golden.RootElement.GetProperty("base").GetString()}")
        );
        return AdapterFiles.MergeLanguageModel(origin, folder);
    }

    private static void AssertComputes(LanguageModel model, string folder)
    {
        using var golden = Golden(folder);
        var ids = golden.RootElement.GetProperty("ids").Deserialize<int[]>()!;
        Assert.InRange(TransformersGolden.Furthest(model, ids, golden.RootElement.GetProperty("with_adapter")), 0, 1e-4);
    }

    private static JsonDocument Golden(string folder) => JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "golden.json")));
}
