using System.Text.Json;
using Attune.Core.Runs;
using Attune.Models.Files;
using Attune.Testing;

namespace Attune.Cli.Tests;

/// <summary>An encoder as the model of the reward stage, and where none is expected.</summary>
public sealed class EncoderTests(TinyModel models) : IClassFixture<TinyModel>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_classifier_is_trained_on_verdicts_and_gives_rewards()
    {
        Encoder("encoder", labels: 0);
        Verdicts();
        string[] options =
        [
            .. new[] { "--epochs", "60", "--batch-size", "8", "--learning-rate", "3e-3", "--evaluate-every", "0", "--test-split", "0.25" },
        ];
        Run(["reward", "--model", "encoder", "--loss", "classification", "--data", "verdicts.jsonl", "--out", "run", .. options])
            .Succeeded();
        var metrics = JsonDocument
            .Parse(File.ReadAllText(_folder.File("run/result.json")))
            .RootElement.GetProperty("stages")[0]
            .GetProperty("metrics");
        // Two rows of 34 are longer than the encoder reads.
        Assert.Equal(32, metrics.GetProperty("examples").GetInt32() + metrics.GetProperty("held_out").GetInt32());
        Assert.Contains("longer than max_length", File.ReadAllText(_folder.File("run/result.json")), StringComparison.Ordinal);
        Assert.Equal(1, metrics.GetProperty("accuracy").GetDouble());
        Assert.Equal(1, metrics.GetProperty("auc").GetDouble());
        Run("model", "info", "run/final").Succeeded("an encoder that classifies", "undesirable, desirable");

        // What it learned is a reward: the answers with "good" are worth more.
        _folder.WriteText("prompts.jsonl", """{"prompt": "film"}""" + "\n");
        Run(
                "generate",
                "--model",
                models.Policy,
                "--prompt",
                "film",
                "--best-of",
                "3",
                "--max-tokens",
                "4",
                "--reward",
                "[{model: run/final, label: desirable}]"
            )
            .Succeeded();
        Run("generate", "--model", models.Policy, "--prompt", "film", "--best-of", "2", "--reward", "[{model: run/final, label: fine}]")
            .Refused("has no class 'fine'", "its classes are undesirable, desirable");

        // It scores a file of answers by its own tokenizer.
        _folder.WriteText("answers.jsonl", """{"prompt": "film", "chosen": " good", "rejected": " bad"}""" + "\n");
        Run("score", "--data", "answers.jsonl", "--reward-model", "run/final").Succeeded("agrees with 100", "of 1 pairs");

        // The trained classifier goes on from its own head.
        Run(["reward", "--model", "run/final", "--loss", "classification", "--data", "verdicts.jsonl", "--out", "more", .. options])
            .Succeeded();
        Assert.Contains("\"1\": \"desirable\"", File.ReadAllText(_folder.File("more/final/config.json")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("dpo", "--held-out-prompts", "prompts.jsonl")]
    [InlineData("online-dpo", "--prompts", "prompts.jsonl", "--judge", "reward")]
    public void A_classifier_measures_and_judges_the_answers_of_methods_on_pairs(string method, params string[] more)
    {
        Encoder("judge", labels: 2);
        _folder.WriteText("prompts.jsonl", string.Concat(Enumerable.Range(0, 24).Select(i => $$"""{"prompt": "film {{i}}"}""" + "\n")));
        _folder.WriteText("pairs.jsonl", """{"prompt": "film", "chosen": " good", "rejected": " bad"}""" + "\n");
        string[] data = method == "dpo" ? ["--data", "pairs.jsonl"] : ["--rollout-batch-size", "4", "--total-episodes", "4"];
        string[] sizes = ["--evaluation-prompts", "1", "--max-new-tokens", "4", "--batch-size", "2"];
        Run([method, "--model", models.Policy, .. data, "--reward-model", "judge", "--out", "run", .. sizes, .. more]).Succeeded();
        Assert.Contains("proxy_reward_after", File.ReadAllText(_folder.File("run/result.json")), StringComparison.Ordinal);
    }

    [Fact]
    public void Two_runs_give_the_same_weights()
    {
        Encoder("encoder", labels: 0);
        Verdicts();
        string[] data = ["--loss", "classification", "--data", "verdicts.jsonl"];
        string[] options = [.. data, "--batch-size", "4", "--checkpoint-every", "2", "--encoder-dropout", "0.1"];
        Run(["reward", "--model", "encoder", .. options, "--epochs", "2", "--out", "whole"]).Succeeded();
        Run(["reward", "--model", "encoder", .. options, "--epochs", "2", "--out", "again"]).Succeeded();
        Assert.Equal(
            File.ReadAllBytes(_folder.File("whole/final/model.safetensors")),
            File.ReadAllBytes(_folder.File("again/final/model.safetensors"))
        );
    }

    [Fact]
    public void What_does_not_fit_an_encoder_is_refused_with_one_message()
    {
        Encoder("encoder", labels: 0);
        Encoder("three", labels: 3);
        Verdicts();
        string[] data = ["--data", "verdicts.jsonl", "--out", "no"];
        Run(["reward", "--model", "three", "--loss", "classification", .. data])
            .Refused("three is a classifier with 3 classes (class 0, class 1, class 2)", "Expected a classifier of two classes");
        Run(["reward", "--model", "encoder", "--loss", "regression", .. data])
            .Refused("reward.loss is not for encoders", "Expected classification, on verdicts, or a language model.");
        Run(["reward", "--model", "encoder", "--loss", "classification", "--lora-r", "4", .. data])
            .Refused("reward.lora.r is not for encoders");
        Run(["reward", "--model", "embedded", "--loss", "classification", "--encoder-dropout", "0.1", .. data])
            .Refused("encoder_dropout is for encoders", "Expected 0, or an encoder.");
        Run(["kto", "--model", "encoder", .. data])
            .Refused("model_type is 'bert', an encoder: it reads texts for a reward, and writes none");
        Run("generate", "--model", "encoder", "--prompt", "x").Refused("an encoder: it reads texts for a reward");
        Run("generate", "--model", models.Policy, "--prompt", "x", "--best-of", "2", "--reward", "[{model: three}]")
            .Refused("has several classes, and label is not given", "class 0, class 1, class 2");
        Run(["reward", "--model", "encoder", "--loss", "classification", "--rows", "1", "--held-out-data", "verdicts.jsonl", .. data])
            .Refused("all 1 verdicts to learn from are ", "where rows is given, give more rows");
        Run(["reward", "--model", models.Policy, "--loss", "classification", "--rows", "1", "--held-out-data", "verdicts.jsonl", .. data])
            .Refused("all 1 verdicts to learn from are ");
        Assert.False(Directory.Exists(_folder.File("no/final")));
    }

    private void Verdicts() =>
        _folder.WriteText(
            "verdicts.jsonl",
            string.Concat(
                Enumerable
                    .Range(0, 32)
                    .Select(i => Verdict($"the film was {(i % 2 == 0 ? "good" : "bad")} {(char)('a' + i % 16)}", i % 2 == 0))
            )
                + string.Concat(
                    Enumerable
                        .Range(0, 2)
                        .Select(i =>
                            $$"""{"prompt": "", "completion": "{{string.Concat(Enumerable.Repeat("film ", 40 + i))}}", "label": true}"""
                            + "\n"
                        )
                )
        );

    private static string Verdict(string text, bool desirable) =>
        $$"""{"prompt": "", "completion": "{{text}}", "label": {{(desirable ? "true" : "false")}}}""" + "\n";

    /// <param name="labels">Classes of its head; 0 for an encoder alone.</param>
    private void Encoder(string name, int labels)
    {
        string[] words =
        [
            "[PAD]",
            "[UNK]",
            "[CLS]",
            "[SEP]",
            "the",
            "film",
            "was",
            "good",
            "bad",
            .. Enumerable.Range(0, 16).Select(i => ((char)('a' + i)).ToString()),
        ];
        Directory.CreateDirectory(_folder.File(name));
        _folder.WriteText(Path.Combine(name, "vocab.txt"), string.Join('\n', words) + "\n");
        var names = string.Join(", ", Enumerable.Range(0, labels).Select(i => $"\"{i}\": \"class {i}\""));
        _folder.WriteText(
            Path.Combine(name, "config.json"),
            $$"""
            {"model_type": "bert", "vocab_size": {{words.Length}}, "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
            "intermediate_size": 24, "max_position_embeddings": 32{{(labels == 0 ? "" : $", \"id2label\": {{{names}}}")}}}
            """
        );
        var rng = new Seed(4).For("encoder").Rng();
        var prefix = labels == 0 ? "" : "bert.";
        List<(string Name, int[] Shape)> tensors =
        [
            ("embeddings.word_embeddings.weight", [words.Length, 16]),
            ("embeddings.position_embeddings.weight", [32, 16]),
            ("embeddings.token_type_embeddings.weight", [2, 16]),
            .. Pair("embeddings.LayerNorm", 16),
            .. new[] { "self.query", "self.key", "self.value", "output.dense" }.SelectMany(m =>
                Pair($"encoder.layer.0.attention.{m}", 16, 16)
            ),
            .. Pair("encoder.layer.0.attention.output.LayerNorm", 16),
            .. Pair("encoder.layer.0.intermediate.dense", 24, 16),
            .. Pair("encoder.layer.0.output.dense", 16, 24),
            .. Pair("encoder.layer.0.output.LayerNorm", 16),
            .. Pair("pooler.dense", 16, 16),
        ];
        tensors = [.. tensors.Select(t => (prefix + t.Name, t.Shape)), .. labels == 0 ? [] : Pair("classifier", labels, 16)];
        SafeTensorsWriter.Write(
            _folder.File(Path.Combine(name, "model.safetensors")),
            [
                .. tensors.Select(t => new SafeTensorsSource(
                    t.Name,
                    [.. t.Shape.Select(s => (long)s)],
                    () => [.. Enumerable.Range(0, t.Shape.Aggregate((a, b) => a * b)).Select(_ => Number(t.Name))]
                )),
            ],
            WeightType.F32
        );

        float Number(string tensor) => tensor.EndsWith("LayerNorm.weight", StringComparison.Ordinal) ? 1 : (float)(0.2 * rng.NextNormal());
    }

    private static (string, int[])[] Pair(string name, int outputs, int? inputs = null) =>
        [(name + ".weight", inputs is { } width ? [outputs, width] : [outputs]), (name + ".bias", [outputs])];

    private Outcome Run(params string[] arguments) => AttuneProgram.Run(_folder.Path, arguments);
}
