using System.CommandLine;
using Attune.Core.Feedback;

namespace Attune.Cli.Commands.Feedback;

/// <summary><c>attune feedback verify</c></summary>
internal static class VerifyCommand
{
    private static readonly Option<string> Database = FeedbackArguments.Database();
    private static readonly Option<string?> Snapshot = new("--snapshot")
    {
        Description = "also check a snapshot's files",
        HelpName = "DIR",
    };
    private static readonly Option<bool> Json = Arguments.Json();

    public static Command Create()
    {
        var command = new Command(
            "verify",
            "Recompute every hash of the store and name the first broken link. The exit code is 1 if something was changed.\n\n"
                + "Example: attune feedback verify --database feedback.db"
        )
        {
            Database,
            Snapshot,
            Json,
        };
        command.SetAction(VerifyAsync);
        return command;
    }

    private static async Task<int> VerifyAsync(ParseResult parsed, CancellationToken cancel)
    {
        await using var store = await FeedbackArguments.OpenAsync(parsed.GetRequiredValue(Database), cancel);
        var report = await store.Audit.VerifyAsync(cancel);
        if (parsed.GetValue(Snapshot) is { } folder)
        {
            SnapshotManifest.Read(folder).Verify(folder);
        }

        FeedbackArguments.Print(
            parsed.GetValue(Json),
            report,
            report.FirstBroken is { } broken
                ? $"BROKEN: {broken}"
                : $"intact: {report.Links} links, {report.Labels} label revisions, {report.Items} items",
            $"head {report.Head}"
        );
        return report.FirstBroken is null ? 0 : 1;
    }
}
