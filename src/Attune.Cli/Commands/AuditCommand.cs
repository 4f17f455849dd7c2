using System.CommandLine;
using Attune.Audit;
using Attune.Core;
using Attune.Core.Runs;
using Attune.Reports.Audits;

namespace Attune.Cli.Commands;

/// <summary><c>attune audit LABELS</c></summary>
internal static class AuditCommand
{
    public static Command Create()
    {
        var labels = new Argument<string>("labels")
        {
            Description = "a file of comparisons, rankings or choices, or a snapshot's folder",
            HelpName = "PATH",
        };
        var folder = new Option<string?>("--out") { Description = "folder for audit.html and audit.json", HelpName = "DIR" };
        var most = new Option<int?>("--limit") { Description = "audit only so many judgements, from the start", HelpName = "N" };
        var seed = new Option<ulong>("--seed")
        {
            Description = "seed of resampling (default 1)",
            HelpName = "N",
            DefaultValueFactory = _ => 1,
        };
        var json = Arguments.Json("print the audit as JSON");
        var command = new Command(
            "audit",
            "Audit labels: do they keep what learning from preferences presumes? Transitive preferences, a model that fits, one reward "
                + "for all people, content rather than form. Each presumption gets a sentence; the page has every figure with its "
                + "interval, what could be done and what these data cannot tell.\n\n"
                + "Example: attune audit preferences.jsonl --out runs/audit"
        )
        {
            labels,
            folder,
            most,
            seed,
            json,
        };
        command.SetAction(parsed =>
            Run(
                parsed.GetRequiredValue(labels),
                parsed.GetValue(folder),
                parsed.GetValue(most),
                new Seed(parsed.GetValue(seed)),
                parsed.GetValue(json)
            )
        );
        return command;
    }

    private static int Run(string path, string? folder, int? most, Seed seed, bool json)
    {
        if (most is < 1)
        {
            throw new AttuneException("--limit has to be at least 1.");
        }

        var report = LabelAudit.OfFile(path, seed, most);
        if (folder is not null)
        {
            report.Write(folder);
        }

        Show(report, json, folder);
        return 0;
    }

    private static void Show(AuditReport report, bool json, string? folder)
    {
        if (json)
        {
            Console.Out.Write(report.ToJson());
            return;
        }

        Console.Out.WriteLine(
            $"{report.Source}: {report.Judgements} judged pairs of {report.Prompts} prompts, {report.People} named people"
        );
        foreach (var (number, title) in AuditReport.Presumptions)
        {
            Console.Out.WriteLine($"{number}. {title}: {report.Sentence(number)}");
        }

        if (folder is not null)
        {
            Console.Out.WriteLine($"report: {Path.Combine(folder, "audit.html")}");
        }
    }
}
