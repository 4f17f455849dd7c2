using Attune.Testing;

namespace Attune.Cli.Tests;

/// <summary>Data of one's own, as tables, folders and pipes, to the commands that take it.</summary>
public sealed class DataTests(TinyModel models) : IClassFixture<TinyModel>, IDisposable
{
    private const string Table =
        "question;good;bad\nThe film; was fine.; was slow.\nThe plot; was fine.; was slow.\nThe cast; was fine.; was slow.\n";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_table_is_inspected_from_a_pipe()
    {
        var outcome = AttuneProgram
            .RunWithInput(_folder.Path, Table, "data", "inspect", "-", "--columns", "prompt=question,chosen=good,rejected=bad")
            .Succeeded();
        Assert.Contains("-: 3 rows, preference rows {prompt, chosen, rejected}", outcome.Output, StringComparison.Ordinal);
        Assert.Matches(@"\n  chosen +10 +10 +10 +10\n", outcome.Output);
    }

    [Fact]
    public void Inspection_is_json_for_scripts()
    {
        _folder.WriteText("data.csv", Table);
        var outcome = AttuneProgram
            .Run(_folder.Path, "data", "inspect", "data.csv", "--json", "--columns", "prompt=question,chosen=good,rejected=bad")
            .Succeeded();
        Assert.StartsWith("{\"file\":\"data.csv\",\"kinds\":{\"Preference\":3},\"left_out\":{}", outcome.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_table_trains_a_model()
    {
        _folder.WriteText("data.csv", Table);
        string[] data = ["--data", "data.csv", "--columns", "prompt=question,chosen=good,rejected=bad", "--test-split", "0"];
        var outcome = AttuneProgram.Run(_folder.Path, ["dpo", "--model", models.Policy, .. data, "--out", "run"]).Succeeded();
        Assert.Contains("accuracy", outcome.Output + outcome.Errors, StringComparison.Ordinal);
        Assert.True(File.Exists(_folder.File("run/result.json")));
    }

    [Theory]
    [InlineData("prompt", "dpo.columns: found 'prompt'; expected FIELD=COLUMN pairs")]
    [InlineData("promt=question", "dpo.columns: 'promt' is not a field. Did you mean 'prompt'?")]
    [InlineData("prompt=question,chosen=good,rejected=bda", "no column 'bda', which --columns gives to rejected. Did you mean 'bad'?")]
    public void A_wrong_map_of_columns_is_refused(string map, string words)
    {
        _folder.WriteText("data.csv", Table);
        AttuneProgram
            .Run(_folder.Path, "dpo", "--model", models.Policy, "--data", "data.csv", "--columns", map, "--out", "run")
            .Refused(words);
        Assert.False(Directory.Exists(_folder.File("run")));
    }

    [Fact]
    public void Pretraining_says_that_it_uses_only_the_tokenizer_of_a_model()
    {
        _folder.WriteText("texts.txt", "The film was fine.\nThe plot was slow.\n");
        _folder.WriteText(
            "recipe.yaml",
            "stages:\n  - pretrain: {data: texts.txt, layers: 1, width: 16, heads: 2, context_length: 32, max_length: 32, test_split: 0}\n"
        );
        var outcome = AttuneProgram.Run(_folder.Path, "run", "recipe.yaml", "--model", models.Policy, "--out", "run").Succeeded();
        Assert.Contains("only the tokenizer is used", outcome.Output + outcome.Errors, StringComparison.Ordinal);
    }
}
