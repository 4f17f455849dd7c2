using System.Text.Json;
using Attune.Core.Feedback;
using Attune.Data.Formats;
using Attune.Testing;

namespace Attune.Cli.Tests;

/// <summary>From a file of prompts to a file of answers, and from answers to their scores.</summary>
public sealed class AnswerFileTests(TinyModel models) : IClassFixture<TinyModel>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_prompt_of_a_table_is_answered_and_the_same_seed_gives_the_same_file()
    {
        _folder.WriteText("prompts.csv", "question,id\nThe film,7\nThe plot,8\n");
        Generate("a.jsonl", "--count", "3").Succeeded();
        var answers = DatasetFile.Read<Demonstration>(_folder.File("a.jsonl"));
        Assert.Equal(["The film", "The plot"], answers.Items.Select(d => d.Prompt.Key).Distinct());
        Assert.Equal(6, answers.Items.Length);
        Assert.All(Rows("a.jsonl"), row => Assert.Equal(row.GetProperty("stop").GetString() == "Length", row.TryGetProperty("cut", out _)));

        Generate("b.jsonl", "--count", "3").Succeeded();
        Assert.Equal(File.ReadAllText(_folder.File("a.jsonl")), File.ReadAllText(_folder.File("b.jsonl")));
        Generate("c.jsonl", "--count", "3", "--seed", "2").Succeeded();
        Assert.NotEqual(File.ReadAllText(_folder.File("a.jsonl")), File.ReadAllText(_folder.File("c.jsonl")));
    }

    [Fact]
    public void The_best_of_several_answers_is_the_one_with_the_highest_score()
    {
        _folder.WriteText("prompts.csv", "question\nThe film\n");
        Generate("all.jsonl", "--count", "8", "--reward", "[{length: 3}]").Succeeded();
        Generate("best.jsonl", "--best-of", "8", "--reward", "[{length: 3}]").Succeeded();
        var scores = Rows("all.jsonl").Select(r => r.GetProperty("score").GetDouble()).ToArray();
        Assert.True(scores.Distinct().Count() > 1);
        Assert.Equal(scores.Max(), Assert.Single(Rows("best.jsonl")).GetProperty("score").GetDouble());
    }

    [Fact]
    public void A_prompt_without_room_is_left_out_and_counted()
    {
        _folder.WriteText("prompts.csv", $"question\nThe film\n{string.Concat(Enumerable.Repeat("zebra ", 60))}\n");
        var outcome = Generate("a.jsonl").Succeeded();
        Assert.Contains("1 prompts left out", outcome.Errors, StringComparison.Ordinal);
        Assert.Equal(1, Assert.Single(Rows("a.jsonl")).GetProperty("row").GetInt32());
    }

    /// <summary>As with --prompt: where nobody names a longest answer, a prompt gets what the context leaves.</summary>
    [Fact]
    public void The_default_length_is_cut_to_what_each_prompt_leaves_and_a_named_one_is_not()
    {
        var longer = string.Concat(Enumerable.Repeat("film ", 20));
        _folder.WriteText("prompts.csv", $"question\n{longer}\nThe film\n{string.Concat(Enumerable.Repeat("zebra ", 200))}\n");
        string[] given = ["generate", "--model", models.Policy, "--prompts", "prompts.csv", "--columns", "prompt=question"];
        var outcome = AttuneProgram.Run(_folder.Path, [.. given, "--out", "a.jsonl"]).Succeeded();
        Assert.Contains("1 prompts left out", outcome.Errors, StringComparison.Ordinal);
        Assert.Contains("2 prompts leave less than ", outcome.Errors, StringComparison.Ordinal);
        Assert.Equal([1, 2], Rows("a.jsonl").Select(r => r.GetProperty("row").GetInt32()));
        var alone = AttuneProgram
            .Run(_folder.Path, "generate", "--model", models.Policy, "--prompt", longer.Trim(), "--json")
            .Succeeded()
            .Output;
        Assert.InRange(Rows("a.jsonl")[0].GetProperty("tokens").GetInt32(), 1, TinyModel.Context - 1);
        Assert.True(JsonDocument.Parse(alone).RootElement.GetProperty("tokens").GetArrayLength() < TinyModel.Context);
        Generate("b.jsonl", "--max-tokens", "55").Succeeded();
        Assert.Equal([2], Rows("b.jsonl").Select(r => r.GetProperty("row").GetInt32()));
    }

    [Fact]
    public void Pairs_are_scored_and_the_share_that_agrees_has_an_interval()
    {
        // The reward wants answers of three tokens; a tie counts half.
        _folder.WriteText(
            "pairs.jsonl",
            """
            {"prompt": "The film", "chosen": "a", "rejected": "a a a a a a a a a a a a a a a a"}
            {"prompt": "The film", "chosen": "b b b b b b b b b b b b b b", "rejected": "b"}
            {"prompt": "The film", "chosen": "c", "rejected": "d"}
            """
        );
        var outcome = Score("--data", "pairs.jsonl", "--out", "scored.jsonl").Succeeded();
        Assert.Contains("3 rows, 6 answers", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("agrees with 50.0", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("of 3 pairs (95% interval", outcome.Output, StringComparison.Ordinal);
        var rows = Rows("scored.jsonl");
        Assert.True(rows[0].GetProperty("score_chosen").GetDouble() > rows[0].GetProperty("score_rejected").GetDouble());
        Assert.True(rows[1].GetProperty("score_chosen").GetDouble() < rows[1].GetProperty("score_rejected").GetDouble());
    }

    [Theory]
    [InlineData("{\"prompt\": \"a\"}", "have no answers to score")]
    [InlineData("{\"text\": \"a\"}", "have no answers to score")]
    public void Rows_without_answers_are_not_scored(string row, string words)
    {
        _folder.WriteText("rows.jsonl", row);
        Score("--data", "rows.jsonl").Refused(words);
    }

    [Fact]
    public void Options_that_do_not_go_together_are_refused_before_anything_is_written()
    {
        _folder.WriteText("prompts.csv", "question\nThe film\n");
        Generate("a.jsonl", "--prompt", "x").Refused("leave --prompt and --json out");
        AttuneProgram.Run(_folder.Path, "generate", "--model", models.Policy, "--prompts", "prompts.csv").Refused("--prompts needs --out");
        _folder.WriteText("a.jsonl", "");
        Generate("a.jsonl").Refused("a.jsonl exists already");
        AttuneProgram.Run(_folder.Path, "score", "--data", "prompts.csv").Refused("have no answers to score");
    }

    private JsonElement[] Rows(string name) =>
        [.. File.ReadLines(_folder.File(name)).Select(l => JsonDocument.Parse(l).RootElement.Clone())];

    private Outcome Generate(string file, params string[] options)
    {
        string[] prompts = ["--prompts", "prompts.csv", "--columns", "prompt=question", "--out", file];
        string[] length = options.Contains("--max-tokens") ? [] : ["--max-tokens", "12"];
        return AttuneProgram.Run(_folder.Path, ["generate", "--model", models.Policy, .. prompts, .. length, .. options]);
    }

    private Outcome Score(params string[] options) =>
        AttuneProgram.Run(_folder.Path, ["score", "--model", models.Policy, "--reward", "[{length: 3}]", .. options]);
}
