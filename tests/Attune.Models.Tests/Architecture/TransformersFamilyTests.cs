using System.Text.Json;
using Attune.Core;
using Attune.Models.Files;
using Attune.Testing;

namespace Attune.Models.Tests.Architecture;

/// <summary>Tiny models of transformers 5, with today's configuration and the hub's older one: the same logits.</summary>
public sealed class TransformersFamilyTests
{
    [Theory]
    [InlineData("llama_rope_llama3")]
    [InlineData("llama_rope_yarn")]
    [InlineData("mistral_window")]
    public void Logits_are_those_of_transformers_from_either_configuration(string name)
    {
        using var golden = JsonDocument.Parse(File.ReadAllText(SharedData.Require($"golden/families/{name}/golden.json")));
        foreach (var config in new[] { "config.json", "config.hub-style.json" })
        {
            using var folder = new TemporaryFolder();
            File.Copy(SharedData.Require($"golden/families/{name}/{config}"), folder.File("config.json"));
            File.Copy(SharedData.Require($"golden/families/{name}/model.safetensors"), folder.File("model.safetensors"));
            using var model = ModelFiles.LoadLanguageModel(folder.Path);
            foreach (var text in golden.RootElement.GetProperty("forward").EnumerateArray())
            {
                Assert.InRange(TransformersGolden.Furthest(model, text.GetProperty("ids").Deserialize<int[]>()!, text), 0, 1e-4);
            }
        }
    }

    [Fact]
    public void A_leftover_window_in_a_llama_file_changes_nothing()
    {
        using var golden = JsonDocument.Parse(File.ReadAllText(SharedData.Require("../cases/llama-sliding-window/logits.json")));
        var expected = golden.RootElement.GetProperty("logits_of_last_position").Deserialize<double[]>()!;
        using var model = ModelFiles.LoadLanguageModel(SharedData.Require("../cases/llama-sliding-window/model"));
        var logits = TinyModels.Logits(model, golden.RootElement.GetProperty("ids").Deserialize<int[]>()!);
        Assert.InRange(expected.Zip(logits[^expected.Length..], (a, b) => Math.Abs(a - b)).Max(), 0, 1e-4);
    }

    /// <summary>Layers with and without a window together are not built; inside the window they are the same.</summary>
    [Fact]
    public void Where_only_some_layers_have_a_window_the_context_ends_with_it() =>
        Assert.Equal(5, ModelConfigFile.Read(SharedData.Require("../cases/qwen3-layer-types/model")).ContextLength);

    [Theory]
    [InlineData("gemma2")]
    [InlineData("gemma3_text")]
    [InlineData("phi3")]
    [InlineData("smollm3")]
    [InlineData("granite")]
    [InlineData("qwen3_moe")]
    [InlineData("llama_bias")]
    public void What_is_not_built_is_refused(string name) =>
        Assert.Throws<ModelFileException>(() => ModelConfigFile.Read(SharedData.Require($"golden/families/{name}")));
}
