using System.Text.Json;
using System.Text.Json.Nodes;
using Attune.Core;
using Attune.Core.Runs;
using Attune.Models.Adapters;
using Attune.Models.Architecture;
using Attune.Models.Configuration;
using Attune.Models.Decoding;
using Attune.Models.Files;
using Attune.Models.Layers;
using Attune.Models.Tests.Architecture;
using Attune.Models.Weights;
using Attune.Testing;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Models.Tests.Adapters;

/// <summary>LoRA, rsLoRA and DoRA on real trunks: in autograd's operations, on own kernels, merged, in files.</summary>
public sealed class AdapterTests
{
    public static TheoryData<string> GoldenNames =>
        [.. FamilyTests.Golden.GetProperty("adapters").EnumerateArray().Select(c => c.GetProperty("name").GetString()!)];

    /// <summary>A family, a kind, dropout, packed rows.</summary>
    public static TheoryData<string, AdapterKind, double, bool> Shapes =>
        new()
        {
            { "gpt2", AdapterKind.Lora, 0, false },
            { "llama", AdapterKind.Lora, 0.3, true },
            { "llama", AdapterKind.Rslora, 0, false },
            { "gpt2", AdapterKind.Dora, 0, true },
            { "llama", AdapterKind.Dora, 0.2, false },
        };

    [Fact]
    public void Value_worked_out_by_hand()
    {
        // W = 0 but W[0] = (3, 0, 0, 4); A = (1, 2, 0, 0) over (0, 0, 0, 1), B[0] = (1, -1): B A = (1, 2, 0, -1) in row 0.
        // LoRA with alpha 4, r 2: row 0 = (3, 0, 0, 4) + 2 (1, 2, 0, -1) = (5, 4, 0, 2). rsLoRA: 4 / sqrt 2 = 2.828427 for 2.
        // DoRA with magnitude 9: 9 (5, 4, 0, 2) / sqrt 45 = (6.708204, 5.366563, 0, 2.683282).
        Assert.Equal([5f, 4, 0, 2], Row(AdapterKind.Lora), Close);
        Assert.Equal([5.828427f, 5.656854f, 0, 1.171573f], Row(AdapterKind.Rslora), Close);
        Assert.Equal([6.708204f, 5.366563f, 0, 2.683282f], Row(AdapterKind.Dora), Close);

        static bool Close(float a, float b) => Math.Abs(a - b) < 1e-5;

        static float[] Row(AdapterKind kind)
        {
            using var scope = NewDisposeScope();
            using var quiet = no_grad();
            using var model = new LanguageModel(TransformerConfig.Gpt2(5, 4, 1, 2, 8), ScalarType.Float32);
            model.Weights["layers.0.out.weight"][0] = tensor(new float[] { 3, 0, 0, 4 });
            using var adapted = model.Adapted(
                new AdapterConfig
                {
                    Kind = kind,
                    Rank = 2,
                    Alpha = 4,
                    Targets = ["attn.c_proj"],
                },
                new Seed(1)
            );
            var parts = adapted.Adapter!.Weights;
            const string module = "transformer.h.0.attn.c_proj";
            parts[module + ".lora_A"].copy_(tensor(new float[] { 1, 2, 0, 0, 0, 0, 0, 1 }).view(2, 4));
            parts[module + ".lora_B"][0] = tensor(new float[] { 1, -1 });
            parts.Find(module + ".magnitude")?.fill_(9);
            return adapted.Merged("layers.0.out.weight")[0].data<float>().ToArray();
        }
    }

    [Theory]
    [InlineData(AdapterKind.Lora)]
    [InlineData(AdapterKind.Rslora)]
    [InlineData(AdapterKind.Dora)]
    public void Gradient_agrees_with_finite_differences(AdapterKind kind)
    {
        // DoRA holds its divisors constant (section 4.3 of the paper), so that only its magnitudes' gradient is that of the function.
        using var model = new LanguageModel(TransformerConfig.Gpt2(11, 8, 1, 2, 16), ScalarType.Float64);
        Noise(model.Weights, 3, 0.4);
        using var adapted = model.Adapted(
            new AdapterConfig
            {
                Kind = kind,
                Rank = 2,
                Alpha = 3,
                Targets = ["c_attn", "mlp.c_proj"],
            },
            new Seed(1)
        );
        var parts = adapted.Adapter!.Weights;
        Noise(parts, 4, 0.3);
        Loss(adapted).backward();
        foreach (
            var (name, parameter) in parts.Named.Where(p =>
                kind != AdapterKind.Dora || p.Name.EndsWith(".magnitude", StringComparison.Ordinal)
            )
        )
        {
            using var scope = NewDisposeScope();
            var gradient = parameter.grad!.reshape(-1).data<double>().ToArray();
            var flat = parts.ExactOf(name).view(-1);
            for (var i = 0; i < gradient.Length; i++)
            {
                var difference = (Moved(flat, i, 1e-6) - Moved(flat, i, -1e-6)) / 2e-6;
                // DoRA's divisors are computed in 32 bits.
                Assert.Equal(difference, gradient[i], (kind == AdapterKind.Dora ? 1e-4 : 1e-7) * Math.Max(1, Math.Abs(difference)));
            }
        }

        double Moved(Tensor flat, int i, double step)
        {
            using var scope = NewDisposeScope();
            using var quiet = no_grad();
            var before = flat[i].ToDouble();
            flat[i] = tensor(before + step, ScalarType.Float64);
            var value = Loss(adapted).ToDouble();
            flat[i] = tensor(before, ScalarType.Float64);
            return value;
        }

        static Tensor Loss(LanguageModel model)
        {
            var tokens = TinyModels.Rows([3, 1, 4, 1, 5, 9, 2, 6]);
            return -model.Logits(model.Trunk.Hidden(tokens)).log_softmax(-1).select(2, 7).square().sum() / 100;
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Own_kernels_autograd_and_layers_computed_again_agree(string family, AdapterKind kind, double dropout, bool packed)
    {
        using var model = TinyModels.Random(TinyModels.ByName(family) with { HiddenWidth = 96, KeyValueHeads = 6, Heads = 6 });
        using var fused = Noisy(
            model,
            new AdapterConfig
            {
                Kind = kind,
                Rank = 4,
                Alpha = 6,
                Dropout = dropout,
            }
        );
        using var stock = Noisy(model, fused.Adapter!.Config);
        // Without fused multiply-add both are autograd's own operations; that layers computed again agree is tested all the same.
        Assert.Equal(TensorKernels.IsSupported, fused.Trunk.Fused is not null);
        stock.Trunk.Fused = null;
        var (expected, expectedGradients) = Gradients(stock, packed);
        var (loss, gradients) = Gradients(fused, packed);
        Assert.Equal(expected, loss, 1e-5 * Math.Abs(expected));
        foreach (var slot in fused.Learner.Slots)
        {
            var (off, of) = Distance(expectedGradients, gradients, slot.Offset, slot.Length);
            Assert.True(off <= 2e-5 * Math.Max(of, 1e-3), $"{slot.Name}: off by {off:g3} of {of:g3}");
            Assert.True(of > 0, slot.Name + " has no gradient");
        }

        foreach (var adapted in new[] { fused, stock })
        {
            adapted.Trunk.Recompute = true;
            var (again, gradientsAgain) = Gradients(adapted, packed);
            Assert.Equal(adapted == fused ? loss : expected, again);
            Assert.Equal(adapted == fused ? gradients : expectedGradients, gradientsAgain);
        }

        Assert.Null(model.Weights.Gradients);
    }

    [Theory]
    [InlineData("gpt2", AdapterKind.Lora)]
    [InlineData("llama", AdapterKind.Rslora)]
    [InlineData("qwen2", AdapterKind.Dora)]
    public void Law_a_fresh_adapter_changes_nothing_merged_equals_adapted_and_the_base_stays(string family, AdapterKind kind)
    {
        using var model = TinyModels.Random(TinyModels.ByName(family));
        var tokens = TinyModels.Tokens(model.Config, 21, 5);
        var before = TinyModels.Logits(model, tokens);
        using var fresh = model.Adapted(new AdapterConfig { Kind = kind }, new Seed(2));
        Assert.InRange(Differences.Largest(before, TinyModels.Logits(fresh, tokens)), 0, kind == AdapterKind.Dora ? 1e-4 : 0);

        using var adapted = Noisy(model, new AdapterConfig { Kind = kind });
        var changed = TinyModels.Logits(adapted, tokens);
        Assert.True(Differences.Largest(before, changed) > 0.1);
        using var merged = adapted.Copy();
        Assert.Null(merged.Adapter);
        Assert.InRange(Differences.Largest(changed, TinyModels.Logits(merged, tokens)), 0, 1e-4);
        using var engine = new DecodeEngine(adapted, workers: 1);
        Assert.InRange(Differences.Largest(changed, engine.Logits(tokens)), 0, 1e-4);
        Assert.Equal(before, TinyModels.Logits(model, tokens));
        Assert.NotEqual(model.Sha256(), adapted.Sha256());
    }

    [Fact]
    public void Several_adapters_live_on_one_base()
    {
        using var model = TinyModels.Random(TinyModels.Llama);
        var tokens = TinyModels.Rows(TinyModels.Tokens(model.Config, 12, 5));
        using var policy = Noisy(model, new AdapterConfig());
        using var reward = ScalarModel.Adapted(model, new AdapterConfig { Rank = 2, Targets = ["q_proj", "v_proj"] }, new Seed(8));
        using var value = ScalarModel.Adapted(model, new AdapterConfig { Rank = 1 }, new Seed(9));
        Assert.Same(model.Weights, policy.Weights);
        Assert.Same(model.Weights, reward.Weights);
        Assert.NotEqual(reward.Scores(tokens).data<float>().ToArray(), value.Scores(tokens).data<float>().ToArray());
        policy.Adapter!.Weights.AttachGradients();
        value.Adapter!.Weights.AttachGradients();
        (policy.Logits(policy.Trunk.Hidden(tokens)).sum() + value.Scores(tokens).sum()).backward();
        Assert.All(
            policy.Learner.Slots.Concat(value.Learner.Slots).Where(s => !s.Name.EndsWith(".lora_A", StringComparison.Ordinal)),
            slot =>
                Assert.True(
                    (policy.Learner.GradientOf(slot.Name) ?? value.Learner.GradientOf(slot.Name))!.abs().sum().ToDouble() > 0,
                    slot.Name
                )
        );
        Assert.Null(reward.Learner.Gradients);
        Assert.Null(model.Weights.Gradients);
    }

    [Theory]
    [MemberData(nameof(GoldenNames))]
    public void Agrees_with_the_reference_implementation(string name)
    {
        var golden = FamilyTests.Golden.GetProperty("adapters").EnumerateArray().Single(c => c.GetProperty("name").GetString() == name);
        using var origin = new TemporaryFolder();
        using var folder = new TemporaryFolder();
        FamilyTests.Write(golden.GetProperty("of").GetString()!, origin, WeightType.F32, 1);
        WritePeft(golden, origin.Path, folder);
        var reference = FamilyTests.ReferenceOf(golden);
        using var model = ModelFiles.LoadLanguageModel(origin.Path);
        using var adapted = AdapterFiles.LoadLanguageModel(model, folder.Path);
        Assert.InRange(reference.Furthest(TinyModels.Logits(adapted, reference.Tokens)), 0, 1e-4);
        adapted.Trunk.Fused = null;
        Assert.InRange(reference.Furthest(TinyModels.Logits(adapted, reference.Tokens)), 0, 1e-4);
        using var merged = ModelFiles.LoadLanguageModel(folder.Path);
        Assert.InRange(reference.Furthest(TinyModels.Logits(merged, reference.Tokens)), 0, 1e-4);

        using var again = new TemporaryFolder();
        ModelFiles.Save(adapted, again.Path);
        using var reread = ModelFiles.LoadLanguageModel(again.Path);
        Assert.Equal(merged.Weights.Sha256(), reread.Weights.Sha256());
        using var file = new SafeTensorsFile(again.File(AdapterFiles.WeightFile));
        Assert.Equal(
            golden.GetProperty("added").EnumerateObject().Select(t => t.Name).Order(StringComparer.Ordinal),
            file.Entries.Select(e => e.Name).Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public void A_reward_models_adapter_carries_its_head()
    {
        using var origin = new TemporaryFolder();
        using var folder = new TemporaryFolder();
        using (var model = TinyModels.Random(TinyModels.Qwen))
        {
            ModelFiles.Save(model, origin.Path);
        }

        using var loaded = ModelFiles.LoadLanguageModel(origin.Path);
        using var reward = ScalarModel.Adapted(loaded, new AdapterConfig { Kind = AdapterKind.Dora }, new Seed(8));
        Noise(reward.Learner, 4, 0.1);
        ModelFiles.Save(reward, folder.Path);
        Assert.Equal(
            "score",
            JsonNode.Parse(File.ReadAllText(folder.File(AdapterFiles.ConfigFile)))!["modules_to_save"]![0]!.GetValue<string>()
        );
        Assert.True(new FileInfo(folder.File(AdapterFiles.WeightFile)).Length < new FileInfo(origin.File("model.safetensors")).Length);
        var tokens = TinyModels.Rows(TinyModels.Tokens(loaded.Config, 12, 5));
        using var merged = ModelFiles.LoadScalarModel(folder.Path);
        Assert.Equal(
            reward.Scores(tokens).data<float>().ToArray(),
            merged.Scores(tokens).data<float>().ToArray(),
            (a, b) => Math.Abs(a - b) < 1e-4
        );
        using var again = AdapterFiles.LoadScalarModel(loaded, folder.Path);
        Assert.Equal(reward.Scores(tokens).data<float>().ToArray(), again.Scores(tokens).data<float>().ToArray());
    }

    [Theory]
    [InlineData("peft_type", "\"IA3\"", "peft_type is 'IA3'; supported is LORA")]
    [InlineData("bias", "\"some\"", "bias is 'some'; supported is none or lora_only or all")]
    [InlineData("r", "0", "r is no rank; expected 1 to 4096")]
    [InlineData("r", "3", "lora_A.weight has shape [4, 32], expected [3, 32]")]
    [InlineData("target_modules", "[\"q_proj\"]", "unexpected base_model.model.model.layers.")]
    [InlineData(
        "target_modules",
        "[\"query\"]",
        "name query, which a model of the family llama does not have; expected some of embed_tokens, q_proj"
    )]
    [InlineData("target_modules", "[]", "an adapter has no targets")]
    [InlineData("rank_pattern", "{\"q_proj(\":2}", "rank_pattern: q_proj( is an expression that cannot be read here")]
    [InlineData("rank_pattern", "{\"q_proj\":2}", "lora_A.weight has shape [4, 32], expected [2, 32]")]
    [InlineData("init_lora_weights", "\"pissa\"", "init_lora_weights is pissa, which changes")]
    [InlineData("init_lora_weights", "\"olora\"", "init_lora_weights is olora, which changes")]
    [InlineData("kasa_config", "{\"a\":1}", "kasa_config is {\"a\":1}, which changes")]
    [InlineData("modules_to_save", "[\"embed_tokens\"]", "missing the module embed_tokens of modules_to_save")]
    [InlineData("use_dora", "true", "missing base_model.model.model.layers.0.self_attn.q_proj.lora_magnitude_vector")]
    public void A_file_that_cannot_be_followed_is_refused_in_words(string field, string value, string message)
    {
        var golden = FamilyTests.Golden.GetProperty("adapters").EnumerateArray().First();
        using var origin = new TemporaryFolder();
        using var folder = new TemporaryFolder();
        FamilyTests.Write(golden.GetProperty("of").GetString()!, origin, WeightType.F32, 1);
        WritePeft(golden, origin.Path, folder);
        var config = JsonNode.Parse(File.ReadAllText(folder.File(AdapterFiles.ConfigFile)))!.AsObject();
        config[field] = JsonNode.Parse(value);
        folder.WriteText(AdapterFiles.ConfigFile, config.ToJsonString());
        Assert.Contains(
            message,
            Assert.Throws<ModelFileException>(() => ModelFiles.LoadLanguageModel(folder.Path)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_base_that_is_not_there_is_named()
    {
        using var folder = new TemporaryFolder();
        WritePeft(FamilyTests.Golden.GetProperty("adapters").EnumerateArray().First(), "/nowhere/llama", folder);
        Assert.Contains(
            "base_model_name_or_path is '/nowhere/llama', which is not a folder or a GGUF file here",
            Assert.Throws<ModelFileException>(() => ModelFiles.LoadLanguageModel(folder.Path)).Message,
            StringComparison.Ordinal
        );
    }

    private static void WritePeft(JsonElement golden, string origin, TemporaryFolder folder)
    {
        var config = JsonNode.Parse(golden.GetProperty("adapter").GetRawText())!.AsObject();
        config["base_model_name_or_path"] = origin;
        folder.WriteText(AdapterFiles.ConfigFile, config.ToJsonString());
        SafeTensorsWriter.Write(
            folder.File(AdapterFiles.WeightFile),
            [
                .. golden
                    .GetProperty("added")
                    .EnumerateObject()
                    .Select(t =>
                    {
                        long[] shape = [.. t.Value.EnumerateArray().Select(n => n.GetInt64())];
                        var magnitude = t.Name.EndsWith("vector", StringComparison.Ordinal) ? 1 : 0;
                        return new SafeTensorsSource(
                            t.Name,
                            [.. shape],
                            () => [.. FamilyTests.Values(t.Name, shape, false).Select(v => v + magnitude)]
                        );
                    }),
            ],
            WeightType.F32
        );
    }

    internal static LanguageModel Noisy(LanguageModel model, AdapterConfig config)
    {
        var adapted = model.Adapted(config, new Seed(2));
        Noise(adapted.Learner, 5, 0.1);
        return adapted;
    }

    private static void Noise(FlatParameters weights, int seed, double deviation)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        weights.Values.add_(randn(weights.Values.shape, dtype: weights.Type, generator: new Generator((ulong)seed)) * deviation);
    }

    internal static (double Loss, float[] Gradients) Gradients(LanguageModel model, bool packed)
    {
        using var scope = NewDisposeScope();
        const int batch = 2,
            time = 40;
        model.Learner.BeginUpdate(new Seed(11));
        var gradients = model.Learner.AttachGradients();
        gradients.zero_();
        var tokens = randint(0, model.Config.VocabularySize, [batch, time], dtype: ScalarType.Int64, generator: new Generator(3));
        long[] ids = [.. Enumerable.Range(0, batch * time).Select(i => 1L + i % time / 17)];
        var hidden = model.Trunk.Hidden(tokens, packed ? tensor(ids, [batch, time]) : null);
        var scores = model.Score(hidden.reshape(-1, model.Config.Width), tokens.roll(-1, 1).reshape(-1), temperature: 0.8);
        var loss = -(scores.LogProbs * linspace(0.5, 1.5, batch * time)).sum() / (batch * time);
        loss.backward();
        return (loss.ToDouble(), gradients.to(ScalarType.Float32).data<float>().ToArray());
    }

    internal static (double Off, double Of) Distance(float[] expected, float[] found, long start, long length)
    {
        double off = 0,
            of = 0;
        for (var i = start; i < start + length; i++)
        {
            off += ((double)expected[i] - found[i]) * ((double)expected[i] - found[i]);
            of += (double)expected[i] * expected[i];
        }

        return (Math.Sqrt(off), Math.Sqrt(of));
    }
}
