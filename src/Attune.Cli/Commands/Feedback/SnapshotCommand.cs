using System.CommandLine;
using Attune.Feedback.Snapshots;

namespace Attune.Cli.Commands.Feedback;

/// <summary><c>attune feedback snapshot</c></summary>
internal static class SnapshotCommand
{
    private static readonly Option<string> Database = FeedbackArguments.Database();
    private static readonly Option<string> Project = FeedbackArguments.Project();
    private static readonly Option<string> Target = Arguments.Target("new folder", "DIR");
    private static readonly Option<double> HeldOut = new("--held-out")
    {
        Description = "share of the prompts to hold out",
        HelpName = "NUMBER",
        DefaultValueFactory = _ => 0.1,
    };
    private static readonly Option<ulong> Seed = Arguments.Seed();
    private static readonly Option<bool> WithSurplus = new("--with-surplus") { Description = "include labels beyond a task's quota" };
    private static readonly Option<bool> WithoutMargin = new("--without-margin") { Description = "leave out the strength of preferences" };
    private static readonly Option<double?> LeastGoldAccuracy = new("--least-gold-accuracy")
    {
        Description = "leave out people whose accuracy on gold tasks is lower",
        HelpName = "NUMBER",
    };
    private static readonly Option<bool> Json = Arguments.Json();

    public static Command Create()
    {
        var command = new Command(
            "snapshot",
            "Freeze a project's labels in a folder that training reads.\n\n"
                + "Example: attune feedback snapshot --project harmless --out snapshots/1, "
                + "then attune reward --data snapshots/1/train.jsonl"
        )
        {
            Database,
            Project,
            Target,
            HeldOut,
            Seed,
            WithSurplus,
            WithoutMargin,
            LeastGoldAccuracy,
            Json,
        };
        command.RequireShare(HeldOut);
        command.SetAction(FreezeAsync);
        return command;
    }

    private static async Task<int> FreezeAsync(ParseResult parsed, CancellationToken cancel)
    {
        await using var store = await FeedbackArguments.OpenAsync(parsed.GetRequiredValue(Database), cancel);
        var project = await store.Projects.RequireAsync(parsed.GetRequiredValue(Project), cancel);
        var folder = parsed.GetRequiredValue(Target);
        var options = new SnapshotOptions
        {
            HeldOut = parsed.GetValue(HeldOut),
            Seed = parsed.GetValue(Seed),
            Surplus = parsed.GetValue(WithSurplus),
            WithoutMargin = parsed.GetValue(WithoutMargin),
            LeastGoldAccuracy = parsed.GetValue(LeastGoldAccuracy),
        };
        var manifest = await store.Snapshots.CreateAsync(project.Id, folder, options, cancel);
        FeedbackArguments.Print(
            parsed.GetValue(Json),
            manifest,
            $"{folder}: {manifest.Labels} labels from {manifest.Annotators.Length} people on {manifest.Prompts} prompts",
            string.Join(", ", manifest.Files.Select(f => $"{f.Name} {f.Rows} rows")),
            $"sha256 {manifest.Sha256}"
        );
        return 0;
    }
}
