using System.CommandLine;
using System.Text.RegularExpressions;
using Attune.Testing;

namespace Attune.Cli.Tests;

/// <summary>
/// Bad inputs, one after another, with the whole message that each gives: exit code 2, one message, and nothing written. The table is
/// <c>BadInputs.txt</c>: <c>$</c> a command line, <c>&lt;</c> a file's name and content, <c>&gt;</c> a line of the message.
/// </summary>
public sealed partial class BadInputTests
{
    private static readonly string Table = Checkout.File("tests", "Attune.Cli.Tests", "BadInputs.txt");

    /// <summary>After a wanted change of messages, set ATTUNE_WRITE_SNAPSHOTS=1, run this test, and read the diff.</summary>
    [Fact]
    public void Each_bad_input_gives_its_message()
    {
        var (now, cases) = ("", 0);
        foreach (var block in File.ReadAllText(Table).TrimEnd('\n').Split("\n\n"))
        {
            now += block.StartsWith('#') ? block + "\n\n" : Answered(block) + "\n\n";
            cases += block.StartsWith('$') ? 1 : 0;
        }

        if (Environment.GetEnvironmentVariable("ATTUNE_WRITE_SNAPSHOTS") == "1")
        {
            File.WriteAllText(Table, now.TrimEnd('\n') + "\n");
        }

        Assert.True(cases >= 150);
        Assert.Equal(File.ReadAllText(Table).TrimEnd('\n').Split("\n\n"), now.TrimEnd('\n').Split("\n\n"));
    }

    /// <summary>No parser's exception escapes, whatever the option.</summary>
    [Fact]
    public void A_word_in_a_number_s_place_is_named_by_every_option()
    {
        using var folder = new TemporaryFolder();
        using var stop = new Interruption([]);
        var asked = 0;
        foreach (var (path, option) in NumberOptions(CommandLine.Root(stop), []))
        {
            string[] line = [.. path, option.Name, "x"];
            var outcome = AttuneProgram.Run(folder.Path, line);
            // What is missing is said first.
            if (Missing().Matches(outcome.Errors).Select(m => m.Groups[1].Value).Distinct().ToArray() is { Length: > 0 } missing)
            {
                outcome = AttuneProgram.Run(folder.Path, [.. line, .. missing.SelectMany(m => new[] { m, "1" })]);
            }

            Assert.True(outcome.ExitCode == 2, $"{string.Join(' ', path)} {option.Name}: {outcome.Errors}");
            outcome.Refused($"{option.Name} is 'x'; expected a ");
            asked++;
        }

        Assert.True(asked > 40);
    }

    private static IEnumerable<(string[] Path, Option Option)> NumberOptions(Command command, string[] path) =>
        command
            .Options.Where(o => (Nullable.GetUnderlyingType(o.ValueType) ?? o.ValueType).IsPrimitive && !IsFlag(o))
            .Select(o => (path, o))
            .Concat(command.Subcommands.SelectMany(c => NumberOptions(c, [.. path, c.Name])));

    private static bool IsFlag(Option option) => option.ValueType == typeof(bool);

    private static string Answered(string block)
    {
        var lines = block.Split('\n').Where(l => l[0] is '$' or '<').ToArray();
        using var folder = new TemporaryFolder();
        foreach (var file in lines[1..])
        {
            var (name, content) = file[2..].Split(' ', 2) is [var n, var c] ? (n, c) : (file[2..], "");
            Directory.CreateDirectory(Path.GetDirectoryName(folder.File(name))!);
            folder.WriteText(name, Escape().Replace(content, Unescaped));
        }

        var before = Directory.GetFileSystemEntries(folder.Path, "*", SearchOption.AllDirectories);
        var outcome = AttuneProgram.Run(folder.Path, lines[0][2..].Split(' '));
        Assert.True(outcome.ExitCode == 2, $"{lines[0]} ended with {outcome.ExitCode}: {outcome.Errors}");
        outcome.Refused();
        Assert.Equal(before, Directory.GetFileSystemEntries(folder.Path, "*", SearchOption.AllDirectories));
        var message = outcome.Errors[(outcome.Errors.IndexOf("error\n", StringComparison.Ordinal) + "error\n".Length)..];
        return string.Join('\n', lines.Concat(message.TrimEnd().Split('\n').Select(l => "> " + l.Trim().Replace(folder.Path, "{folder}"))));
    }

    private static string Unescaped(Match escape) =>
        escape.Value[1] switch
        {
            'n' => "\n",
            't' => "\t",
            '\\' => "\\",
            var digit => ((char)(digit - '0')).ToString(),
        };

    [GeneratedRegex("Option '(.*)' is required")]
    private static partial Regex Missing();

    [GeneratedRegex(@"\\[nt\\0-9]")]
    private static partial Regex Escape();
}
