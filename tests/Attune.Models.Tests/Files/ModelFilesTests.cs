using System.Text.Json.Nodes;
using Attune.Core;
using Attune.Core.Runs;
using Attune.Models.Architecture;
using Attune.Models.Configuration;
using Attune.Models.Files;
using Attune.Models.Weights;
using Attune.Testing;
using static TorchSharp.torch;

namespace Attune.Models.Tests.Files;

public sealed class ModelFilesTests
{
    [Theory]
    [InlineData("gpt2")]
    [InlineData("llama")]
    [InlineData("qwen2")]
    public void Saving_and_loading_keeps_every_bit(string family)
    {
        using var folder = new TemporaryFolder();
        using var model = TinyModels.Random(TinyModels.ByName(family));
        ModelFiles.Save(model, folder.Path);
        using var loaded = ModelFiles.LoadLanguageModel(folder.Path);
        Assert.Equal(model.Config, loaded.Config);
        Assert.Equal(Floats(model), Floats(loaded));
        using var scores = new ScalarModel(model, new Seed(2));
        ModelFiles.Save(scores, folder.Path);
        using var loadedScores = ModelFiles.LoadScalarModel(folder.Path);
        Assert.Equal(Floats(scores), Floats(loadedScores));
    }

    [Fact]
    public void A_model_loaded_to_be_trained_in_bfloat16_is_saved_as_it_was_and_its_copy_computes_alike()
    {
        using var folder = new TemporaryFolder();
        using var again = new TemporaryFolder();
        using var model = new LanguageModel(TransformerConfig.Gpt2(11, 8, 1, 2, 16), new Seed(1));
        ModelFiles.Save(model, folder.Path);
        using var half = ModelFiles.LoadLanguageModel(folder.Path, Precision.Bf16);
        ModelFiles.Save(half, again.Path);
        Assert.Equal(File.ReadAllBytes(folder.File("model.safetensors")), File.ReadAllBytes(again.File("model.safetensors")));
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        using var copy = half.Copy();
        var tokens = tensor([3L, 1, 4, 1, 5], [1, 5]);
        Assert.Equal(ScalarType.BFloat16, copy.Weights.Type);
        Assert.Null(copy.Weights.Master);
        Assert.Equal(
            0,
            (half.Logits(half.Trunk.Hidden(tokens)) - copy.Logits(copy.Trunk.Hidden(tokens)))
                .abs()
                .max()
                .to(ScalarType.Float32)
                .item<float>()
        );
    }

    [Fact]
    public void In_bfloat16_weights_are_rounded_to_nearest_even()
    {
        using var folder = new TemporaryFolder();
        using var model = TinyModels.Random(TinyModels.Gpt2);
        ModelFiles.Save(model, folder.Path, WeightType.BF16);
        using var loaded = ModelFiles.LoadLanguageModel(folder.Path);
        using var rounded = model.Copy(ScalarType.BFloat16).Copy(ScalarType.Float32);
        Assert.Equal(Floats(rounded), Floats(loaded));
        Assert.Equal(0x7FC0, Attune.Kernels.BFloat16.Round(float.NaN) & 0x7FC0);
    }

    [Fact]
    public void Golden_names_and_shapes_of_gpt2()
    {
        using var folder = new TemporaryFolder();
        using var model = new LanguageModel(TransformerConfig.Gpt2(11, 8, 1, 2, 16), new Seed(1));
        ModelFiles.Save(model, folder.Path);
        Assert.Equal(
            """
            transformer.wte.weight [11, 8]
            transformer.wpe.weight [16, 8]
            transformer.h.0.ln_1.weight [8]
            transformer.h.0.ln_1.bias [8]
            transformer.h.0.attn.c_attn.weight [8, 24]
            transformer.h.0.attn.c_attn.bias [24]
            transformer.h.0.attn.c_proj.weight [8, 8]
            transformer.h.0.attn.c_proj.bias [8]
            transformer.h.0.ln_2.weight [8]
            transformer.h.0.ln_2.bias [8]
            transformer.h.0.mlp.c_fc.weight [8, 32]
            transformer.h.0.mlp.c_fc.bias [32]
            transformer.h.0.mlp.c_proj.weight [32, 8]
            transformer.h.0.mlp.c_proj.bias [8]
            transformer.ln_f.weight [8]
            transformer.ln_f.bias [8]
            """,
            Listing(folder)
        );
    }

    [Fact]
    public void Golden_names_and_shapes_of_llama_with_a_score_head()
    {
        using var folder = new TemporaryFolder();
        using var model = new ScalarModel(TransformerConfig.Llama(11, 8, 1, 4, 2, 20, 16), new Seed(1));
        ModelFiles.Save(model, folder.Path);
        Assert.Equal(
            """
            model.embed_tokens.weight [11, 8]
            model.layers.0.input_layernorm.weight [8]
            model.layers.0.self_attn.q_proj.weight [8, 8]
            model.layers.0.self_attn.k_proj.weight [4, 8]
            model.layers.0.self_attn.v_proj.weight [4, 8]
            model.layers.0.self_attn.o_proj.weight [8, 8]
            model.layers.0.post_attention_layernorm.weight [8]
            model.layers.0.mlp.gate_proj.weight [20, 8]
            model.layers.0.mlp.up_proj.weight [20, 8]
            model.layers.0.mlp.down_proj.weight [8, 20]
            model.norm.weight [8]
            score.weight [1, 8]
            """,
            Listing(folder)
        );
        Assert.Equal("LlamaForSequenceClassification", Config(folder)["architectures"]![0]!.GetValue<string>());
    }

    [Fact]
    public void A_gpt2_matrix_lies_transposed_in_the_file()
    {
        using var folder = new TemporaryFolder();
        using var model = TinyModels.Random(TinyModels.Gpt2);
        ModelFiles.Save(model, folder.Path);
        using var file = new SafeTensorsFile(folder.File("model.safetensors"));
        var stored = new float[48 * 144];
        file.Read(file.Find("transformer.h.1.attn.c_attn.weight")!, stored);
        using var scope = NewDisposeScope();
        Assert.Equal(model.Weights["layers.1.qkv.weight"][100, 7].item<float>(), stored[7 * 144 + 100]);
    }

    [Fact]
    public void Shards_and_older_gpt2_names_and_stored_masks_are_read()
    {
        using var folder = new TemporaryFolder();
        using var model = TinyModels.Random(TinyModels.Gpt2);
        ModelFiles.Save(model, folder.Path);
        using (var file = new SafeTensorsFile(folder.File("model.safetensors")))
        {
            var sources = file
                .Entries.Select(entry => new SafeTensorsSource(entry.Name["transformer.".Length..], entry.Shape, () => Values(file, entry)))
                .ToArray();
            SafeTensorsWriter.Write(folder.File("a.safetensors"), sources[..9], WeightType.F32);
            SafeTensorsWriter.Write(
                folder.File("b.safetensors"),
                [.. sources[9..], new("h.0.attn.bias", [1, 1, 2, 2], () => new float[4])],
                WeightType.F32
            );
            folder.WriteText("model.safetensors.index.json", """{"weight_map":{"x":"b.safetensors","y":"a.safetensors"}}""");
        }

        File.Delete(folder.File("model.safetensors"));
        using var loaded = ModelFiles.LoadLanguageModel(folder.Path);
        Assert.Equal(Floats(model), Floats(loaded));
    }

    [Fact]
    public void A_config_of_every_family_survives_a_round_trip()
    {
        foreach (
            var config in new[]
            {
                TinyModels.Gpt2,
                TinyModels.Llama,
                TinyModels.Qwen,
                TinyModels.Llama with
                {
                    Family = "mistral",
                    RopeTheta = 1e6,
                    NormEpsilon = 1e-6,
                },
                TinyModels.Gpt2 with
                {
                    TiedHead = false,
                },
            }.Concat(TinyModels.Others)
        )
        {
            using var folder = new TemporaryFolder();
            ModelConfigFile.Write(folder.Path, config, HeadKind.Language, WeightType.F32);
            Assert.Equal(config, ModelConfigFile.Read(folder.Path));
        }
    }

    [Theory]
    [InlineData("model_type", "\"bert\"", "is 'bert', an encoder: it reads texts for a reward, and writes none")]
    [InlineData("model_type", "\"t5\"", "supported are gpt2, llama, mistral, ministral, qwen2")]
    [InlineData("hidden_size", "\"64\"", "hidden_size is 64; expected a whole number")]
    [InlineData("hidden_size", "null", "hidden_size is missing")]
    [InlineData("hidden_size", "-8", "Width is -8")]
    [InlineData("hidden_size", "99999999999", "expected a whole number")]
    [InlineData("num_hidden_layers", "1000000", "Layers is 1000000")]
    [InlineData("num_attention_heads", "0", "Heads is 0")]
    [InlineData("num_key_value_heads", "4", "KeyValueHeads is 4, which does not divide Heads 6")]
    [InlineData("head_dim", "-16", "OwnHeadWidth is -16")]
    [InlineData("head_dim", "7", "The width of a head is 7; rotary positions need an even number")]
    [InlineData("hidden_act", "\"gelu\"", "supported is silu")]
    [InlineData("rope_scaling", """{"rope_type":"longrope","factor":4}""", "rope_type is 'longrope'; supported are default")]
    [InlineData("rope_scaling", """{"rope_type":"linear","factor":0.5}""", "rope_scaling: factor is 0.5")]
    [InlineData("rope_parameters", """{"rope_type":"llama3","factor":8,"low_freq_factor":4}""", "has the limits 4 and 4")]
    [InlineData("mlp_bias", "true", "mlp_bias is true without attention_bias, which is not supported")]
    [InlineData("num_local_experts", "8", "num_local_experts is 8, which changes the model's results and is not supported")]
    [InlineData("final_logit_softcapping", "30.0", "final_logit_softcapping is 30.0, which changes")]
    [InlineData("partial_rotary_factor", "0.5", "partial_rotary_factor is 0.5, which changes")]
    [InlineData("quantization_config", """{"bits":4}""", "quantization_config is {\"bits\":4}, which changes")]
    [InlineData("attn_temperature_tuning", "true", "attn_temperature_tuning is True, which changes")]
    [InlineData("rope_parameters", """{"full_attention":{"rope_theta":10000}}""", "full_attention has rotary positions of its own")]
    [InlineData("rms_norm_eps", "0", "NormEpsilon is 0")]
    public void A_config_that_cannot_work_is_refused_with_its_field(string field, string value, string message)
    {
        using var folder = new TemporaryFolder();
        ModelConfigFile.Write(folder.Path, TinyModels.Llama, HeadKind.Language, WeightType.F32);
        var config = Config(folder);
        config[field] = JsonNode.Parse(value);
        folder.WriteText("config.json", config.ToJsonString());
        Assert.Contains(message, Refusal(() => ModelConfigFile.Read(folder.Path)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("llama", """{"sliding_window":5}""", null, 0)] // a leftover: Llama has none
    [InlineData("gemma", """{"sliding_window":5}""", null, 0)]
    [InlineData("mistral", """{"sliding_window":5}""", 5, 2)]
    [InlineData("mistral", """{"sliding_window":null}""", null, 0)]
    [InlineData("qwen3", """{"sliding_window":5,"use_sliding_window":false}""", null, 0)]
    [InlineData("qwen2", """{"sliding_window":5,"use_sliding_window":true,"max_window_layers":0}""", 5, 2)]
    [InlineData(
        "qwen3",
        """{"sliding_window":5,"use_sliding_window":true,"layer_types":["sliding_attention","sliding_attention"]}""",
        5,
        2
    )]
    [InlineData("qwen3", """{"sliding_window":5,"use_sliding_window":true,"layer_types":["sliding_attention","full_attention"]}""", 5, 1)]
    [InlineData("qwen3", """{"sliding_window":5,"use_sliding_window":true,"layer_types":["full_attention","full_attention"]}""", null, 0)]
    public void A_window_is_where_the_family_and_its_layers_have_one(string family, string changes, int? window, int layers)
    {
        using var folder = new TemporaryFolder();
        var own = TinyModels.Llama with { Layers = 2 };
        ModelConfigFile.Write(folder.Path, own, HeadKind.Language, WeightType.F32);
        var config = Config(folder);
        config["model_type"] = family;
        config["hidden_act"] = family == "gemma" ? "gelu_pytorch_tanh" : "silu";
        foreach (var (name, value) in JsonNode.Parse(changes)!.AsObject())
        {
            config[name] = value?.DeepClone();
        }

        folder.WriteText("config.json", config.ToJsonString());
        var read = ModelConfigFile.Read(folder.Path);
        Assert.Equal((window, layers), (read.SlidingWindow, Enumerable.Range(0, 2).Count(read.HasWindow)));
    }

    [Fact]
    public void A_config_with_nested_rope_parameters_is_read()
    {
        using var folder = new TemporaryFolder();
        ModelConfigFile.Write(folder.Path, TinyModels.Llama, HeadKind.Language, WeightType.F32);
        var config = Config(folder);
        config.Remove("rope_theta");
        config["rope_parameters"] = JsonNode.Parse("""{"rope_theta":500000.0,"rope_type":"default"}""");
        folder.WriteText("config.json", config.ToJsonString());
        Assert.Equal(500_000, ModelConfigFile.Read(folder.Path).RopeTheta);
    }

    [Fact]
    public void Weights_that_do_not_fit_are_listed_with_their_names()
    {
        using var folder = new TemporaryFolder();
        using var model = TinyModels.Random(TinyModels.Llama);
        ModelFiles.Save(model, folder.Path);
        var config = Config(folder);
        config["num_hidden_layers"] = 4;
        config["intermediate_size"] = 4_000_000;
        folder.WriteText("config.json", config.ToJsonString());
        var message = Refusal(() => ModelFiles.LoadLanguageModel(folder.Path));
        Assert.Contains("missing: model.layers.3.input_layernorm.weight", message, StringComparison.Ordinal);
        Assert.Contains("and 4 more", message, StringComparison.Ordinal);
        Assert.Contains(
            "model.layers.0.mlp.gate_proj.weight has shape [100, 48], expected [4000000, 48]",
            message,
            StringComparison.Ordinal
        );
        Assert.Contains("no score head", Refusal(() => ModelFiles.LoadScalarModel(folder.Path)), StringComparison.Ordinal);
    }

    [Fact]
    public void Weights_that_are_not_numbers_are_named()
    {
        using var folder = new TemporaryFolder();
        using var model = TinyModels.Random(TinyModels.Llama);
        using (no_grad())
        {
            model.Weights["layers.1.down.weight"].view(-1).narrow(0, 5, 1).fill_(float.NaN);
        }

        ModelFiles.Save(model, folder.Path);
        Assert.Contains(
            "'model.layers.1.mlp.down_proj.weight' holds NaN at element 5",
            Refusal(() => ModelFiles.LoadLanguageModel(folder.Path)),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void An_absent_or_empty_folder_is_named()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("has no config.json", Refusal(() => ModelFiles.LoadLanguageModel(folder.Path)), StringComparison.Ordinal);
        ModelConfigFile.Write(folder.Path, TinyModels.Llama, HeadKind.Language, WeightType.F32);
        Assert.Contains(
            "neither model.safetensors nor",
            Refusal(() => ModelFiles.LoadLanguageModel(folder.Path)),
            StringComparison.Ordinal
        );
        folder.WriteText("config.json", "");
        Assert.Contains(
            "config.json cannot be read as JSON",
            Refusal(() => ModelFiles.LoadLanguageModel(folder.Path)),
            StringComparison.Ordinal
        );
        folder.WriteText("config.json", "[1]");
        Assert.Contains("model_type is missing", Refusal(() => ModelFiles.LoadLanguageModel(folder.Path)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"weight_map":{"x":"../secret.safetensors"}}""", "expected the name of a file in the same folder")]
    [InlineData("""{"weight_map":{"x":"/etc/passwd"}}""", "expected the name of a file in the same folder")]
    [InlineData("""{"weight_map":{"x":""}}""", "expected the name of a file in the same folder")]
    [InlineData("""{"weight_map":{"x":"absent.safetensors"}}""", "absent.safetensors cannot be read")]
    [InlineData("""{"weight_map":7}""", "is damaged")]
    [InlineData("[]", "is damaged")]
    [InlineData("", "is damaged")]
    public void A_hostile_index_of_shards_is_refused(string index, string message)
    {
        using var folder = new TemporaryFolder();
        ModelConfigFile.Write(folder.Path, TinyModels.Llama, HeadKind.Language, WeightType.F32);
        folder.WriteText("model.safetensors.index.json", index);
        Assert.Contains(message, Refusal(() => ModelFiles.LoadLanguageModel(folder.Path)), StringComparison.Ordinal);
    }

    private static string Refusal(Func<object> load) => Assert.Throws<ModelFileException>(load).Message;

    private static JsonObject Config(TemporaryFolder folder) => JsonNode.Parse(File.ReadAllText(folder.File("config.json")))!.AsObject();

    private static string Listing(TemporaryFolder folder)
    {
        using var file = new SafeTensorsFile(folder.File("model.safetensors"));
        return string.Join('\n', file.Entries.Select(e => $"{e.Name} [{string.Join(", ", e.Shape)}]"));
    }

    private static float[] Values(SafeTensorsFile file, SafeTensorsEntry entry)
    {
        var values = new float[entry.Length];
        file.Read(entry, values);
        return values;
    }

    private static float[] Floats(TransformerModel model) => model.Weights.Values.data<float>().ToArray();
}
