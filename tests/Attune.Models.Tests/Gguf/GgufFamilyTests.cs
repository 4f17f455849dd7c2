using System.Text.Json;
using Attune.Core;
using Attune.Models.Architecture;
using Attune.Models.Configuration;
using Attune.Models.Files;
using Attune.Models.Gguf;
using Attune.Models.Tests.Architecture;
using Attune.Testing;
using Attune.Text.Gguf;

namespace Attune.Models.Tests.Gguf;

/// <summary>Files of every architecture that llama.cpp and Attune have in common.</summary>
public sealed class GgufFamilyTests
{
    public static TheoryData<string> Names => ["gemma2", "granite", "llama3_rope", "phi3_longrope", "qwen3", "smollm3"];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_file_of_llama_cpps_makes_the_model_that_transformers_has(string name)
    {
        using var golden = Golden(name);
        using var model = ModelFiles.LoadLanguageModel(SharedData.Require($"golden/gguf/families/{name}.gguf"));
        AssertComputes(model, golden.RootElement);
        using var folder = new TemporaryFolder();
        ModelFiles.Save(model, folder.Path);
        using var again = ModelFiles.LoadLanguageModel(folder.Path);
        AssertComputes(again, golden.RootElement);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void What_is_written_has_the_keys_and_tensors_that_llama_cpp_asks_for(string name)
    {
        using var golden = Golden(name);
        using var model = ModelFiles.LoadLanguageModel(SharedData.Require($"golden/gguf/families/{name}.gguf"));
        using var folder = new TemporaryFolder();
        GgufExport.Write(model, null, folder.File("model.gguf"), "tiny", GgufType.F32);
        using var ours = new GgufFile(folder.File("model.gguf"));
        using var theirs = new GgufFile(SharedData.Require($"golden/gguf/families/{name}.gguf"));
        var architecture = golden.RootElement.GetProperty("architecture").GetString();
        Assert.Equal(
            theirs
                .Fields.Where(f => f.Key.StartsWith(architecture + ".", StringComparison.Ordinal))
                .OrderBy(f => f.Key, StringComparer.Ordinal),
            ours.Fields.Where(f => f.Key.StartsWith(architecture + ".", StringComparison.Ordinal))
                .OrderBy(f => f.Key, StringComparer.Ordinal)
        );
        foreach (var entry in theirs.Entries)
        {
            var own = ours.Find(entry.Name);
            Assert.True(own is not null, entry.Name);
            Assert.Equal(entry.Shape, own.Shape);
            Assert.InRange(Differences.Largest(theirs.Read(entry), ours.Read(own)), 0, 1e-5);
        }
    }

    [Fact]
    public void Every_family_comes_back_as_it_was()
    {
        foreach (var config in TinyModels.General.Concat(TinyModels.Others).Where(c => c.Family != "smollm3"))
        {
            using var model = TinyModels.Random(config);
            using var folder = new TemporaryFolder();
            GgufExport.Write(model, null, folder.File("model.gguf"), "tiny", GgufType.F32);
            using var again = ModelFiles.LoadLanguageModel(folder.File("model.gguf"));
            // A window that llama.cpp does not apply is left out by a context no longer than it.
            var tokens = TinyModels.Tokens(config, Math.Min(20, again.Config.ContextLength), 5);
            var gap = Differences.Largest(TinyModels.Logits(model, tokens), TinyModels.Logits(again, tokens));
            Assert.True(gap <= 1e-5, $"{config}: {gap}");
        }
    }

    public static TheoryData<string, string> Refused =>
        new()
        {
            { "smollm3", "other layers without rotary positions than every fourth" },
            { "gemma2", "this order of layers with a window" },
            { "yarn", "YaRN with other bounds than 1 and 32 turns" },
            { "dynamic", "scaled rotary positions of the kind Dynamic" },
            { "qwen3", "biases beside norms of queries and keys" },
            { "qwen3_moe", "layers without experts (mlp_only_layers, decoder_sparse_step)" },
            { "shares", "experts whose shares do not sum to one (norm_topk_prob)" },
        };

    [Theory]
    [MemberData(nameof(Refused))]
    public void What_llama_cpp_would_compute_otherwise_is_not_written(string kind, string message)
    {
        TransformerConfig Of(string family) => TinyModels.General.Concat(TinyModels.Others).First(c => c.Family == family);
        var config = kind switch
        {
            "gemma2" => Of(kind) with { WindowedLayers = new([false, true, true]) },
            "yarn" => TinyModels.Llama with { RopeScaling = new RopeScaling(RopeScalingKind.Yarn, 4, 16, 2, 32) },
            "dynamic" => TinyModels.Llama with { RopeScaling = new RopeScaling(RopeScalingKind.Dynamic, 4) },
            "qwen3_moe" => Of(kind) with { Experts = new Experts(5, 2, 24) { Layers = new([true, false, true]) } },
            "shares" => Of("qwen3_moe") with { Experts = new Experts(5, 2, 24) { SharesSumToOne = false } },
            "qwen3" => Of(kind) with { Biases = BiasKind.Attention },
            _ => Of(kind),
        };
        using var model = TinyModels.Random(config);
        using var folder = new TemporaryFolder();
        var path = folder.File("model.gguf");
        var problem = Assert.Throws<AttuneException>(() => GgufExport.Write(model, null, path, "tiny", GgufType.F32));
        Assert.Contains(message, problem.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(path));
    }

    private static JsonDocument Golden(string name) =>
        JsonDocument.Parse(File.ReadAllText(SharedData.Require($"golden/gguf/families/{name}.json")));

    private static void AssertComputes(LanguageModel model, JsonElement golden)
    {
        var ids = golden.GetProperty("ids").Deserialize<int[]>()!;
        Assert.InRange(TransformersGolden.Furthest(model, ids, golden.GetProperty("float64")), 0, 1e-4);
    }
}
