using System.CommandLine;
using System.CommandLine.Parsing;
using Attune.Core;
using Attune.Feedback.Exchange;
using Attune.Feedback.Formats;
using Attune.Feedback.Labels;
using Attune.Feedback.Projects;

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
    private static readonly Option<string?> Annotator = new("--annotator")
    {
        Description = "who gave the labels, where the file names nobody",
        HelpName = "NAME",
    };
    private static readonly Option<string?> Question = new("--question")
    {
        Description = "which question to take of several (argilla, label-studio, potato; default: the first that fits)",
        HelpName = "NAME",
    };
    private static readonly Option<OffsetUnit?> Offsets = new("--offsets")
    {
        Description = "what positions of spans count: codepoints, utf16 or graphemes (default: what the tool counts)",
        HelpName = "UNIT",
        CustomParser = ParseUnit,
    };
    private static readonly Option<string?> Items = new("--items")
    {
        Description = "data file with the items' texts, for files of labels alone (potato)",
        HelpName = "FILE",
    };
    private static readonly Option<string?> Configuration = new("--configuration")
    {
        Description = "Label Studio's labelling configuration (XML), where the fields' names do not tell the answers",
        HelpName = "FILE",
    };
    private static readonly Option<bool> Flagged = new("--flagged")
    {
        Description = "also take what the data set marks as a check, screening, deleted or not to be used",
    };
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
            Annotator,
            Question,
            Offsets,
            Items,
            Configuration,
            Flagged,
            Json,
        };
        command.SetAction(ImportAsync);
        return command;
    }

    private static OffsetUnit? ParseUnit(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        if (Enum.TryParse<OffsetUnit>(text, ignoreCase: true, out var unit) && Enum.IsDefined(unit))
        {
            return unit;
        }
        result.AddError($"--offsets: found '{text}'; expected codepoints, utf16 or graphemes.");
        return null;
    }

    private static ImportOptions Options(ParseResult parsed) =>
        new()
        {
            Format = parsed.GetValue(Format),
            Tokenizer = FeedbackArguments.LoadTokenizer(parsed.GetValue(Tokenizer)),
            Labels = !parsed.GetValue(WithoutLabels),
            Annotator = parsed.GetValue(Annotator),
            Question = parsed.GetValue(Question),
            Offsets = parsed.GetValue(Offsets),
            Items = parsed.GetValue(Items),
            Configuration = parsed.GetValue(Configuration),
            Flagged = parsed.GetValue(Flagged),
        };

    private static async Task<int> ImportAsync(ParseResult parsed, CancellationToken cancel)
    {
        var file = parsed.GetRequiredValue(Source);
        var name = parsed.GetRequiredValue(Project);
        var read = ImportFile.Read(file, Options(parsed));
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
        Print(parsed, read, added, name);
        return 0;
    }

    private static void Print(ParseResult parsed, ImportFile read, AddedItems added, string project)
    {
        LeftOut[] leftOut = [.. read.LeftOut, .. added.LeftOut];
        var noLabels = read.Items.Length > 0 && read.Items.All(i => i.Labels.IsEmpty) && !parsed.GetValue(WithoutLabels);
        FeedbackArguments.Print(
            parsed.GetValue(Json),
            new
            {
                read.Format,
                read.Rows,
                added.Items,
                added.Labels,
                added.Duplicates,
                added.Present,
                added.Changed,
                Repeated = added.Repeats,
                read.Empty,
                LeftOut = leftOut.Sum(l => l.Count),
                LeftOutByReason = leftOut,
                read.Notes,
            },
            [
                $"{read.Rows} rows of {read.Format}: {added.Items} items and {added.Labels} labels added to '{project}' ({read.Kind})",
                noLabels ? "no labels were found in the file: its rows are items to be labelled" : null,
                added.Duplicates > 0 ? $"{added.Duplicates} items were already there; they are unchanged" : null,
                added.Present > 0 ? $"{added.Present} labels were already there" : null,
                added.Changed > 0
                    ? $"{added.Changed} labels replace an earlier one of the same person; the earlier one stays on record"
                    : null,
                added.Repeats > 0
                    ? $"{added.Repeats} labels are a person's second for an item: they tell how steady people are; snapshots have the first"
                    : null,
                read.Empty > 0 ? $"{read.Empty} rows hold nothing to compare" : null,
                .. leftOut.Select(l => l.ToString()),
                .. read.Notes.Select(n => $"note: {n}"),
            ]
        );
    }
}
