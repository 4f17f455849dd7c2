using System.Text.Json.Nodes;
using Attune.Testing;

namespace Attune.Cli.Tests;

/// <summary>Fine-grained feedback at the command line: marked, learned at three densities, and rewarded where the parts end.</summary>
public sealed class FineGrainedTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Reviews_are_marked_span_models_learn_it_and_PPO_is_rewarded_by_them()
    {
        _folder.WriteText(
            "recipe.yaml",
            """
            name: spans
            model: embedded
            stages:
              - span-feedback: {prompts: reviews:prompts, labels: 16, compare: true, max_new_tokens: 24, test_split: 0.25}
              - reward: {epochs: 1, batch_size: 8, max_length: 64, normalisation_samples: 0, normalisation: none}
              - fine-grained:
                  models:
                    - {name: blame, density: sub-sentence, types: [Sentiment]}
                    - {name: incomplete, density: answer, types: [Missing-Film, Missing-Aspects]}
                  epochs: 1
                  batch_size: 8
                  max_length: 64
              - ppo:
                  prompts: reviews:prompts
                  rows: 16
                  held_out_prompts: reviews:held-out-prompts
                  reward: [{spans: blame}, {spans: incomplete, good: 1, bad: -1}, {model: trained, weight: 0.1}]
                  total_episodes: 4
                  rollout_batch_size: 4
                  batch_size: 4
                  ppo_epochs: 1
                  value_network: shared-trunk
                  max_new_tokens: 16
                  evaluation_prompts: 2
            """
        );
        AttuneProgram.Run(_folder.Path, "run", "recipe.yaml", "--out", "run").Succeeded();
        // Two answers to each of sixteen prompts; prompts, not answers, are held out.
        var marked = Figures("span-feedback");
        Assert.Equal(32, (int)marked["labels"]! + (int)marked["held_out_labels"]!);
        Assert.Equal(16, (int)marked["compared"]! + (int)marked["ties"]!);
        var (rows, heldOut) = (Prompts("spans"), Prompts("held-out-spans"));
        Assert.Equal(((int)marked["labels"]!, (int)marked["held_out_labels"]!), (rows.Length, heldOut.Length));
        Assert.Empty(rows.Intersect(heldOut));
        var learned = Figures("fine-grained");
        foreach (var model in (string[])["blame", "incomplete"])
        {
            Assert.InRange((double)learned[$"accuracy/{model}"]!, 0, 1);
            Assert.True((int)learned[$"parts/{model}"]! >= (int)learned["held_out"]!);
            Assert.Contains(
                "\"density\"",
                File.ReadAllText(_folder.File($"run/fine-grained/final/{model}/process_reward.json")),
                StringComparison.Ordinal
            );
        }
    }

    [Fact]
    public void A_span_model_that_is_not_there_is_told_before_anything_runs() =>
        AttuneProgram
            .Run(
                _folder.Path,
                ["ppo", "--model", "embedded", "--prompts", "reviews:prompts", "--rows", "8", "--reward", "[{spans: blame}]"]
            )
            .Refused("ppo.reward.spans: blame is not a folder, and no fine-grained stage comes before");

    [Fact]
    public void Marked_spans_that_nobody_gave_are_told_before_anything_runs() =>
        AttuneProgram
            .Run(_folder.Path, ["fine-grained", "--model", "embedded"])
            .Refused("fine-grained.data is missing: name a file of answers with marked spans");

    private string[] Prompts(string file) =>
        [.. File.ReadLines(_folder.File($"run/span-feedback/{file}.jsonl")).Select(line => (string)JsonNode.Parse(line)!["prompt"]!)];

    private JsonNode Figures(string stage) => JsonNode.Parse(File.ReadAllText(_folder.File($"run/{stage}/stage.json")))!["metrics"]!;
}
