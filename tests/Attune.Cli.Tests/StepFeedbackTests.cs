using System.Text.Json.Nodes;
using Attune.Testing;

namespace Attune.Cli.Tests;

/// <summary>Steps of sampled solutions at the command line: labelled, learned by both kinds of models, and used to choose.</summary>
public sealed class StepFeedbackTests : IDisposable
{
    private const string Right = @"[{match: answer, extract: group, regex: '=(\d)\s*$'}]";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("checker")]
    [InlineData("roll-outs")]
    public void Solutions_are_labelled_learned_and_chosen_from(string by)
    {
        _folder.WriteText("recipe.yaml", Recipe(by));
        AttuneProgram.Run(_folder.Path, "run", "recipe.yaml", "--out", "run").Succeeded();
        var labelled = Figures("step-feedback");
        var (rows, heldOut) = ((int)labelled["labels"]!, (int)labelled["held_out_labels"]!);
        Assert.InRange(rows + heldOut, 1, 32);
        Assert.Equal(rows, File.ReadLines(_folder.File("run/step-feedback/steps.jsonl")).Count());
        Assert.InRange((double)labelled["checker_agreement"]!, by == "checker" ? 1 : 0, 1);
        Assert.True(File.Exists(_folder.File("run/process-reward/final/process_reward.json")));
        var solved = Figures("best-of-n");
        foreach (var chooser in (string[])["blind", "majority", "min", "outcome", "product", "weighted"])
        {
            Assert.InRange((double)solved[$"best_of_n/2/solved/{chooser}"]!, 0, (double)solved["best_of_n/2/solved/oracle"]!);
        }

        Assert.Contains("Parts of answers", File.ReadAllText(_folder.File("run/report.html")), StringComparison.Ordinal);
    }

    [Fact]
    public void Roll_outs_that_nothing_judges_and_models_that_nobody_trained_are_told_before_anything_runs()
    {
        _folder.WriteText("recipe.yaml", Recipe("roll-outs").Replace($"right: {Right}, by", "by", StringComparison.Ordinal));
        AttuneProgram.Run(_folder.Path, "run", "recipe.yaml", "--out", "run").Refused("step-feedback.right has 0 terms; expected one");
        _folder.WriteText("recipe.yaml", Recipe("checker").Replace("supervise: outcome", "supervise: steps", StringComparison.Ordinal));
        AttuneProgram
            .Run(_folder.Path, "run", "recipe.yaml", "--out", "run")
            .Refused("best-of-n.solutions.outcome is 'trained', but no process-reward stage with supervise: outcome comes before");
    }

    private JsonNode Figures(string stage) => JsonNode.Parse(File.ReadAllText(_folder.File($"run/{stage}/stage.json")))!["metrics"]!;

    private static string Recipe(string by) =>
        $$"""
            name: steps
            stages:
              - pretrain:
                  {data: arithmetic:documents, rows: 256, family: gpt2, layers: 1, width: 32, heads: 2, context_length: 64, packing: false,
                   max_length: 64, epochs: 2, batch_size: 16, learning_rate: 5e-3, evaluate_every: 0, checkpoint_every: 0}
              - step-feedback:
                  {prompts: arithmetic:prompts, labels: 32, right: {{Right}}, by: {{by}}, roll_outs: 2, max_new_tokens: 44, test_split: 0.2}
              - process-reward: {supervise: outcome, epochs: 1, batch_size: 8, max_length: 64, evaluate_every: 0, checkpoint_every: 0}
              - process-reward: {epochs: 1, batch_size: 8, max_length: 64, evaluate_every: 0, checkpoint_every: 0}
              - best-of-n:
                  prompts: arithmetic:prompts
                  rows: 8
                  held_out_prompts: arithmetic:held-out-prompts
                  evaluation_prompts: 4
                  counts: [1, 2]
                  max_new_tokens: 44
                  reward: [{process: trained}]
                  solutions: {right: {{Right}}, process: trained, outcome: trained, subsets: 5}
            """;
}
