using System.CommandLine;

namespace Attune.Cli.Commands.Feedback;

/// <summary><c>attune feedback backup</c></summary>
internal static class BackupCommand
{
    private static readonly Option<string> Database = FeedbackArguments.Database();
    private static readonly Option<string> Target = Arguments.Target("file to write (.jsonl.gz)", "FILE");
    private static readonly Option<bool> Force = OutputFile.Force();
    private static readonly Option<bool> Json = Arguments.Json();

    public static Command Create()
    {
        var command = new Command(
            "backup",
            "Write the whole store to one file, as it is at this moment. Labelling may go on meanwhile.\n\n"
                + "Example: attune feedback backup --database feedback.db --out backup.jsonl.gz"
        )
        {
            Database,
            Target,
            Force,
            Json,
        };
        command.SetAction(BackUpAsync);
        return command;
    }

    private static async Task<int> BackUpAsync(ParseResult parsed, CancellationToken cancel)
    {
        OutputFile.RequireNew(parsed.GetValue(Force), parsed.GetRequiredValue(Target));
        await using var store = await FeedbackArguments.OpenAsync(parsed.GetRequiredValue(Database), cancel);
        var file = parsed.GetRequiredValue(Target);
        var report = await store.Backups.WriteAsync(file, cancel);
        FeedbackArguments.Print(
            parsed.GetValue(Json),
            report,
            $"{file}: {report.Rows} rows",
            $"sha256 {report.Sha256}",
            $"head {report.Head}"
        );
        return 0;
    }
}
