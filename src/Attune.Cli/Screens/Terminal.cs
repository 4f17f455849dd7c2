using Spectre.Console;

namespace Attune.Cli.Screens;

/// <summary>The user's terminal: results go to standard output, everything else to standard error.</summary>
internal static class Terminal
{
    // Wide enough that no path is broken where no screen sets the width.
    private const int WidthOfLogs = 400;

    public static IAnsiConsole Messages { get; } = Create();

    private static IAnsiConsole Create()
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        if (Console.IsErrorRedirected)
        {
            console.Profile.Width = WidthOfLogs;
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
