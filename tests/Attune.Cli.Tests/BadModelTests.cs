using System.Buffers.Binary;
using System.Text.Json.Nodes;
using Attune.Core.Runs;
using Attune.Models.Architecture;
using Attune.Models.Files;
using Attune.Testing;

namespace Attune.Cli.Tests;

/// <summary>Model folders that are absent, damaged, hostile, or do not belong together.</summary>
public sealed class BadModelTests(TinyModel models) : IClassFixture<TinyModel>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_undamaged_model_generates()
    {
        var outcome = AttuneProgram
            .Run(_folder.Path, "generate", "--model", models.Policy, "--prompt", "The film", "--max-tokens", "5")
            .Succeeded();
        Assert.StartsWith("The film", outcome.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_that_is_not_there() => Generate(_folder.File("absent")).Refused("absent is not a folder", "Hugging Face");

    [Fact]
    public void A_folder_without_a_configuration() =>
        Generate(Damaged(f => File.Delete(Path.Combine(f, "config.json")))).Refused("has no config.json");

    [Fact]
    public void A_configuration_that_is_not_json() =>
        Generate(Damaged(f => File.WriteAllText(Path.Combine(f, "config.json"), "{\"model_type\": ")))
            .Refused("config.json cannot be read as JSON");

    [Fact]
    public void A_folder_without_weights() => Generate(Damaged(f => File.Delete(Weights(f)))).Refused("has neither model.safetensors nor");

    [Fact]
    public void A_folder_without_a_tokenizer() =>
        Generate(
                Damaged(f =>
                {
                    foreach (
                        var file in Directory
                            .EnumerateFiles(f)
                            .Where(p => Path.GetFileName(p) is not ("config.json" or "model.safetensors"))
                    )
                    {
                        File.Delete(file);
                    }
                })
            )
            .Refused("no tokenizer found");

    [Fact]
    public void Weights_that_are_cut_short() =>
        Generate(Damaged(f => Change(Weights(f), bytes => bytes[..^100]))).Refused("model.safetensors");

    [Fact]
    public void Weights_whose_header_claims_to_be_endless() =>
        Generate(
                Damaged(f =>
                    Change(
                        Weights(f),
                        bytes =>
                        {
                            BinaryPrimitives.WriteUInt64LittleEndian(bytes, ulong.MaxValue);
                            return bytes;
                        }
                    )
                )
            )
            .Refused("model.safetensors");

    [Fact]
    public void Weights_that_are_not_numbers() =>
        Generate(
                Damaged(f =>
                    Change(
                        Weights(f),
                        bytes =>
                        {
                            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(bytes.Length - 4), float.NaN);
                            return bytes;
                        }
                    )
                )
            )
            .Refused("model.safetensors", "NaN");

    [Fact]
    public void Weights_of_another_shape() =>
        Generate(Damaged(f => Configure(f, "n_embd", 32))).Refused("the weights do not fit config.json", "has shape");

    [Theory]
    [InlineData("n_layer", 4000)]
    [InlineData("vocab_size", 16_000_000)]
    [InlineData("n_positions", 16_000_000)]
    [InlineData("n_inner", 16_000_000)]
    public void A_configuration_that_claims_a_giant_is_found_out_before_memory_is_taken(string field, int size) =>
        Generate(Damaged(f => Configure(f, field, size))).Refused("the weights do not fit config.json");

    [Theory]
    [InlineData("generate", "--prompt", "The film")]
    [InlineData("evaluate", "--text", "lines.txt")]
    [InlineData("sft", "--data", "demonstrations.jsonl")]
    public void A_tokenizer_of_another_model_is_refused_when_loaded(string command, string option, string value)
    {
        _folder.WriteText("lines.txt", "The film was slow.\n");
        _folder.WriteText("demonstrations.jsonl", """{"prompt": "The film", "completion": " was slow."}""");
        var folder = Damaged(f => TinyModel.Tokenizer(320).Save(f));
        AttuneProgram
            .Run(_folder.Path, command, "--model", folder, option, value)
            .Refused("the tokenizer has 320 tokens, but the model knows 300", "do not belong together");
        Assert.False(Directory.Exists(_folder.File("runs/sft")));
    }

    [Fact]
    public void A_reward_model_with_another_tokenizer_reads_the_answers_in_its_own_tokens()
    {
        // As many tokens, other meanings.
        using (var other = new ScalarModel(TinyModel.Shape(300), new Seed(3)))
        {
            ModelFiles.Save(other, _folder.File("reward"));
        }

        Attune
            .Text.Tokenizers.BytePairTrainer.Train(["zzz yyy xxx zzz yyy xxx zzz"], 300, new(null, "<|endoftext|>", "<|pad|>"))
            .Save(_folder.File("reward"));
        _folder.WriteText("prompts.jsonl", string.Concat(Enumerable.Range(0, 40).Select(i => $$"""{"prompt": "film {{i}}"}""" + "\n")));
        Ppo("--reward-model", "reward").Refused("value_network is reward-model", "another tokenizer", "--value-network policy");
        Ppo(
                "--reward-model",
                "reward",
                "--value-network",
                "policy",
                "--total-episodes",
                "8",
                "--rollout-batch-size",
                "8",
                "--batch-size",
                "8",
                "--evaluation-prompts",
                "2"
            )
            .Succeeded();
    }

    [Fact]
    public void A_language_model_is_no_reward_model()
    {
        _folder.WriteText("prompts.jsonl", string.Concat(Enumerable.Range(0, 40).Select(i => $$"""{"prompt": "film {{i}}"}""" + "\n")));
        Ppo("--reward-model", models.Policy).Refused("score.weight", "This is not a reward or value model");
    }

    private Outcome Ppo(params string[] options) =>
        AttuneProgram.Run(
            _folder.Path,
            ["ppo", "--model", models.Policy, "--prompts", "prompts.jsonl", "--max-new-tokens", "8", .. options]
        );

    private Outcome Generate(string model) => AttuneProgram.Run(_folder.Path, "generate", "--model", model, "--prompt", "The film");

    private string Damaged(Action<string> damage)
    {
        var copy = models.CopyPolicy(_folder.File("model"));
        damage(copy);
        return copy;
    }

    private static string Weights(string folder) => Path.Combine(folder, "model.safetensors");

    private static void Change(string path, Func<byte[], byte[]> change) => File.WriteAllBytes(path, change(File.ReadAllBytes(path)));

    private static void Configure(string folder, string field, int value)
    {
        var path = Path.Combine(folder, "config.json");
        var config = JsonNode.Parse(File.ReadAllText(path))!;
        config[field] = value;
        File.WriteAllText(path, config.ToJsonString());
    }
}
