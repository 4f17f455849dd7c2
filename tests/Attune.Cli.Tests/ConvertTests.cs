using Attune.Testing;

namespace Attune.Cli.Tests;

/// <summary>Data sets made from texts, and files that are not overwritten.</summary>
public sealed class ConvertTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public ConvertTests()
    {
        _folder.WriteText("good.txt", string.Concat(Enumerable.Range(0, 40).Select(i => $"good {i}\n")));
        _folder.WriteText("bad.txt", string.Concat(Enumerable.Range(0, 40).Select(i => $"bad {i}\n")));
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Rows_are_shuffled_by_the_seed_unless_their_order_is_kept()
    {
        Convert("kept.jsonl", "--keep-order");
        Convert("one.jsonl");
        Convert("again.jsonl", "--seed", "1");
        Convert("two.jsonl", "--seed", "2");
        var (kept, one) = (Lines("kept.jsonl"), Lines("one.jsonl"));
        Assert.All(kept.Take(40), line => Assert.Contains("good", line, StringComparison.Ordinal));
        // Of 40 rows drawn from 40 and 40, 20 are expected to be good, standard deviation 2.25.
        Assert.InRange(one.Take(40).Count(l => l.Contains("good", StringComparison.Ordinal)), 10, 30);
        Assert.Equal(kept.Order(StringComparer.Ordinal), one.Order(StringComparer.Ordinal));
        Assert.Equal(one, Lines("again.jsonl"));
        Assert.NotEqual(one, Lines("two.jsonl"));
    }

    [Fact]
    public void A_file_that_exists_is_replaced_only_by_force()
    {
        _folder.WriteText("out.jsonl", "mine");
        Run("--out", "out.jsonl").Refused("out.jsonl exists already. Add --force to replace it, or choose another --out.");
        Assert.Equal("mine", File.ReadAllText(_folder.File("out.jsonl")));
        _folder.WriteText("new-held-out.jsonl", "mine");
        Run("--out", "new.jsonl", "--held-out", "0.3").Refused("new-held-out.jsonl exists already");
        Assert.False(File.Exists(_folder.File("new.jsonl")));
        Directory.CreateDirectory(_folder.File("folder"));
        Run("--out", "folder", "--force").Refused("folder is a folder; expected the name of a file");
        Convert("out.jsonl", "--force");
        Assert.Equal(80, Lines("out.jsonl").Length);
    }

    [Theory]
    [InlineData("figure over-optimisation")]
    [InlineData("feedback export --project p --format trl")]
    [InlineData("feedback backup")]
    [InlineData("control watch agent.json")]
    public void Every_command_that_writes_a_file_keeps_one_that_exists(string command)
    {
        _folder.WriteText("out.file", "mine");
        AttuneProgram.Run(_folder.Path, [.. command.Split(' '), "--out", "out.file"]).Refused("out.file exists already. Add --force");
        Assert.Equal("mine", File.ReadAllText(_folder.File("out.file")));
    }

    private void Convert(string file, params string[] more) => Run(["--out", file, .. more]).Succeeded();

    private Outcome Run(params string[] more) =>
        AttuneProgram.Run(_folder.Path, ["data", "convert", "--positive", "good.txt", "--negative", "bad.txt", .. more]);

    private string[] Lines(string file) => File.ReadAllLines(_folder.File(file));
}
