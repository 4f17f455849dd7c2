using Spectre.Console;

namespace Attune.Cli.Screens;

/// <summary>The user's terminal: results go to standard output, everything else to standard error.</summary>
internal static class Terminal
{
    // Wide enough that no path is broken where no screen sets the width.
    private const int WidthOfLogs = 400;

    private static (TextWriter To, IAnsiConsole Console)? _messages;

    /// <summary>Whether another program reads and writes in the terminal's place.</summary>
    public static bool IsReplaced { get; set; }

    public static bool IsInputRedirected => IsReplaced || Console.IsInputRedirected;

    public static bool IsOutputRedirected => IsReplaced || Console.IsOutputRedirected;

    public static bool IsErrorRedirected => IsReplaced || Console.IsErrorRedirected;

    /// <summary>For what a person watches: standard error.</summary>
    public static IAnsiConsole Messages
    {
        get
        {
            if (_messages is not { } messages || messages.To != Console.Error)
            {
                _messages = messages = (Console.Error, To(Console.Error, IsErrorRedirected ? WidthOfLogs : null));
            }

            return messages.Console;
        }
    }

    /// <summary>For tables that are a command's result: standard output.</summary>
    /// <param name="widthInFiles">Columns where no screen sets them; null for Spectre.Console's own.</param>
    public static IAnsiConsole Output(int? widthInFiles = null) => To(Console.Out, IsOutputRedirected ? widthInFiles : null);

    private static IAnsiConsole To(TextWriter writer, int? width)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer) });
        if (width is { } columns)
        {
            console.Profile.Width = columns;
        }

        return console;
    }

    public static void Error(string message)
    {
        Messages.MarkupLine("[red bold]error[/]");
        foreach (var line in message.Split('\n'))
        {
            Messages.MarkupLineInterpolated($"  {line.TrimEnd()}");
        }
    }
}
