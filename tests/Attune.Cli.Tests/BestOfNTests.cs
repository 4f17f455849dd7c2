using System.Text.Json.Nodes;
using Attune.Testing;

namespace Attune.Cli.Tests;

/// <summary>Choosing the best of n answers, at the command line and as a stage.</summary>
public sealed class BestOfNTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_best_continuation_is_printed_with_its_score_and_all_of_them_as_JSON()
    {
        string[] arguments =
        [
            "generate",
            "--model",
            "embedded",
            "--prompt",
            "Title:",
            "--max-tokens",
            "12",
            "--best-of",
            "6",
            "--reward",
            "[{length: 5}, {pattern: 'e', weight: 0.5}]",
        ];
        var all = AttuneProgram
            .Run(_folder.Path, [.. arguments, "--json"])
            .Succeeded()
            .Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(l => JsonNode.Parse(l)!)
            .ToArray();
        Assert.Equal(6, all.Length);
        var best = Assert.Single(all, c => (bool)c["best"]!);
        Assert.Equal(all.Max(c => (double)c["score"]!), (double)best["score"]!);
        var printed = AttuneProgram.Run(_folder.Path, arguments).Succeeded().Output;
        Assert.Equal(FormattableString.Invariant($"Title:{best["text"]}\n[score {(double)best["score"]!:0.000}]\n"), printed);
    }

    [Fact]
    public void Nothing_can_be_chosen_without_a_reward() =>
        AttuneProgram
            .Run(_folder.Path, "generate", "--model", "embedded", "--best-of", "4")
            .Refused("--best-of needs a reward to choose by", "--reward-model");

    [Fact]
    public void The_stage_measures_every_n_from_one_set_of_answers()
    {
        _folder.WriteText(
            "recipe.yaml",
            """
            name: best
            model: embedded
            stages:
              - best-of-n: {prompts: reviews:prompts, rows: 8, held_out_prompts: reviews:held-out-prompts, evaluation_prompts: 4, counts: [4, 1, 2], max_new_tokens: 12, gold: reviews, reward: [{length: 5}]}
            """
        );
        AttuneProgram.Run(_folder.Path, "run", "recipe.yaml", "--out", "run").Succeeded();
        var figures = JsonNode.Parse(File.ReadAllText(_folder.File("run/stage.json")))!["metrics"]!;
        double Figure(int n, string name) => (double)figures[$"best_of_n/{n}/{name}"]!;
        Assert.Equal(20, (double)figures["answers"]!);
        Assert.True(Figure(1, "proxy_reward") <= Figure(2, "proxy_reward") && Figure(2, "proxy_reward") <= Figure(4, "proxy_reward"));
        Assert.Equal(0.5, Figure(1, "proxy_win_rate"), 1e-9);
        Assert.Equal(0.8, Figure(4, "win_rate_bound"), 1e-9);
        Assert.Equal(0.636294, Figure(4, "kl_bound"), 1e-6);
        Assert.Equal(Figure(4, "gold_reward"), (double)figures["gold_reward_after"]!, 1e-9);
        Assert.Equal([1, 2, 4], File.ReadLines(_folder.File("run/events.jsonl")).Select(l => (int)JsonNode.Parse(l)!["updates"]!));
        Assert.Contains("n, answers to choose from", File.ReadAllText(_folder.File("run/report.html")), StringComparison.Ordinal);
    }
}
