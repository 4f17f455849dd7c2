using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Globalization;

namespace Attune.Cli.Screens;

/// <summary>
/// The help of a command: what it does with examples, then usage, arguments, options with their defaults, and the commands below it.
/// </summary>
internal sealed class HelpScreen : SynchronousCommandLineAction
{
    private const string Program = "attune";
    private const int WidthInFiles = 120;
    private const int LeastWidth = 60;

    /// <summary>Longer names stand on a line of their own.</summary>
    private const int WidestName = 36;

    /// <summary>Help is shown whatever else is missing from the command line.</summary>
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        var width = Terminal.IsOutputRedirected ? WidthInFiles : Math.Clamp(Console.WindowWidth - 1, LeastWidth, WidthInFiles);
        Write(parseResult.CommandResult.Command, parseResult.InvocationConfiguration.Output, width);
        return 0;
    }

    private static void Write(Command command, TextWriter output, int width)
    {
        foreach (var line in (command.Description ?? "").Split('\n').SelectMany(l => l.StartsWith(' ') ? [l] : Wrapped(l, width)))
        {
            output.WriteLine(line);
        }

        output.WriteLine($"\nUsage:\n  {Usage(command)}");
        Section(output, width, "Arguments", command.Arguments.Select(a => (NameOf(a), Facts(a))));
        Section(
            output,
            width,
            "Options",
            command.Options.Where(o => !o.Hidden).OrderBy(o => o is HelpOption).Select(o => (NameOf(o), Facts(o)))
        );
        Section(output, width, "Commands", command.Subcommands.Select(c => (WithArguments(c.Name, c), FirstSentence(c))));
    }

    private static string Usage(Command command)
    {
        var path = command.Name;
        var above = command.Parents.OfType<Command>().FirstOrDefault();
        while (above is not null)
        {
            path = (above is RootCommand ? Program : above.Name) + " " + path;
            above = above.Parents.OfType<Command>().FirstOrDefault();
        }

        return WithArguments(command is RootCommand ? Program : path, command)
            + (command.Subcommands.Count > 0 ? " [command]" : "")
            + " [options]";
    }

    private static string WithArguments(string name, Command command) => string.Join(' ', [name, .. command.Arguments.Select(NameOf)]);

    private static void Section(TextWriter output, int width, string title, IEnumerable<(string Name, string Text)> rows)
    {
        var all = rows.ToArray();
        if (all.Length == 0)
        {
            return;
        }

        output.WriteLine($"\n{title}:");
        var column = all.Where(r => r.Name.Length <= WidestName).Select(r => r.Name.Length).DefaultIfEmpty(0).Max() + 4;
        foreach (var (name, text) in all)
        {
            var lines = Wrapped(text, width - column).ToArray();
            var first = ("  " + name).PadRight(column);
            // A name that reaches into the text's column has a line of its own.
            output.WriteLine(name.Length > WidestName ? $"  {name}" : (first + lines[0]).TrimEnd());
            foreach (var line in name.Length > WidestName ? lines : lines.Skip(1))
            {
                output.WriteLine(new string(' ', column) + line);
            }
        }
    }

    private static string NameOf(Argument argument) => $"<{argument.HelpName ?? argument.Name}>";

    private static string NameOf(Option option)
    {
        var names = string.Join(", ", option.Aliases.Where(a => a.StartsWith('-')).Order(StringComparer.Ordinal).Append(option.Name));
        return option.HelpName is { } hint ? $"{names} <{hint}>" : names;
    }

    private static string Facts(Argument argument) => argument.Description ?? "";

    private static string Facts(Option option) =>
        option switch
        {
            HelpOption => "show this help",
            VersionOption => "show the version",
            _ => option.Description + (option.Required ? " (required)" : Default(option)),
        };

    private static string Default(Option option) =>
        option.HasDefaultValue && option.ValueType != typeof(bool) && Text(option.GetDefaultValue()) is { Length: > 0 } text
            ? $" (default {text})"
            : "";

    private static string? Text(object? value) => value is Array ? null : System.Convert.ToString(value, CultureInfo.InvariantCulture);

    /// <summary>What a command does, up to the first full stop; examples stand in its own help.</summary>
    private static string FirstSentence(Command command)
    {
        var paragraph = (command.Description ?? "").Split("\n\n")[0];
        var end = paragraph.IndexOf(". ", StringComparison.Ordinal);
        return end < 0 ? paragraph : paragraph[..(end + 1)];
    }

    private static IEnumerable<string> Wrapped(string text, int width)
    {
        var line = "";
        foreach (var word in text.Split(' '))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > width)
            {
                yield return line;
                line = word;
            }
            else
            {
                line = line.Length == 0 ? word : $"{line} {word}";
            }
        }

        yield return line;
    }
}
