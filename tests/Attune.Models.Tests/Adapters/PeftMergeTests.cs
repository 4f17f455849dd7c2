using System.Text.Json.Nodes;
using Attune.Core;
using Attune.Models.Adapters;
using Attune.Models.Files;
using Attune.Testing;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Models.Tests.Adapters;

/// <summary>Adapters' files merged into a base, where no golden file of PEFT's has the case.</summary>
public sealed class PeftMergeTests : IDisposable
{
    private const string Query = "model.layers.1.self_attn.q_proj";
    private readonly TemporaryFolder _origin = new();
    private readonly TemporaryFolder _adapter = new();

    public void Dispose()
    {
        _origin.Dispose();
        _adapter.Dispose();
    }

    [Theory]
    [InlineData(AdapterKind.Lora)]
    [InlineData(AdapterKind.Dora)]
    public void An_adapter_of_joint_heads_is_one_thing_in_training_in_the_file_and_merged(AdapterKind kind)
    {
        var config = TinyModels.General.Single(c => c.Family == "gpt_neox");
        var tokens = TinyModels.Tokens(config, 12, 5);
        using (var model = TinyModels.Random(config))
        {
            ModelFiles.Save(model, _origin.Path);
        }

        using var loaded = ModelFiles.LoadLanguageModel(_origin.Path);
        using var trained = AdapterTests.Noisy(loaded, new AdapterConfig { Kind = kind, Rank = 2 });
        ModelFiles.Save(trained, _adapter.Path);
        var expected = TinyModels.Logits(trained, tokens);
        using var merged = ModelFiles.LoadLanguageModel(_adapter.Path);
        Assert.InRange(Differences.Largest(expected, TinyModels.Logits(merged, tokens)), 0, 1e-4);
        using var shared = AdapterFiles.LoadLanguageModel(loaded, _adapter.Path);
        Assert.Equal(expected, TinyModels.Logits(shared, tokens));
    }

    [Fact]
    public void With_both_a_root_and_magnitudes_rows_have_the_magnitudes_lengths()
    {
        Save(
            new AdapterConfig
            {
                Kind = AdapterKind.Dora,
                Rank = 4,
                Alpha = 6,
            },
            config => config["use_rslora"] = true
        );
        using var merged = ModelFiles.LoadLanguageModel(_adapter.Path);
        using var base_ = new SafeTensorsFile(_origin.File("model.safetensors"));
        using var file = new SafeTensorsFile(_adapter.File(AdapterFiles.WeightFile));
        var weight = Read(base_, $"{Query}.weight");
        var (a, b) = (Read(file, $"base_model.model.{Query}.lora_A.weight"), Read(file, $"base_model.model.{Query}.lora_B.weight"));
        var magnitude = Read(file, $"base_model.model.{Query}.lora_magnitude_vector");
        // alpha / sqrt(r) = 6 / 2.
        var sum = weight + b.mm(a) * 3;
        var expected = sum / sum.norm(1).unsqueeze(1) * magnitude.unsqueeze(1);
        var found = merged.Weights.ExactOf("layers.1.qkv.weight").narrow(0, 0, weight.size(0));
        Assert.InRange((found - expected).abs().max().ToDouble(), 0, 1e-5);
    }

    [Fact]
    public void An_embedding_that_grew_makes_the_vocabulary_grow_and_its_head_with_it()
    {
        Save(new AdapterConfig { Targets = ["q_proj"] }, _ => { });
        var config = TinyModels.Llama;
        AddWhole("model.embed_tokens.weight", [config.VocabularySize + 3, config.Width]);
        var problem = Assert.Throws<ModelFileException>(() => ModelFiles.LoadLanguageModel(_adapter.Path));
        Assert.Contains("the base's lm_head.weight has shape", problem.Message, StringComparison.Ordinal);

        AddWhole("lm_head.weight", [config.VocabularySize + 3, config.Width]);
        using var merged = ModelFiles.LoadLanguageModel(_adapter.Path);
        Assert.Equal(config.VocabularySize + 3, merged.Config.VocabularySize);
        Assert.Equal(merged.Config.VocabularySize, TinyModels.Logits(merged, [config.VocabularySize + 2]).Length);
    }

    [Fact]
    public void A_half_of_an_adapter_is_missed_by_name()
    {
        Save(new AdapterConfig { Targets = ["q_proj"] }, _ => { });
        Rewrite(t => t.Name != $"base_model.model.{Query}.lora_B.weight", []);
        var problem = Assert.Throws<ModelFileException>(() => ModelFiles.LoadLanguageModel(_adapter.Path));
        Assert.Contains($"missing the B of {Query}", problem.Message, StringComparison.Ordinal);
    }

    private void Save(AdapterConfig config, Action<JsonObject> change)
    {
        using (var model = TinyModels.Random(TinyModels.Llama with { TiedHead = false }))
        {
            ModelFiles.Save(model, _origin.Path);
        }

        using var loaded = ModelFiles.LoadLanguageModel(_origin.Path);
        using var adapted = AdapterTests.Noisy(loaded, config);
        ModelFiles.Save(adapted, _adapter.Path);
        var written = JsonNode.Parse(File.ReadAllText(_adapter.File(AdapterFiles.ConfigFile)))!.AsObject();
        change(written);
        _adapter.WriteText(AdapterFiles.ConfigFile, written.ToJsonString());
    }

    private void AddWhole(string name, long[] shape) =>
        Rewrite(
            _ => true,
            [new SafeTensorsSource($"base_model.model.{name}", [.. shape], () => TestNumbers(shape.Aggregate(1L, (p, s) => p * s)))]
        );

    private void Rewrite(Func<SafeTensorsSource, bool> kept, SafeTensorsSource[] added)
    {
        SafeTensorsSource[] all;
        using (var file = new SafeTensorsFile(_adapter.File(AdapterFiles.WeightFile)))
        {
            all =
            [
                .. file.Entries.Select(e =>
                {
                    var values = new float[e.Length];
                    file.Read(e, values);
                    return new SafeTensorsSource(e.Name, e.Shape, () => values);
                }),
            ];
        }

        SafeTensorsWriter.Write(_adapter.File(AdapterFiles.WeightFile), [.. all.Where(kept), .. added], WeightType.F32);
    }

    private static float[] TestNumbers(long count) => [.. Enumerable.Range(0, (int)count).Select(i => (float)Math.Sin(i))];

    private static Tensor Read(SafeTensorsFile file, string name)
    {
        var entry = file.Find(name)!;
        var values = new float[entry.Length];
        file.Read(entry, values);
        return tensor(values).view([.. entry.Shape]);
    }
}
