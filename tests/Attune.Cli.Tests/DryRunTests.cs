using System.Globalization;
using System.Text.RegularExpressions;
using Attune.Testing;

namespace Attune.Cli.Tests;

/// <summary>What a dry run says of the stages of a recipe.</summary>
public sealed class DryRunTests(TinyModel models) : IClassFixture<TinyModel>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_stage_is_tried_with_what_the_ones_before_it_made_of_a_few_rounds()
    {
        WritePairs();
        var outcome = DryRun(
            """
              - sft: {data: shown.jsonl, epochs: 40, batch_size: 4}
              - reward: {data: pairs.jsonl, members: 2, epochs: 30, batch_size: 4, normalisation_samples: 0}
              - rloo: {prompts: pairs.jsonl, total_episodes: 64, rollout_batch_size: 8, max_new_tokens: 4, evaluation_prompts: 2}
            """
        );
        Assert.Matches(@"dry run of sft \(1 of 3: .*\): three rounds were tried, nothing is kept\n  rows      \d+ to learn", outcome);
        Assert.Matches(@"dry run of reward \(2 of 3: .*\): three rounds of each of 2 trainings were tried", outcome);
        // Eight rounds of one update each, as the recipe says; three were tried.
        Assert.Matches(
            @"dry run of rloo \(3 of 3: .*\): three rounds were tried, nothing is kept\n  updates   8 in rounds of 8 items",
            outcome
        );
        Assert.Matches(@"in all about \d+ s\n$", outcome);
        Assert.False(Directory.Exists(_folder.File("run")));
    }

    [Fact]
    public void People_are_not_asked_and_what_depends_on_their_answers_says_so()
    {
        WritePairs();
        var outcome = DryRun(
            """
              - preferences: {prompts: reviews:prompts, labels: 8, ask_me: 4}
              - reward: {}
              - dpo: {data: pairs.jsonl, max_steps: 7, evaluation_prompts: 2, max_new_tokens: 4}
            """
        );
        Assert.Contains("dry run of preferences (1 of 3", outcome, StringComparison.Ordinal);
        Assert.Contains("not tried it asks people, which a dry run does not", outcome, StringComparison.Ordinal);
        Assert.Contains("not tried it depends on what preferences would make", outcome, StringComparison.Ordinal);
        // A stage that needs neither is tried all the same.
        Assert.Contains("  updates   7 in rounds of ", outcome, StringComparison.Ordinal);
        Assert.Contains(", and what preferences, reward would take", outcome, StringComparison.Ordinal);
    }

    [Fact]
    public void Labels_that_a_stage_would_collect_are_drawn_in_part_and_counted_whole()
    {
        var outcome = DryRun(
            """
              - preferences: {prompts: reviews:prompts, labels: 3000, max_new_tokens: 4, test_split: 0.1}
              - reward: {epochs: 1, batch_size: 100}
            """,
            model: "embedded"
        );
        Assert.Contains("dry run of preferences (1 of 2", outcome, StringComparison.Ordinal);
        var rows = Regex.Match(outcome, @"rows      ([\d,]+) to learn from").Groups[1].Value;
        Assert.InRange(int.Parse(rows.Replace(",", "", StringComparison.Ordinal), CultureInfo.InvariantCulture), 1500, 3000);
    }

    private string DryRun(string stages, string? model = null)
    {
        _folder.WriteText("recipe.yaml", $"model: {model ?? models.Policy}\nstages:\n{stages}");
        return AttuneProgram.Run(_folder.Path, "run", "recipe.yaml", "--out", "run", "--dry-run").Succeeded().Output;
    }

    private void WritePairs()
    {
        var films = Enumerable.Range(0, 40).ToArray();
        _folder.WriteText(
            "pairs.jsonl",
            string.Concat(films.Select(i => $$"""{"prompt": "The film {{i}}", "chosen": " was good.", "rejected": " was bad."}""" + "\n"))
        );
        _folder.WriteText(
            "shown.jsonl",
            string.Concat(films.Select(i => $$"""{"prompt": "The film {{i}}", "completion": " was good."}""" + "\n"))
        );
    }
}
