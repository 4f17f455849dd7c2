using System.Text.Json;
using System.Text.Json.Nodes;
using Attune.Core;
using Attune.Core.Runs;
using Attune.Models.Adapters;
using Attune.Models.Architecture;
using Attune.Models.Configuration;
using Attune.Models.Files;
using Attune.Models.Layers;
using Attune.Models.Weights;
using Attune.Testing;
using static TorchSharp.torch;

namespace Attune.Models.Tests.Architecture;

/// <summary>Mixtures of experts beyond what transformers' models show: routing, both kinds of file, configurations, adapters.</summary>
public sealed class ExpertTests
{
    public static TheoryData<int> Mixtures => [.. Enumerable.Range(0, All.Length)];

    private static TransformerConfig[] All => [.. TinyModels.General.Where(c => c.Experts is not null), .. TinyModels.Mixtures];

    [Fact]
    public void The_likeliest_experts_are_chosen_with_their_shares()
    {
        // softmax gives 1/10, 4/10, 2/10, 3/10
        using var logits = tensor(new float[] { 1, 4, 2, 3 }).log().unsqueeze(0);
        foreach (var (sumToOne, expected) in new[] { (true, new[] { 4 / 7f, 3 / 7f }), (false, [0.4f, 0.3f]) })
        {
            var (shares, chosen) = ExpertMixture.Route(logits, new Experts(4, 2, 8) { SharesSumToOne = sumToOne });
            Assert.Equal([1L, 3L], chosen.data<long>().ToArray());
            Assert.InRange(Differences.Largest(expected, shares.data<float>().ToArray()), 0, 1e-6);
        }
    }

    /// <summary>Where all experts are one, the mixture is that one map.</summary>
    [Fact]
    public void Equal_experts_are_one_map()
    {
        var config = TinyModels.General.Single(c => c.Family == "mixtral");
        using var model = TinyModels.Random(config);
        using var plain = TinyModels.Random(config with { Family = "llama", Experts = null });
        using (no_grad())
        {
            plain.Weights.CopyFrom(model.Weights);
            foreach (var slot in model.Weights.Slots.Where(s => s.Name.Contains(".experts.", StringComparison.Ordinal)))
            {
                var parts = slot.Name.Split('.');
                model.Weights[slot.Name].copy_(plain.Weights[$"layers.{parts[1]}.{parts[4]}.weight"]);
            }
        }

        var tokens = TinyModels.Tokens(config, 30, 1);
        Assert.InRange(Differences.Largest(TinyModels.Logits(plain, tokens), TinyModels.Logits(model, tokens)), 0, 1e-5);
    }

    [Theory]
    [MemberData(nameof(Mixtures))]
    public void What_is_saved_is_read_with_the_same_configuration_and_logits(int index)
    {
        using var folder = new TemporaryFolder();
        using var model = TinyModels.Random(All[index]);
        ModelFiles.Save(model, folder.Path);
        using var again = ModelFiles.LoadLanguageModel(folder.Path);
        Assert.Equal(model.Config, again.Config);
        Assert.Equal(model.Weights.Sha256(), again.Weights.Sha256());
    }

    [Theory]
    [MemberData(nameof(Mixtures))]
    public void A_file_with_stacked_experts_gives_the_same_weights(int index)
    {
        using var folder = new TemporaryFolder();
        using var model = TinyModels.Random(All[index]);
        ModelFiles.Save(model, folder.Path);
        WriteStacked(model, folder);
        using var again = ModelFiles.LoadLanguageModel(folder.Path);
        Assert.Equal(model.Weights.Sha256(), again.Weights.Sha256());
    }

    [Fact]
    public void Stacked_experts_of_another_shape_or_number_are_refused_by_name()
    {
        using var folder = new TemporaryFolder();
        using var model = TinyModels.Random(TinyModels.General.Single(c => c.Family == "qwen3_moe"));
        ModelFiles.Save(model, folder.Path);
        WriteStacked(model, folder);
        Change(folder, config => config["num_experts"] = 4);
        var problem = Assert.Throws<ModelFileException>(() => ModelFiles.LoadLanguageModel(folder.Path));
        Assert.Contains(
            "model.layers.0.mlp.experts.gate_up_proj has shape [5, 48, 48], expected [4, 48, 48]",
            problem.Message,
            StringComparison.Ordinal
        );
    }

    public static TheoryData<string, string, string, string> Refused =>
        new()
        {
            { "qwen3_moe", "output_router_logits", "true", "which adds a loss of the routers (router_aux_loss_coef) in training" },
            { "mixtral", "output_router_logits", "true", "Set it to false: what the model computes stays the same" },
            { "mixtral", "router_jitter_noise", "0.1", "router_jitter_noise is 0.1, which changes the model's results" },
            { "mixtral", "num_experts", "7", "num_experts is not num_local_experts, 4" },
            { "mixtral", "num_experts_per_tok", "5", "Experts.Used is 5; expected 1 to the 4 that there are" },
            { "mixtral", "num_local_experts", "2000000000", "Experts.Count is 2000000000; expected 1 or more, and at most 65536" },
            { "mixtral", "shared_expert_intermediate_size", "8", "shared_expert_intermediate_size is 8, which changes" },
            { "gpt_oss", "quantization_config", """{"quant_method": "mxfp4"}""", "the experts are in blocks (MXFP4), which are not read" },
            { "gpt_oss", "swiglu_limit", "-1", "GateBound is -1; expected more than 0" },
            { "qwen3_moe", "decoder_sparse_step", "0", "decoder_sparse_step is 0; expected 1 or more" },
            { "qwen3_moe", "moe_intermediate_size", "0", "Experts.HiddenWidth is 0" },
            { "llama", "num_experts_per_tok", "2", "num_experts_per_tok is 2, which changes the model's results" },
        };

    [Theory]
    [MemberData(nameof(Refused))]
    public void What_would_change_results_is_refused_by_name(string family, string key, string value, string message)
    {
        using var folder = new TemporaryFolder();
        using var model = TinyModels.Random(family == "llama" ? TinyModels.Llama : All.First(c => c.Family == family));
        ModelFiles.Save(model, folder.Path);
        Change(folder, config => config[key] = JsonNode.Parse(value));
        var problem = Assert.Throws<ModelFileException>(() => ModelFiles.LoadLanguageModel(folder.Path));
        Assert.Contains(message, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_keys_mean_what_they_mean_in_transformers()
    {
        using var folder = new TemporaryFolder();
        string[] shape = ["model_type", "vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"];
        TransformerConfig Read(string family)
        {
            using var model = TinyModels.Random(All.First(c => c.Family == family));
            ModelFiles.Save(model, folder.Path);
            Change(folder, config => config.Select(p => p.Key).Except(shape).ToList().ForEach(key => config.Remove(key)));
            return ModelConfigFile.Read(folder.Path);
        }

        var (qwen, mixtral, oss) = (Read("qwen3_moe"), Read("mixtral"), Read("gpt_oss"));
        Assert.Equal(new Experts(128, 4, 20) { IsBiased = true }, oss.Experts);
        Assert.Equal((7, 1.702, 64, 150_000, 128), (oss.GateBound, oss.GateSlope, oss.HeadWidth, oss.RopeTheta, oss.SlidingWindow));
        Assert.Equal([true, false, true], oss.WindowedLayers!.Span.ToArray());
        Assert.Equal((32, 4096, false), (oss.RopeScaling!.Factor, oss.RopeScaling.OriginalContext, oss.RopeScaling.IsRounded));
        Assert.Equal(new Experts(128, 8, 768) { SharesSumToOne = false }, qwen.Experts);
        Assert.Equal((1e-6, 10_000, 8, false), (qwen.NormEpsilon, qwen.RopeTheta, qwen.HeadWidth, qwen.TiedHead));
        Assert.Equal(new Experts(8, 2, 36), mixtral.Experts);
        Assert.Equal((1e-5, 1e6, 131_072, null), (mixtral.NormEpsilon, mixtral.RopeTheta, mixtral.ContextLength, mixtral.SlidingWindow));
    }

    [Fact]
    public void Layers_without_experts_are_told_by_step_and_by_name()
    {
        using var folder = new TemporaryFolder();
        using var model = TinyModels.Random(TinyModels.General.Single(c => c.Family == "qwen3_moe"));
        ModelFiles.Save(model, folder.Path);
        Change(folder, config => (config["num_hidden_layers"], config["decoder_sparse_step"], config["mlp_only_layers"]) = (6, 2, Of(3)));
        Assert.Equal([false, true, false, false, false, true], ModelConfigFile.Read(folder.Path).Experts!.Layers!.Span.ToArray());
        Change(folder, config => (config["decoder_sparse_step"], config["mlp_only_layers"]) = (1, Of(0, 1, 2, 3, 4, 5)));
        Assert.Null(ModelConfigFile.Read(folder.Path).Experts);

        static JsonArray Of(params int[] layers) => [.. layers.Select(l => (JsonNode)l)];
    }

    /// <summary>Adapters on routers and experts, quantised experts too: learnt, saved, read and merged with the same logits.</summary>
    [Theory]
    [InlineData("qwen3_moe", AdapterKind.Lora, BaseQuantization.None, "mlp.experts.4.down_proj")]
    [InlineData("qwen3_moe", AdapterKind.Dora, BaseQuantization.None, "mlp.gate")]
    [InlineData("mixtral", AdapterKind.Rslora, BaseQuantization.Nf4, "block_sparse_moe.experts.0.w3")]
    [InlineData("gpt_oss", AdapterKind.Lora, BaseQuantization.Int8, "mlp.router")]
    public void An_adapter_on_all_maps_learns_and_comes_back(string family, AdapterKind kind, BaseQuantization quantization, string site)
    {
        using var folder = new TemporaryFolder();
        using var origin = TinyModels.Random(TinyModels.OfFamily(family));
        using var model = quantization == BaseQuantization.None ? origin.Copy() : origin.Quantize(quantization);
        var tokens = TinyModels.Tokens(model.Config, 30, 2);
        using var adapted = model.Adapted(new AdapterConfig { Kind = kind, Rank = 3 }, new Seed(5));
        var before = Loss(adapted, tokens, learns: false);
        Assert.Equal(TinyModels.Logits(model, tokens), TinyModels.Logits(adapted, tokens));
        for (var step = 0; step < 20; step++)
        {
            Loss(adapted, tokens, learns: true);
        }

        Assert.InRange(Loss(adapted, tokens, learns: false), 0, before - 0.1);
        Assert.Contains(adapted.Adapter!.Weights.Slots, s => s.Name == $"model.layers.1.{site}.lora_B");
        ModelFiles.Save(adapted, folder.Path);
        var expected = TinyModels.Logits(adapted, tokens);
        using var again = AdapterFiles.LoadLanguageModel(model, folder.Path);
        Assert.Equal(expected, TinyModels.Logits(again, tokens));
        using var merged = AdapterFiles.MergeLanguageModel(model, folder.Path);
        Assert.InRange(Differences.Largest(expected, TinyModels.Logits(merged, tokens)), 0, 1e-4);
    }

    private static float Loss(LanguageModel model, int[] tokens, bool learns)
    {
        using var scope = NewDisposeScope();
        var next = tensor(tokens.Skip(1).Append(0).Select(t => (long)t).ToArray());
        var loss = nn.functional.cross_entropy(model.Logits(model.Trunk.Hidden(TinyModels.Rows(tokens))).flatten(0, 1), next);
        if (learns)
        {
            var gradients = model.Learner.AttachGradients().zero_();
            loss.backward();
            using var quiet = no_grad();
            model.Learner.Values.sub_(gradients * 0.3);
        }

        return loss.item<float>();
    }

    private static void Change(TemporaryFolder folder, Action<JsonObject> change)
    {
        var config = JsonNode.Parse(File.ReadAllText(folder.File("config.json")))!.AsObject();
        change(config);
        folder.WriteText("config.json", config.ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
    }

    /// <summary>The same weights as transformers 5 holds them.</summary>
    private static void WriteStacked(LanguageModel model, TemporaryFolder folder) =>
        SafeTensorsWriter.Write(
            folder.File("model.safetensors"),
            [
                .. HuggingFaceTensor
                    .Of(model.Config, HeadKind.Language, stacked: true)
                    .GroupBy(t => t.Name)
                    .Select(same => new SafeTensorsSource(same.Key, same.First().FileShape, () => TensorValues.Of(model, [.. same]))),
            ],
            WeightType.F32
        );
}
