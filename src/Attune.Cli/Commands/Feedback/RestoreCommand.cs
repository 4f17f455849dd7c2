using System.CommandLine;

namespace Attune.Cli.Commands.Feedback;

/// <summary><c>attune feedback restore</c></summary>
internal static class RestoreCommand
{
    private static readonly Option<string> Database = FeedbackArguments.Database();
    private static readonly Option<string> Source = new("--from")
    {
        Description = "backup to read",
        HelpName = "FILE",
        Required = true,
    };
    private static readonly Option<bool> Json = Arguments.Json();

    public static Command Create()
    {
        var command = new Command(
            "restore",
            "Fill a new, empty store from a backup and check it. SQLite and PostgreSQL read each other's backups.\n\n"
                + "Example: attune feedback restore --from backup.jsonl.gz --database restored.db"
        )
        {
            Database,
            Source,
            Json,
        };
        command.SetAction(RestoreAsync);
        return command;
    }

    private static async Task<int> RestoreAsync(ParseResult parsed, CancellationToken cancel)
    {
        await using var store = await FeedbackArguments.OpenOrCreateAsync(parsed.GetRequiredValue(Database), cancel);
        var report = await store.Backups.RestoreAsync(parsed.GetRequiredValue(Source), cancel);
        FeedbackArguments.Print(
            parsed.GetValue(Json),
            report,
            $"{store.Options.Place}: {report.Rows} rows restored; every hash verified",
            $"head {report.Head}"
        );
        return 0;
    }
}
