using System.Text.RegularExpressions;
using Attune.Testing;

namespace Attune.Cli.Tests;

public sealed partial class HelpTests : IDisposable
{
    /// <summary>The help of every command, asked for once.</summary>
    private static readonly Lazy<(string[] Command, string Text)[]> AllHelp = new(() =>
    {
        using var folder = new TemporaryFolder();
        return [.. HelpOfEach(folder.Path, [])];
    });

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Every help is committed, so that each change of wording shows in a diff. CONTRIBUTING.md says how to accept one.</summary>
    [Fact]
    public void Help_of_each_command_is_the_committed_one()
    {
        var now = AllHelp.Value.ToDictionary(h => FileOf(h.Command), h => h.Text);
        if (Environment.GetEnvironmentVariable("ATTUNE_ACCEPT_HELP") is not null)
        {
            Directory.Delete(Snapshots, recursive: true);
            Directory.CreateDirectory(Snapshots);
            foreach (var (file, text) in now)
            {
                File.WriteAllText(Path.Combine(Snapshots, file), text);
            }
        }

        var committed = Directory.GetFiles(Snapshots).ToDictionary(f => Path.GetFileName(f), File.ReadAllText);
        Assert.Equal(committed.Keys.Order(StringComparer.Ordinal), now.Keys.Order(StringComparer.Ordinal));
        Assert.All(now, help => Assert.Equal(committed[help.Key], help.Value));
    }

    [Fact]
    public void Help_of_each_command_shows_an_example_of_it() =>
        Assert.All(
            AllHelp.Value.Where(h => !h.Text.Contains("\nCommands:\n", StringComparison.Ordinal)),
            h => Assert.Matches($@"Examples?:\s+attune {string.Join(' ', h.Command)}", h.Text)
        );

    [Fact]
    public void Without_a_command_there_is_help() => Assert.Equal(Run(["--help"]).Output, Run([]).Succeeded().Output);

    [Fact]
    public void The_readme_names_every_command_and_no_other()
    {
        var commands = Commands(Run(["--help"]).Output).Order(StringComparer.Ordinal);
        var named = File.ReadLines(Checkout.File("README.md"))
            .Where(l => l.StartsWith("| `attune ", StringComparison.Ordinal))
            .SelectMany(l => CommandName().Matches(l.Split('|')[1]))
            .Select(m => m.Groups[1].Value)
            .Order(StringComparer.Ordinal);
        Assert.Equal(named, commands);
    }

    [Theory]
    [InlineData("dmo", "attune has no command 'dmo'. Did you mean 'demo'?", "See attune --help.")]
    [InlineData("modle info embedded", "attune has no command 'modle'. Did you mean 'model'?", "See attune --help.")]
    [InlineData("model inf embedded", "attune model has no command 'inf'. Did you mean 'info'?", "See attune model --help.")]
    [InlineData("model", "attune model needs a command: info, pull, import", "See attune model --help.")]
    [InlineData(
        "sft --model m --data d --learning-rat 1",
        "attune sft has no option '--learning-rat'. Did you mean '--learning-rate'?",
        "See attune sft --help."
    )]
    [InlineData(
        "sft --model m --data d --bach-size=3",
        "attune sft has no option '--bach-size=...'. Did you mean '--batch-size'?",
        "See attune sft --help."
    )]
    [InlineData("sft --data d", "'--model' is required", "See attune sft --help.")]
    [InlineData("demo --seed abc", "'abc'", "a whole number")]
    [InlineData("run a.yaml b.yaml", "attune run has no argument 'b.yaml'.", "See attune run --help.")]
    [InlineData("generate --model embedded --count 0", "--count is 0; expected at least 1.", "See attune generate --help.")]
    public void A_wrong_command_line_is_explained(string line, string first, string second)
    {
        Run(line.Split(' ')).Refused(first, second);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Path));
    }

    private static string Snapshots { get; } = Checkout.File("tests", "Attune.Cli.Tests", "Help");

    private static string FileOf(string[] command) => string.Join('.', (string[])["attune", .. command, "txt"]);

    /// <summary>The help of a command and of those below it.</summary>
    private static IEnumerable<(string[] Command, string Text)> HelpOfEach(string folder, string[] command)
    {
        var help = AttuneProgram.Run(folder, [.. command, "--help"]).Succeeded();
        Assert.Empty(help.Errors);
        return Commands(help.Output).SelectMany(name => HelpOfEach(folder, [.. command, name])).Prepend((command, help.Output));
    }

    /// <summary>The names below "Commands:".</summary>
    private static IEnumerable<string> Commands(string help) =>
        help.Split('\n')
            .SkipWhile(l => l != "Commands:")
            .Skip(1)
            .Where(l => l.Length > 2 && l.StartsWith("  ", StringComparison.Ordinal) && l[2] != ' ')
            .Select(l => l.Trim().Split(' ')[0]);

    private Outcome Run(string[] arguments) => AttuneProgram.RunApart(_folder.Path, arguments);

    [GeneratedRegex("`attune ([a-z0-9-]+)")]
    private static partial Regex CommandName();
}
