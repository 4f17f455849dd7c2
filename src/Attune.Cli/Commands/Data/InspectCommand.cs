using System.CommandLine;
using Attune.Data.Formats;

namespace Attune.Cli.Commands.Data;

/// <summary><c>attune data inspect</c></summary>
internal static class InspectCommand
{
    private static readonly Argument<string> Source = new("file")
    {
        Description = "a .jsonl, .json or .txt file, or .gz of one",
        HelpName = "FILE",
    };

    public static Command Create()
    {
        var command = new Command(
            "inspect",
            "Report which kind of rows a file holds, how many, and what is wrong with them.\n\n"
                + "Example: attune data inspect preferences.jsonl"
        )
        {
            Source,
        };
        command.SetAction(Inspect);
        return command;
    }

    private static int Inspect(ParseResult parsed)
    {
        var path = parsed.GetRequiredValue(Source);
        var kind = DatasetFile.Detect(path);
        var (rows, dropped, notes) = DatasetCounts.Of(path, kind);
        Console.Out.WriteLine($"{path}: {kind}, {rows} rows");
        foreach (var line in dropped.Concat(notes))
        {
            Console.Out.WriteLine($"  {line}");
        }

        return 0;
    }
}
