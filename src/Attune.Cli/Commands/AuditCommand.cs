using System.CommandLine;
using Attune.Audit;
using Attune.Core;
using Attune.Core.Runs;
using Attune.Reports.Audits;

namespace Attune.Cli.Commands;

/// <summary><c>attune audit PATH</c>: labels, labels with a reward model, or a run.</summary>
internal static class AuditCommand
{
    private const string Help =
        "Audit labels, a reward model or a run for what learning from preferences presumes. Is the optimum reached, are preferences "
        + "transitive, does the model fit, does one reward stand for all people, does content count rather than form, and are "
        + "preferences taken equally well everywhere? A run is read from its files; nothing is run again. Each presumption gets a "
        + "sentence; the page has every figure with its interval, what could be done and what these data cannot tell.\n\n"
        + "Example: attune audit preferences.jsonl --out runs/audit";

    public static Command Create()
    {
        var path = new Argument<string>("path")
        {
            Description = "a file of comparisons, rankings or choices, a snapshot's folder, or a run's",
            HelpName = "PATH",
        };
        var reward = RewardOption();
        var folder = new Option<string?>("--out") { Description = "folder for audit.html and audit.json", HelpName = "DIR" };
        var most = new Option<int?>("--limit") { Description = "audit only so many judgements, from the start", HelpName = "N" };
        var seed = SeedOption();
        var json = Arguments.Json("print the audit as JSON");
        var command = new Command("audit", Help) { path, reward, folder, most, seed, json };
        command.SetAction(parsed =>
            Run(
                parsed.GetRequiredValue(path),
                parsed.GetValue(reward),
                parsed.GetValue(folder),
                parsed.GetValue(most),
                new Seed(parsed.GetValue(seed)),
                parsed.GetValue(json)
            )
        );
        return command;
    }

    private static Option<string?> RewardOption() =>
        new("--reward-model") { Description = "folder of a reward model to audit against the labels", HelpName = "DIR" };

    private static Option<ulong> SeedOption() =>
        new("--seed")
        {
            Description = "seed of resampling",
            HelpName = "N",
            DefaultValueFactory = _ => 1,
        };

    private static int Run(string path, string? reward, string? folder, int? most, Seed seed, bool json)
    {
        if (most is < 1)
        {
            throw new AttuneException("--limit has to be at least 1.");
        }

        var report = Audited(path, reward, seed, most);
        if (folder is not null)
        {
            report.Write(folder);
        }

        Show(report, json, folder);
        return 0;
    }

    private static AuditReport Audited(string path, string? reward, Seed seed, int? most)
    {
        if (RunAudit.IsAt(path))
        {
            return reward is null
                ? RunAudit.Of(path, seed, most)
                : throw new AttuneException(
                    $"{path} is a run, which is audited by its own files. Give --reward-model with a file of labels, such as the run's "
                        + "preferences/held-out-preferences.jsonl."
                );
        }

        if (reward is null)
        {
            return LabelAudit.OfFile(path, seed, most);
        }

        using var scores = AuditedReward.Load(reward);
        return LabelAudit.OfFile(path, seed, most, scores.Score);
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
