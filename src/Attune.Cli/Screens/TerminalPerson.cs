using Attune.Recipes.Running;
using Spectre.Console;
using Words = Spectre.Console.Text;

namespace Attune.Cli.Screens;

/// <summary>Asks the user at the terminal which of two answers is better.</summary>
internal sealed class TerminalPerson(IAnsiConsole console) : IPerson
{
    public Answer Ask(int number, int total, string prompt, string first, string second, CancellationToken cancel)
    {
        console.WriteLine();
        console.Write(new Rule($"[bold]Comparison {number} of {total}[/]").LeftJustified());
        console.WriteLine(prompt);
        console.Write(new Panel(new Words(first.Trim())).Header("[bold] 1 [/]").Expand());
        console.Write(new Panel(new Words(second.Trim())).Header("[bold] 2 [/]").Expand());
        console.MarkupLine("Which is better? [bold]1[/] or [bold]2[/], [bold]s[/] to skip, [bold]q[/] to stop");
        while (true)
        {
            switch (ReadKey(cancel))
            {
                case '1' or 'a' or 'A':
                    return Answer.First;
                case '2' or 'b' or 'B':
                    return Answer.Second;
                case 's' or 'S':
                    return Answer.Skip;
                case 'q' or 'Q' or '\0':
                    return Answer.Enough;
                default:
                    console.MarkupLine("[grey]1, 2, s or q[/]");
                    break;
            }
        }
    }

    /// <summary>The pressed key; if input is a pipe, the first letter of the next line, or NUL at the end of input.</summary>
    /// <remarks>Waiting for a key or a line cannot be cancelled, so a thread waits and is abandoned on cancellation.</remarks>
    private static char ReadKey(CancellationToken cancel) =>
        Task.Run(ReadOne, CancellationToken.None).WaitAsync(cancel).GetAwaiter().GetResult();

    private static char ReadOne()
    {
        if (!Terminal.IsInputRedirected)
        {
            return Console.ReadKey(intercept: true).KeyChar;
        }

        var line = Console.ReadLine();
        return line is null ? '\0'
            : line.Trim() is { Length: > 0 } text ? text[0]
            : ' ';
    }
}
