using System.CommandLine;
using Attune.Cli.Screens;
using Attune.Core;
using Attune.Reports;
using Attune.Reports.Comparison;
using Spectre.Console;

namespace Attune.Cli.Commands;

/// <summary><c>attune report RUN...</c></summary>
internal static class ReportCommand
{
    public static Command Create()
    {
        var runs = new Argument<string[]>("run")
        {
            Description = "run folders, finished or not",
            HelpName = "DIR...",
            Arity = ArgumentArity.OneOrMore,
        };
        var file = new Option<string?>("--out")
        {
            Description = "page to write (default: report.html in the run folder; comparison.html here for several runs)",
            HelpName = "FILE.html",
        };
        var force = OutputFile.Force();
        var command = new Command(
            "report",
            "Write the report of a run again, or a page that lays several runs over each other.\n\n"
                + "Examples:\n"
                + "  attune report runs/demo\n"
                + "  attune report runs/dpo runs/simpo --out dpo-simpo.html"
        )
        {
            runs,
            file,
            force,
        };
        command.SetAction(
            (parsed, _) =>
            {
                var folders = parsed.GetRequiredValue(runs);
                var written =
                    folders is [var only] && parsed.GetValue(file) is null
                        ? RunReport.Write(only)
                        : Page(folders, parsed.GetValue(file) ?? "comparison.html", parsed.GetValue(force));
                Terminal.Messages.MarkupLineInterpolated($"written: [bold]{written}[/]");
                return Task.FromResult(0);
            }
        );
        return command;
    }

    private static string Page(string[] folders, string path, bool force)
    {
        OutputFile.RequireNew(force, path);
        if (folders.Select(Path.GetFullPath).Distinct().Count() < folders.Length)
        {
            throw new AttuneException("a run is given twice. Name each run once.");
        }

        ComparisonReport.Write(path, ComparedRun.Read(folders));
        return path;
    }
}
