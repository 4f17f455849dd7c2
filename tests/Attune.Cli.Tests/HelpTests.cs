using System.Text.RegularExpressions;
using Attune.Testing;

namespace Attune.Cli.Tests;

public sealed partial class HelpTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData("demo")]
    [InlineData("run")]
    [InlineData("sft")]
    [InlineData("reward")]
    [InlineData("ppo")]
    [InlineData("rloo")]
    [InlineData("grpo")]
    [InlineData("rft")]
    [InlineData("dpo")]
    [InlineData("ipo")]
    [InlineData("psipo")]
    [InlineData("kto")]
    [InlineData("orpo")]
    [InlineData("simpo")]
    [InlineData("slic")]
    [InlineData("online-dpo")]
    [InlineData("generate")]
    [InlineData("evaluate")]
    [InlineData("model")]
    [InlineData("model info")]
    [InlineData("model import")]
    [InlineData("data")]
    [InlineData("data inspect")]
    [InlineData("data convert")]
    [InlineData("data sample")]
    [InlineData("frontier")]
    [InlineData("figure")]
    [InlineData("bench")]
    public void Help_shows_an_example(string command)
    {
        var help = Run([.. command.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"]).Succeeded();
        Assert.Empty(help.Errors);
        Assert.Matches($@"Examples?:\s+attune {command}", help.Output);
    }

    [Fact]
    public void Without_a_command_there_is_help() => Assert.Equal(Run(["--help"]).Output, Run([]).Succeeded().Output);

    [Fact]
    public void The_readme_names_every_command_and_no_other()
    {
        var commands = Run(["--help"])
            .Output.Split('\n')
            .SkipWhile(l => l != "Commands:")
            .Skip(1)
            .Where(l => l.Length > 2 && l.StartsWith("  ", StringComparison.Ordinal) && l[2] != ' ')
            .Select(l => l.Trim().Split(' ')[0])
            .Order(StringComparer.Ordinal);
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

    private Outcome Run(string[] arguments) => AttuneProgram.Run(_folder.Path, arguments);

    [GeneratedRegex("`attune ([a-z-]+)")]
    private static partial Regex CommandName();
}
