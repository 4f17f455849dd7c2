using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Attune.Testing;

namespace Attune.Cli.Tests;

/// <summary>Methods that sample keep the weights whose answers to held-out prompts earned most.</summary>
public sealed partial class SampledBestTests(TinyModel models) : IClassFixture<TinyModel>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("rloo", "--total-episodes 48 --rollout-batch-size 8 --num-generations 2")]
    [InlineData("rft", "--total-episodes 48 --rollout-batch-size 8 --num-generations 2 --keep-cut true")]
    [InlineData("online-dpo", "--total-episodes 48 --rollout-batch-size 8 --judge reward")]
    public void The_weights_kept_are_those_of_the_highest_reward(string method, string options)
    {
        Run(method, options).Succeeded();
        var rounds = Rounds();
        Assert.True(rounds.Length >= 4, $"{rounds.Length} evaluations");
        // Answers of weights that learn differ; those of weights that were left behind would be the same every time.
        Assert.True(rounds.Select(r => r.Reward).Distinct().Count() > 1, "every evaluation saw the same answers");
        var best = rounds.MaxBy(r => r.Validated);
        var note = Result().GetProperty("stages")[0].GetProperty("notes").EnumerateArray().Select(n => n.GetString()!).ToArray();
        var kept = long.Parse(
            Kept().Match(Assert.Single(note, n => n.Contains("(keep_best)", StringComparison.Ordinal))).Groups[1].Value,
            CultureInfo.InvariantCulture
        );
        var after = Result().GetProperty("stages")[0].GetProperty("metrics").GetProperty("proxy_reward_after").GetDouble();
        if (kept == best.Updates)
        {
            Assert.Equal(best.Reward, after, 1e-4);
        }
        else
        {
            // The last weights are measured at the end alone.
            Assert.True(kept > rounds[^1].Updates, $"kept {kept}, but the best were those after {best.Updates}");
        }
    }

    [Fact]
    public void What_says_nothing_of_the_weights_cannot_choose_them()
    {
        Run("online-dpo", "--total-episodes 8 --rollout-batch-size 8", reward: false)
            .Refused("online-dpo.keep_best is on, but no reward says which weights are best", "reward_model");
        _folder.WriteText(
            "recipe.yaml",
            $$"""
            model: {{models.Policy}}
            stages:
              - online:
                  policy:
                    rloo: {prompts: prompts.jsonl, keep_best: true}
            """
        );
        AttuneProgram
            .Run(_folder.Path, "run", "recipe.yaml", "--out", "online")
            .Refused("online.policy: keep_best is on, but the reward is trained anew");
    }

    /// <summary>Evaluations before rounds: updates of the weights, mean rewards of the two halves of the held-out prompts.</summary>
    private (long Updates, double Validated, double Reward)[] Rounds()
    {
        var updates = 0L;
        var rounds = new List<(long, double, double)>();
        foreach (var line in File.ReadLines(_folder.File("run/events.jsonl")))
        {
            var entry = JsonDocument.Parse(line).RootElement;
            if (entry.GetProperty("kind").GetString() != "round")
            {
                continue;
            }

            var metrics = entry.GetProperty("metrics");
            rounds.Add(
                (updates, metrics.GetProperty("validation/proxy_reward").GetDouble(), metrics.GetProperty("eval/proxy_reward").GetDouble())
            );
            updates = entry.GetProperty("updates").GetInt64();
        }

        return [.. rounds];
    }

    private JsonElement Result() => JsonDocument.Parse(File.ReadAllText(_folder.File("run/result.json"))).RootElement;

    private Outcome Run(string method, string options, bool reward = true)
    {
        _folder.WriteText("prompts.jsonl", Prompts("film", 16));
        _folder.WriteText("held-out.jsonl", Prompts("plot", 8));
        return AttuneProgram.Run(
            _folder.Path,
            [
                method,
                "--model",
                models.Policy,
                "--prompts",
                "prompts.jsonl",
                "--eval-data",
                "held-out.jsonl",
                "--evaluation-prompts",
                "4",
                "--evaluate-every",
                "1",
                "--keep-best",
                "true",
                "--max-new-tokens",
                "8",
                "--learning-rate",
                "0.02",
                "--batch-size",
                "8",
                "--out",
                "run",
                .. reward ? new[] { "--reward-model", models.Reward } : [],
                .. options.Split(' '),
            ]
        );
    }

    private static string Prompts(string word, int count) =>
        string.Concat(Enumerable.Range(0, count).Select(i => $$"""{"prompt": "The {{word}} {{i}}"}""" + "\n"));

    [GeneratedRegex(@"after update (\d+) ")]
    private static partial Regex Kept();
}
