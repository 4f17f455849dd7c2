using System.CommandLine;

namespace Attune.Cli.Commands.Feedback;

/// <summary><c>attune feedback export</c></summary>
internal static class ExportCommand
{
    private static readonly Option<string> Database = FeedbackArguments.Database();
    private static readonly Option<string> Project = FeedbackArguments.Project();
    private static readonly Option<string?> Format = FeedbackArguments.Format(required: true);
    private static readonly Option<string> Target = Arguments.Target("file to write: .jsonl or .json, or .gz of it", "FILE");
    private static readonly Option<bool> Force = OutputFile.Force();
    private static readonly Option<string?> Tokenizer = FeedbackArguments.Tokenizer();
    private static readonly Option<bool> Json = Arguments.Json();

    public static Command Create()
    {
        var command = new Command(
            "export",
            "Write a project's labels in a public format, with pseudonyms in place of names.\n\n"
                + "Example: attune feedback export --project harmless --format trl --out pairs.jsonl"
        )
        {
            Database,
            Project,
            Format,
            Target,
            Force,
            Tokenizer,
            Json,
        };
        command.SetAction(ExportAsync);
        return command;
    }

    private static async Task<int> ExportAsync(ParseResult parsed, CancellationToken cancel)
    {
        OutputFile.RequireNew(parsed.GetValue(Force), parsed.GetRequiredValue(Target));
        await using var store = await FeedbackArguments.OpenAsync(parsed.GetRequiredValue(Database), cancel);
        var project = await store.Projects.RequireAsync(parsed.GetRequiredValue(Project), cancel);
        var file = parsed.GetRequiredValue(Target);
        var tokenizer = FeedbackArguments.LoadTokenizer(parsed.GetValue(Tokenizer));
        var report = await store.Exports.WriteAsync(project.Id, parsed.GetValue(Format)!, file, tokenizer, cancel);
        FeedbackArguments.Print(
            parsed.GetValue(Json),
            report,
            [$"{file}: {report.Rows} rows, {report.Labels} labels", .. report.LeftOut.Select(l => l.ToString())]
        );
        return 0;
    }
}
