using Attune.Core.Feedback;
using Attune.Testing;

namespace Attune.Cli.Tests;

/// <summary>Adapters as a user trains, uses and merges them.</summary>
public sealed class LoraTests(TinyModel models) : IClassFixture<TinyModel>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void An_adapter_is_trained_on_a_quantised_base_drawn_from_and_merged()
    {
        WritePairs();
        AttuneProgram
            .Run(
                _folder.Path,
                "dpo",
                "--model",
                models.Policy,
                "--data",
                "data.jsonl",
                "--out",
                "run",
                "--max-new-tokens",
                "8",
                "--evaluation-prompts",
                "2",
                "--batch-size",
                "8",
                "--lora-r",
                "4",
                "--lora-alpha",
                "8",
                "--lora-dropout",
                "0.1",
                "--lora-base",
                "nf4",
                "--gradient-checkpointing",
                "true"
            )
            .Succeeded();
        Assert.True(File.Exists(_folder.File("run/final/adapter_model.safetensors")));
        Assert.False(File.Exists(_folder.File("run/final/model.safetensors")));
        AttuneProgram.Run(_folder.Path, "generate", "--model", "run/final", "--prompt", "Film", "--max-tokens", "4").Succeeded();
        static Provenance Labels(string snapshot, int count) => new([new ProvenanceEntry(snapshot, "films", count, ["ann"], [1], "dpo")]);
        var origin = models.CopyPolicy(_folder.File("base"));
        Labels(new string('a', 64), 7).Write(origin);
        Labels(new string('b', 64), 5).Write(_folder.File("run/final"));
        AttuneProgram.Run(_folder.Path, "model", "merge", "run/final", "--base", origin, "--out", "merged").Succeeded();
        AttuneProgram
            .Run(_folder.Path, "model", "info", "merged")
            .Succeeded("learned from 12 labels of 1 people", "snapshot aaaaaaaaaaaa", "snapshot bbbbbbbbbbbb");
        Assert.True(File.Exists(_folder.File("merged/model.safetensors")));
        var drawn = new[] { "run/final", "merged" }
            .Select(m =>
                AttuneProgram
                    .Run(_folder.Path, "generate", "--model", m, "--prompt", "Film", "--max-tokens", "8", "--greedy")
                    .Succeeded()
                    .Output
            )
            .ToArray();
        Assert.Equal(drawn[0], drawn[1]);
        AttuneProgram.Run(_folder.Path, "model", "merge", models.Policy, "--out", "again").Refused("has no adapter_config.json");
    }

    [Fact]
    public void What_an_adapter_cannot_do_is_said_before_anything_runs()
    {
        WritePairs();
        string[] Dpo(params string[] options) => ["dpo", "--model", models.Policy, "--data", "data.jsonl", "--out", "run", .. options];
        AttuneProgram
            .Run(_folder.Path, Dpo("--lora-r", "4", "--frozen-layers", "1"))
            .Refused("with an adapter (lora.r) all layers are frozen");
        AttuneProgram.Run(_folder.Path, Dpo("--lora-base", "nf4")).Refused("quantised weights cannot be trained");
        AttuneProgram
            .Run(_folder.Path, Dpo("--lora-r", "4", "--lora-targets", "q_proj"))
            .Refused("name q_proj, which a model of the family gpt2 does not have");
        AttuneProgram
            .Run(
                _folder.Path,
                "ppo",
                "--model",
                models.Policy,
                "--prompts",
                "reviews:prompts",
                "--rows",
                "8",
                "--reward-model",
                models.Reward,
                "--out",
                "run",
                "--lora-r",
                "4",
                "--lora-dropout",
                "0.1"
            )
            .Refused("ppo.lora.dropout is 0.1; expected 0");
    }

    private void WritePairs() =>
        _folder.WriteText(
            "data.jsonl",
            string.Concat(
                Enumerable.Range(0, 24).Select(i => $$"""{"prompt": "Film {{i}}", "chosen": " good.", "rejected": " bad."}""" + "\n")
            )
        );
}
