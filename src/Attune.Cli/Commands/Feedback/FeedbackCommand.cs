using System.CommandLine;

namespace Attune.Cli.Commands.Feedback;

/// <summary><c>attune feedback</c></summary>
internal static class FeedbackCommand
{
    public static Command Create() =>
        new("feedback", "Manage the labels of a feedback store.")
        {
            ImportCommand.Create(),
            ExportCommand.Create(),
            SnapshotCommand.Create(),
            VerifyCommand.Create(),
            BackupCommand.Create(),
            RestoreCommand.Create(),
            QualityCommand.Create(),
            EraseCommand.Create(),
        };
}
