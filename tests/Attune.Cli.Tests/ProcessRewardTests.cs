using System.Text.Json.Nodes;
using Attune.Testing;

namespace Attune.Cli.Tests;

/// <summary>Process reward models at the command line: trained, used as a reward, and compared with other ways to choose.</summary>
public sealed class ProcessRewardTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_model_is_trained_on_steps_and_judges_those_of_answers()
    {
        Train("prm").Succeeded();
        var figures = JsonNode.Parse(File.ReadAllText(_folder.File("prm/stage.json")))!["metrics"]!;
        Assert.Equal((6, 10), ((int)figures["examples"]!, (int)figures["steps"]!));
        Assert.True(File.Exists(_folder.File("prm/final/process_reward.json")));
        _folder.WriteText(
            "problems.jsonl",
            string.Concat(Enumerable.Range(0, 4).Select(i => $$"""{"prompt": "{{i}}+1=", "answer": 2}""" + "\n"))
        );
        _folder.WriteText(
            "recipe.yaml",
            """
            name: best
            model: embedded
            stages:
              - best-of-n:
                  prompts: problems.jsonl
                  held_out_prompts: problems.jsonl
                  evaluation_prompts: 3
                  counts: [1, 2]
                  max_new_tokens: 8
                  reward: [{process: prm/final}]
                  solutions:
                    right: [{match: answer, extract: last-number, compare: numeric}]
                    process: prm/final
                    outcome: prm/final
                    subsets: 5
            """
        );
        AttuneProgram.Run(_folder.Path, "run", "recipe.yaml", "--out", "run").Succeeded();
        figures = JsonNode.Parse(File.ReadAllText(_folder.File("run/stage.json")))!["metrics"]!;
        foreach (var chooser in (string[])["blind", "majority", "min", "oracle", "outcome", "product", "weighted"])
        {
            Assert.InRange((double)figures[$"best_of_n/2/solved/{chooser}"]!, 0, (double)figures["best_of_n/2/solved/oracle"]!);
        }

        Assert.Contains("Problems solved", File.ReadAllText(_folder.File("run/report.html")), StringComparison.Ordinal);
        AttuneProgram
            .Run(_folder.Path, "generate", "--model", "embedded", "--best-of", "2", "--reward-model", "prm/final")
            .Refused("is a process reward model, which judges steps");
        string[] prompts = ["--prompts", "problems.jsonl", "--held-out-prompts", "problems.jsonl"];
        string[] reward = ["--reward-model", "prm/final", "--reward", "[{process: trained, aggregate: none}]"];
        AttuneProgram
            .Run(_folder.Path, ["ppo", "--model", "embedded", .. prompts, .. reward])
            .Refused("ppo.value_network is reward-model", "is a process reward model");
    }

    [Fact]
    public void An_outcome_model_needs_solutions_whose_answers_are_known()
    {
        Train("orm", "--supervise", "outcome").Refused("no row is left to learn from");
        Train("prm", "--step-separator", "").Refused("step_separator is empty");
    }

    private Outcome Train(string folder, params string[] more)
    {
        _folder.WriteText(
            "steps.jsonl",
            string.Concat(
                Enumerable
                    .Range(0, 6)
                    .Select(i =>
                        i < 4
                            ? $$"""{"prompt": "{{i}}+1=", "completions": ["good", "bad"], "labels": [true, false]}""" + "\n"
                            : $$"""{"prompt": "{{i}}+1=", "completions": ["bad", "good"], "labels": [-1, 0.5]}""" + "\n"
                    )
            )
        );
        return AttuneProgram.Run(
            _folder.Path,
            [
                "process-reward",
                "--model",
                "embedded",
                "--data",
                "steps.jsonl",
                "--test-split",
                "0",
                "--epochs",
                "1",
                "--batch-size",
                "6",
                "--out",
                folder,
                .. more,
            ]
        );
    }
}
