using System.CommandLine;
using Attune.Audit;
using Attune.Cli.Commands.Feedback;
using Attune.Core;
using Attune.Core.Runs;
using Attune.Reports.Audits;

namespace Attune.Cli.Commands.Auditing;

/// <summary><c>attune audit PATH</c>: labels, labels with a reward model or a policy, or a run.</summary>
internal static class AuditCommand
{
    private const string Help =
        "Audit labels, a reward model, a policy or a run for what learning from preferences presumes. Is the optimum reached, are "
        + "preferences transitive, does the model fit, does one reward stand for all people, does content count rather than form, and are "
        + "preferences taken equally well everywhere? A run is read from its files; nothing is run again. Each presumption gets a "
        + "sentence; the page has every figure with its interval, what could be done and what these data cannot tell.\n\n"
        + "Examples:\n"
        + "  attune audit preferences.jsonl --out runs/audit\n"
        + "  attune audit feedback.db --project harmless";

    private static readonly Argument<string?> Source = new("path")
    {
        Description = "a file of comparisons, rankings or choices, a snapshot's folder, a run's, or a feedback store",
        HelpName = "PATH",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private static readonly Option<string?> Database = new("--database")
    {
        Description = FeedbackArguments.Database().Description + ", in place of PATH",
        HelpName = "DATABASE",
    };
    private static readonly Option<string?> Project = new("--project")
    {
        Description = "project of a feedback store (default: its only one)",
        HelpName = "NAME",
    };
    private static readonly Option<string?> Reward = new("--reward-model")
    {
        Description = "folder of a reward model to audit against the labels",
        HelpName = "DIR",
    };
    private static readonly Option<string?> Policy = new("--policy")
    {
        Description = "folder of a language model whose choice among the judged answers to audit",
        HelpName = "DIR",
    };
    private static readonly Option<string?> Evaluation = new("--eval-data")
    {
        Description = "data file that models are evaluated on, to find what it has in common with the labels",
        HelpName = "FILE",
    };
    private static readonly Option<string?> Out = new("--out")
    {
        Description = "folder for audit.html and audit.json, and groups.json where groups of people are found",
        HelpName = "DIR",
    };
    private static readonly Option<int?> Limit = new("--limit")
    {
        Description = "audit only so many judgements, from the start",
        HelpName = "N",
    };
    private static readonly Option<ulong> Seeded = new("--seed")
    {
        Description = "seed of resampling",
        HelpName = "N",
        DefaultValueFactory = _ => 1,
    };
    private static readonly Option<bool> Json = Arguments.Json("print the audit as JSON");

    public static Command Create()
    {
        var command = new Command("audit", Help) { Source, Database, Project, Reward, Policy, Evaluation, Out, Limit, Seeded, Json };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancel)
    {
        if (parsed.GetValue(Limit) is < 1)
        {
            throw new AttuneException("--limit has to be at least 1.");
        }

        var report = await AuditedAsync(parsed, cancel);
        var folder = parsed.GetValue(Out);
        if (folder is not null)
        {
            report.Write(folder);
        }

        Show(report, parsed.GetValue(Json), folder);
        return 0;
    }

    private static async Task<AuditReport> AuditedAsync(ParseResult parsed, CancellationToken cancel)
    {
        var (path, reward, policy) = (parsed.GetValue(Source), parsed.GetValue(Reward), parsed.GetValue(Policy));
        var (evaluation, most, seed) = (parsed.GetValue(Evaluation), parsed.GetValue(Limit), new Seed(parsed.GetValue(Seeded)));
        if (path is not null && parsed.GetValue(Database) is null && RunAudit.IsAt(path))
        {
            return (reward, policy, parsed.GetValue(Project)) == default
                ? RunAudit.Of(path, seed, most, evaluation)
                : throw new AttuneException(
                    $"{path} is a run, which is audited by its own files. Give --reward-model, --policy or --project with labels, such as "
                        + "the run's preferences/held-out-preferences.jsonl."
                );
        }

        var source = await AuditedLabels.ReadAsync(path, parsed.GetValue(Database), parsed.GetValue(Project), cancel);
        using var scores = reward is null ? null : AuditedReward.Load(reward);
        using var probabilities = policy is null ? null : AuditedPolicy.Load(policy);
        var inputs = new AuditInputs
        {
            Score = scores is null ? null : scores.Score,
            LogProbability = probabilities is null ? null : probabilities.Score,
            EvaluationFile = evaluation,
        };
        return LabelAudit.Of(source, seed, most, inputs);
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
