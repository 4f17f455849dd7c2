using System.Text.Json;
using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Models.Architecture;
using Attune.Models.Decoding;
using Attune.Models.Files;
using Attune.Models.Weights;
using Attune.Testing;
using static TorchSharp.torch;

namespace Attune.Models.Tests.Architecture;

/// <summary>
/// Tiny models of transformers 5, with today's configuration and the hub's older one: the same logits, gradients and greedy answers.
/// </summary>
public sealed class TransformersFamilyTests
{
    public static TheoryData<string> Families =>
        [
            "llama_rope_llama3",
            "llama_rope_yarn",
            "mistral_window",
            "ministral",
            "qwen2_window",
            "llama_bias",
            "gemma2",
            "gemma3_text",
            "granite",
            "smollm3",
            "phi3",
            "phi4_mini",
            "olmo2",
            "stablelm",
            "gpt_neox",
            "qwen3_moe",
            "mixtral",
            "gpt_oss",
        ];

    [Theory]
    [MemberData(nameof(Families))]
    public void Logits_are_those_of_transformers_from_either_configuration(string name)
    {
        using var golden = Golden(name);
        foreach (var config in new[] { "config.json", "config.hub-style.json" })
        {
            using var folder = Folder(name, config);
            using var model = ModelFiles.LoadLanguageModel(folder.Path);
            AssertLogits(golden.RootElement, model);
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void What_is_saved_is_read_as_the_same_model(string name)
    {
        using var golden = Golden(name);
        using var folder = Folder(name, "config.json");
        using var saved = new TemporaryFolder();
        using (var model = ModelFiles.LoadLanguageModel(folder.Path))
        {
            ModelFiles.Save(model, saved.Path);
        }

        using var again = ModelFiles.LoadLanguageModel(saved.Path);
        Assert.Equal(ModelConfigFile.Read(folder.Path), again.Config);
        AssertLogits(golden.RootElement, again);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Greedy_answers_are_those_of_transformers_one_by_one_and_together(string name)
    {
        using var golden = Golden(name);
        using var folder = Folder(name, "config.json");
        using var model = ModelFiles.LoadLanguageModel(folder.Path);
        using var decoder = new TorchDecoder(model.Config);
        decoder.Load(model);
        var texts = golden.RootElement.GetProperty("greedy").EnumerateArray().ToArray();
        var requests = Array.ConvertAll(texts, t => new SampleRequest([.. t.GetProperty("prompt").Deserialize<int[]>()!], new Seed(1)));
        foreach (var batch in new[] { 1, texts.Length })
        {
            var options = new SamplingOptions
            {
                Temperature = 0,
                MaxNewTokens = 16,
                BatchSize = batch,
            };
            var answers = decoder.Sample(requests, options, 0, null, TestContext.Current.CancellationToken);
            foreach (var (text, answer) in texts.Zip(answers))
            {
                Assert.Equal(text.GetProperty("tokens").Deserialize<int[]>()!, answer.Sequence.Answer.ToArray().AsEnumerable());
            }
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Loss_and_gradients_are_those_of_transformers(string name)
    {
        using var golden = Golden(name);
        using var folder = Folder(name, "config.json");
        using var model = ModelFiles.LoadLanguageModel(folder.Path);
        var training = golden.RootElement.GetProperty("training");
        using var scope = NewDisposeScope();
        var texts = golden.RootElement.GetProperty("forward").EnumerateArray().Select(t => t.GetProperty("ids").Deserialize<long[]>()!);
        var loss = Loss(model, [.. texts]) / training.GetProperty("tokens").GetInt32();
        Assert.InRange(loss.item<float>() - training.GetProperty("loss").GetDouble(), -1e-4, 1e-4);
        loss.backward();
        var files = HuggingFaceTensor.Of(model.Config, HeadKind.Language).ToLookup(t => t.Name);
        foreach (var expected in training.GetProperty("gradients").EnumerateObject())
        {
            var gradient = stack(files[expected.Name].Select(file => Gradient(model, file)));
            var norm = expected.Value.GetProperty("norm").GetDouble();
            Assert.InRange(gradient.norm().item<float>() - norm, -1e-4 * (1 + norm), 1e-4 * (1 + norm));
            var first = expected.Value.GetProperty("first3").Deserialize<double[]>()!;
            foreach (var (index, value) in first.Index())
            {
                Assert.InRange(gradient.flatten()[index].item<float>() - value, -1e-4, 1e-4);
            }
        }
    }

    /// <summary>As the file has the parameter; an expert that no token chose has none.</summary>
    private static Tensor Gradient(LanguageModel model, HuggingFaceTensor file)
    {
        var weight = model.Weights[file.Slot];
        var together = file.Together((weight.grad ?? zeros_like(weight)).narrow(0, file.FirstRow, file.Rows));
        return file.Transposed ? together.t() : together;
    }

    /// <summary>The sum of all tokens' cross entropies, of texts in one batch, padded on the right.</summary>
    private static Tensor Loss(LanguageModel model, long[][] texts)
    {
        const long padding = -100;
        var longest = texts.Max(t => t.Length);
        Tensor Filled(Func<long[], IEnumerable<long>> row, long filler) =>
            stack(texts.Select(t => tensor(row(t).Concat(Enumerable.Repeat(filler, longest - row(t).Count())).ToArray())));
        var logits = model.Logits(model.Trunk.Hidden(Filled(t => t, 0)));
        var next = Filled(t => t.Skip(1), padding);
        return nn.functional.cross_entropy(logits.flatten(0, 1), next.flatten(), ignore_index: padding, reduction: nn.Reduction.Sum);
    }

    private static JsonDocument Golden(string name) =>
        JsonDocument.Parse(File.ReadAllText(SharedData.Require($"golden/families/{name}/golden.json")));

    private static TemporaryFolder Folder(string name, string config)
    {
        var folder = new TemporaryFolder();
        File.Copy(SharedData.Require($"golden/families/{name}/{config}"), folder.File("config.json"));
        File.Copy(SharedData.Require($"golden/families/{name}/model.safetensors"), folder.File("model.safetensors"));
        return folder;
    }

    private static void AssertLogits(JsonElement golden, LanguageModel model)
    {
        foreach (var text in golden.GetProperty("forward").EnumerateArray())
        {
            Assert.InRange(TransformersGolden.Furthest(model, text.GetProperty("ids").Deserialize<int[]>()!, text), 0, 1e-4);
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

    [Fact]
    public void Layers_with_and_without_a_window_are_told_apart()
    {
        var config = ModelConfigFile.Read(SharedData.Require("../cases/qwen3-layer-types/model"));
        Assert.Contains(true, config.WindowedLayers!.Span.ToArray());
        Assert.Contains(false, config.WindowedLayers!.Span.ToArray());
    }
}
