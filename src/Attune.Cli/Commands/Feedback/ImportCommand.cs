using System.CommandLine;
using Attune.Core;
using Attune.Feedback.Exchange;

namespace Attune.Cli.Commands.Feedback;

/// <summary><c>attune feedback import</c></summary>
internal static class ImportCommand
{
    private static readonly Argument<string> Source = new("file")
    {
        Description = "data file (.jsonl, .json, .csv, .tsv, .parquet, .arrow; also .gz or .zst)",
        HelpName = "FILE",
    };
    private static readonly Option<string> Database = FeedbackArguments.Database();
    private static readonly Option<string> Project = FeedbackArguments.Project("name of the project; created where there is none");
    private static readonly Option<string?> Format = FeedbackArguments.Format(required: false);
    private static readonly Option<bool> WithoutLabels = new("--without-labels")
    {
        Description = "import only prompts and answers, to be labelled here",
    };
    private static readonly Option<int> Quota = Arguments.Count("--quota", "labels wanted for each task, in a new project", 1);
    private static readonly Option<string?> Tokenizer = FeedbackArguments.Tokenizer();
    private static readonly Option<bool> Json = Arguments.Json();

    public static Command Create()
    {
        var command = new Command(
            "import",
            "Import labels, or items to label, into a project.\n\n"
                + "Example: attune feedback import hh.jsonl.gz --database feedback.db --project harmless"
        )
        {
            Source,
            Database,
            Project,
            Format,
            WithoutLabels,
            Quota,
            Tokenizer,
            Json,
        };
        command.SetAction(ImportAsync);
        return command;
    }

    private static async Task<int> ImportAsync(ParseResult parsed, CancellationToken cancel)
    {
        var file = parsed.GetRequiredValue(Source);
        var name = parsed.GetRequiredValue(Project);
        var tokenizer = FeedbackArguments.LoadTokenizer(parsed.GetValue(Tokenizer));
        var read = ImportFile.Read(file, parsed.GetValue(Format), tokenizer, !parsed.GetValue(WithoutLabels));
        await using var store = await FeedbackArguments.OpenOrCreateAsync(parsed.GetRequiredValue(Database), cancel);
        var known = (await store.Projects.ListAsync(cancel)).FirstOrDefault(p => p.Name == name);
        if (known is not null && known.Kind != read.Kind)
        {
            throw new ConfigurationException(
                $"project '{name}' asks for {known.Kind}, but {file} holds {read.Kind}. Choose another project; a new name creates one."
            );
        }

        var settings = read.Settings with { Quota = parsed.GetValue(Quota) };
        var added = known is not null
            ? await store.Tasks.AddItemsAsync(null, known.Id, read.Items, cancel)
            : (await store.Projects.CreateAsync(null, name, read.Kind, settings, "", read.Items, manages: false, cancel)).Added;
        FeedbackArguments.Print(
            parsed.GetValue(Json),
            new
            {
                read.Format,
                read.Rows,
                added.Items,
                added.Labels,
                added.Duplicates,
                read.Repeated,
                read.Empty,
                LeftOut = read.Dropped.Sum(d => d.Count),
            },
            $"{read.Rows} rows of {read.Format}: {added.Items} items and {added.Labels} labels added to '{name}' ({read.Kind})",
            read.Items.All(i => i.Labels.IsEmpty) && !parsed.GetValue(WithoutLabels)
                ? "no labels were found in the file: its rows are items to be labelled"
                : null,
            added.Duplicates > 0 ? $"{added.Duplicates} items were already there; they are unchanged" : null,
            read.Repeated > 0 ? $"{read.Repeated} labels left out: the same person labelled the same content in an earlier row" : null,
            read.Empty > 0 ? $"{read.Empty} rows hold nothing to compare" : null,
            read.Dropped.IsEmpty ? null : string.Join("; ", read.Dropped)
        );
        return 0;
    }
}
