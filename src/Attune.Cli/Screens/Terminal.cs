using Spectre.Console;

namespace Attune.Cli.Screens;

/// <summary>The person's terminal: results to standard output, everything else to standard error.</summary>
internal static class Terminal
{
    public static IAnsiConsole Messages { get; } = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });

    public static void Error(string message)
    {
        Messages.MarkupLine("[red bold]error[/]");
        foreach (var line in message.Split('\n'))
        {
            Messages.MarkupLineInterpolated($"  {line.TrimEnd()}");
        }
    }
}
