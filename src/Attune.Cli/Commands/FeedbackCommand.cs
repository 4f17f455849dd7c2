using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Attune.Core;
using Attune.Feedback;
using Attune.Feedback.Exchange;
using Attune.Feedback.Formats;
using Attune.Feedback.Labels;
using Attune.Feedback.Snapshots;
using Attune.Feedback.Storage;
using Attune.Text.Tokenizers;

namespace Attune.Cli.Commands;

/// <summary><c>attune feedback</c></summary>
internal static class FeedbackCommand
{
    /// <summary>A figure may have no value: "NaN".</summary>
    private static readonly JsonSerializerOptions Json = new(StoreJson.Options)
    {
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    public static Command Create() =>
        new("feedback", "The feedback store: bring labels in and out, freeze them, check and keep them.")
        {
            Import(),
            Export(),
            Snapshot(),
            Verify(),
            Backup(),
            Restore(),
            Quality(),
            Erase(),
        };

    private static Option<string> Database() =>
        new("--database")
        {
            Description = "SQLite file, or a PostgreSQL connection (postgres://USER:PASSWORD@HOST/DATABASE, or Host=...;Database=...)",
            HelpName = "X",
            DefaultValueFactory = _ => "feedback.db",
        };

    private static Option<string> Project(string description = "name of the project") =>
        new("--project")
        {
            Description = description,
            HelpName = "NAME",
            Required = true,
        };

    private static Option<string?> Tokenizer() =>
        new("--tokenizer") { Description = "folder of a tokenizer, for formats of token ids (ziegler)", HelpName = "DIR" };

    private static Option<string?> Format(bool required) =>
        new("--format")
        {
            Description = string.Join(", ", FeedbackFormats.Names) + (required ? "" : " [default: told by the fields]"),
            HelpName = "NAME",
            Required = required,
        };

    private static Command Import()
    {
        var file = new Argument<string>("file") { Description = ".jsonl or .json, also packed (.gz)", HelpName = "FILE" };
        var (database, project, format, tokenizer, json) = (
            Database(),
            Project("name of the project; a new one is made"),
            Format(required: false),
            Tokenizer(),
            Arguments.Json()
        );
        var bare = new Option<bool>("--without-labels") { Description = "take prompts and answers alone, to be labelled anew" };
        var quota = new Option<int>("--quota")
        {
            Description = "labels wanted for each task, in a new project",
            HelpName = "N",
            DefaultValueFactory = _ => 1,
        };
        var command = new Command(
            "import",
            "Bring labels, or things to label, into a project.\n\nExample: attune feedback import hh.jsonl.gz --database "
                + "feedback.db --project harmless"
        )
        {
            file,
            database,
            project,
            format,
            bare,
            quota,
            tokenizer,
            json,
        };
        command.SetAction(
            async (parsed, cancel) =>
            {
                var read = ImportFile.Read(
                    parsed.GetValue(file)!,
                    parsed.GetValue(format),
                    LoadTokenizer(parsed.GetValue(tokenizer)),
                    !parsed.GetValue(bare)
                );
                await using var store = await FeedbackStore.OpenAsync(new StoreOptions(parsed.GetValue(database)!), cancel);
                var name = parsed.GetValue(project)!;
                var known = (await store.Projects.ListAsync(cancel)).FirstOrDefault(p => p.Name == name);
                if (known is not null && known.Kind != read.Kind)
                {
                    throw new ConfigurationException(
                        $"project '{name}' asks for {known.Kind}, but {parsed.GetValue(file)} holds {read.Kind}. Choose another "
                            + "project; a new name makes one."
                    );
                }
                var added = known is not null
                    ? await store.Tasks.AddItemsAsync(null, known.Id, read.Items, cancel)
                    : (
                        await store.Projects.CreateAsync(
                            null,
                            name,
                            read.Kind,
                            read.Settings with
                            {
                                Quota = parsed.GetValue(quota),
                            },
                            "",
                            read.Items,
                            manages: false,
                            cancel
                        )
                    ).Added;
                Say(
                    parsed.GetValue(json),
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
                    $"{read.Rows} rows of {read.Format}: {added.Items} items and {added.Labels} labels into '{name}' ({read.Kind})",
                    added.Duplicates > 0 ? $"{added.Duplicates} items were there already and are left as they are" : null,
                    read.Repeated > 0
                        ? $"{read.Repeated} labels are left out: the same person had labelled the same content in an earlier row"
                        : null,
                    read.Empty > 0 ? $"{read.Empty} rows hold nothing to compare" : null,
                    read.Dropped.IsEmpty ? null : string.Join("; ", read.Dropped)
                );
                return 0;
            }
        );
        return command;
    }

    private static Command Export()
    {
        var (database, project, format, tokenizer, json) = (Database(), Project(), Format(required: true), Tokenizer(), Arguments.Json());
        var target = new Option<string>("--out")
        {
            Description = "file to write: .jsonl or .json, also packed (.gz)",
            HelpName = "FILE",
            Required = true,
        };
        var command = new Command(
            "export",
            "Write a project's labels in a public format; people are named by pseudonym.\n\nExample: attune feedback export "
                + "--project harmless --format trl --out pairs.jsonl"
        )
        {
            database,
            project,
            format,
            target,
            tokenizer,
            json,
        };
        command.SetAction(
            async (parsed, cancel) =>
            {
                await using var store = await OpenAsync(parsed.GetValue(database)!, cancel);
                var info = await store.Projects.RequireAsync(parsed.GetValue(project)!, cancel);
                var report = await store.Exports.WriteAsync(
                    info.Id,
                    parsed.GetValue(format)!,
                    parsed.GetValue(target)!,
                    LoadTokenizer(parsed.GetValue(tokenizer)),
                    cancel
                );
                Say(
                    parsed.GetValue(json),
                    report,
                    $"{parsed.GetValue(target)}: {report.Rows} rows, {report.Labels} labels",
                    report.Unsaid > 0 ? $"{report.Unsaid} labels are left out: {report.Format} cannot say them (ties, for example)" : null
                );
                return 0;
            }
        );
        return command;
    }

    private static Command Snapshot()
    {
        var (database, project, json) = (Database(), Project(), Arguments.Json());
        var target = new Option<string>("--out")
        {
            Description = "new folder",
            HelpName = "FOLDER",
            Required = true,
        };
        var heldOut = new Option<double>("--held-out")
        {
            Description = "share of the prompts kept aside",
            HelpName = "NUMBER",
            DefaultValueFactory = _ => 0.1,
        };
        var seed = Arguments.Seed();
        var surplus = new Option<bool>("--with-surplus") { Description = "take labels that came too late for the quota, too" };
        var plain = new Option<bool>("--without-margin") { Description = "leave the strength of preferences out" };
        var gold = new Option<double?>("--least-gold-accuracy")
        {
            Description = "leave out people who got less of the gold right",
            HelpName = "NUMBER",
        };
        var command = new Command(
            "snapshot",
            "Freeze a project's labels into a folder that training reads.\n\nExample: attune feedback snapshot --project "
                + "harmless --out snapshots/1, then attune reward --data snapshots/1/train.jsonl"
        )
        {
            database,
            project,
            target,
            heldOut,
            seed,
            surplus,
            plain,
            gold,
            json,
        };
        command.SetAction(
            async (parsed, cancel) =>
            {
                await using var store = await OpenAsync(parsed.GetValue(database)!, cancel);
                var info = await store.Projects.RequireAsync(parsed.GetValue(project)!, cancel);
                var folder = parsed.GetValue(target)!;
                var manifest = await store.Snapshots.CreateAsync(
                    info.Id,
                    folder,
                    new SnapshotOptions
                    {
                        HeldOut = parsed.GetValue(heldOut),
                        Seed = parsed.GetValue(seed),
                        Surplus = parsed.GetValue(surplus),
                        WithoutMargin = parsed.GetValue(plain),
                        LeastGoldAccuracy = parsed.GetValue(gold),
                    },
                    cancel
                );
                Say(
                    parsed.GetValue(json),
                    manifest,
                    $"{folder}: {manifest.Labels} labels of {manifest.Annotators.Length} people on {manifest.Prompts} prompts",
                    string.Join(", ", manifest.Files.Select(f => $"{f.Name} {f.Rows} rows")),
                    $"sha256 {manifest.Sha256}"
                );
                return 0;
            }
        );
        return command;
    }

    private static Command Verify()
    {
        var (database, json) = (Database(), Arguments.Json());
        var snapshot = new Option<string?>("--snapshot") { Description = "check a snapshot's files, too", HelpName = "FOLDER" };
        var command = new Command(
            "verify",
            "Compute every hash of the store anew; names the first broken link. Exit code 1 where something was "
                + "changed.\n\nExample: attune feedback verify --database feedback.db"
        )
        {
            database,
            snapshot,
            json,
        };
        command.SetAction(
            async (parsed, cancel) =>
            {
                await using var store = await OpenAsync(parsed.GetValue(database)!, cancel);
                var report = await store.Audit.VerifyAsync(cancel);
                if (parsed.GetValue(snapshot) is { } folder)
                {
                    Core.Feedback.SnapshotManifest.Read(folder).Verify(folder);
                }
                Say(
                    parsed.GetValue(json),
                    report,
                    report.FirstBroken is { } broken
                        ? $"BROKEN: {broken}"
                        : $"whole: {report.Links} links, {report.Labels} revisions of labels, {report.Items} items",
                    $"head {report.Head}"
                );
                return report.FirstBroken is null ? 0 : 1;
            }
        );
        return command;
    }

    private static Command Backup()
    {
        var (database, json) = (Database(), Arguments.Json());
        var target = new Option<string>("--out")
        {
            Description = "file to write (.jsonl.gz)",
            HelpName = "FILE",
            Required = true,
        };
        var command = new Command(
            "backup",
            "Write the whole store, as it is at this moment, into one file; people may go on labelling.\n\nExample: attune "
                + "feedback backup --database feedback.db --out backup.jsonl.gz"
        )
        {
            database,
            target,
            json,
        };
        command.SetAction(
            async (parsed, cancel) =>
            {
                await using var store = await OpenAsync(parsed.GetValue(database)!, cancel);
                var report = await store.Backups.WriteAsync(parsed.GetValue(target)!, cancel);
                Say(
                    parsed.GetValue(json),
                    report,
                    $"{parsed.GetValue(target)}: {report.Rows} rows",
                    $"sha256 {report.Sha256}",
                    $"head {report.Head}"
                );
                return 0;
            }
        );
        return command;
    }

    private static Command Restore()
    {
        var (database, json) = (Database(), Arguments.Json());
        var source = new Option<string>("--from")
        {
            Description = "a backup",
            HelpName = "FILE",
            Required = true,
        };
        var command = new Command(
            "restore",
            "Fill a new, empty store from a backup, of SQLite or PostgreSQL alike, and check it.\n\nExample: attune feedback "
                + "restore --from backup.jsonl.gz --database restored.db"
        )
        {
            database,
            source,
            json,
        };
        command.SetAction(
            async (parsed, cancel) =>
            {
                await using var store = await FeedbackStore.OpenAsync(new StoreOptions(parsed.GetValue(database)!), cancel);
                var report = await store.Backups.RestoreAsync(parsed.GetValue(source)!, cancel);
                Say(
                    parsed.GetValue(json),
                    report,
                    $"{store.Options.Place}: {report.Rows} rows restored; every hash verified",
                    $"head {report.Head}"
                );
                return 0;
            }
        );
        return command;
    }

    private static Command Quality()
    {
        var (database, project, json) = (Database(), Project(), Arguments.Json());
        var command = new Command(
            "quality",
            "How far people agree with gold, with each other and with themselves.\n\nExample: attune feedback quality --project harmless"
        )
        {
            database,
            project,
            json,
        };
        command.SetAction(
            async (parsed, cancel) =>
            {
                await using var store = await OpenAsync(parsed.GetValue(database)!, cancel);
                var report = await store.Quality.OfAsync((await store.Projects.RequireAsync(parsed.GetValue(project)!, cancel)).Id, cancel);
                Say(
                    parsed.GetValue(json),
                    report,
                    [
                        .. report.Agreement.IsEmpty ? ["no task has two labels yet: no agreement to measure"] : Array.Empty<string>(),
                        .. report.Agreement.Select(a =>
                            $"{a.Name} of {a.Of}: {Number(a.Interval.Value)} ({Number(a.Interval.Low)} to "
                            + $"{Number(a.Interval.High)}), {a.Interval.Units} tasks"
                        ),
                        report.FirstShown is { } first
                            ? $"the answer shown first wins {Number(first.Value)} ({Number(first.Low)} to {Number(first.High)}) "
                                + $"of {first.Units} comparisons"
                            : null,
                        .. report.Annotators.Select(a =>
                            $"{a.Pseudonym}: {a.Labels} labels"
                            + (a.GoldAnswered > 0 ? $", gold {a.GoldRight} of {a.GoldAnswered}" : "")
                            + (a.Repeats > 0 ? $", repeats alike {a.RepeatsAlike} of {a.Repeats}" : "")
                            + (a.WithOthers is { } others ? $", with others {Number(others)}" : "")
                            + (a.MedianActive is { } time ? $", median {Number(time.TotalSeconds)} s" : "")
                            + (a.Drift is { } drift ? $", drift {drift.ToString("+0.000;-0.000", CultureInfo.InvariantCulture)}" : "")
                        ),
                    ]
                );
                return 0;
            }
        );
        return command;
    }

    private static Command Erase()
    {
        var (database, json) = (Database(), Arguments.Json());
        var person = new Option<string>("--person")
        {
            Description = "name, pseudonym or id",
            HelpName = "NAME",
            Required = true,
        };
        var yes = new Option<bool>("--yes") { Description = "do it; without, it is only told what would be erased" };
        var command = new Command(
            "erase",
            "Erase what a person said, and name the models that learned from it.\n\nExample: attune feedback erase --person "
                + "annotator-1a2b3c4d5e --yes"
        )
        {
            database,
            person,
            yes,
            json,
        };
        command.SetAction(
            async (parsed, cancel) =>
            {
                await using var store = await OpenAsync(parsed.GetValue(database)!, cancel);
                var (name, people) = (parsed.GetValue(person)!, await store.People.ListAsync(cancel));
                var found =
                    people.FirstOrDefault(p => p.Name == name || p.Pseudonym == name || p.Id.ToString() == name)
                    ?? throw new AttuneException(
                        $"there is nobody called '{name}' in "
                            + $"{store.Options.Place}.{Suggestion.For(name, people.SelectMany(p => new[] { p.Name, p.Pseudonym }))}"
                    );
                var report = parsed.GetValue(yes)
                    ? await store.Erasure.EraseAsync(null, found.Id, cancel)
                    : await store.Erasure.PreviewAsync(found.Id, cancel);
                Say(
                    parsed.GetValue(json),
                    report,
                    [
                        parsed.GetValue(yes)
                            ? $"{report.Revisions} revisions erased"
                            : $"{report.Revisions} revisions would be erased; give --yes to do so",
                        .. report.Snapshots.Select(s => $"still in the snapshot {s}: delete it where you must"),
                        .. report.Models.Select(m =>
                            $"shaped {m.Model} (stage {m.Stage} of {m.Run}): {m.Labels} of its labels, snapshot {m.SnapshotSha256[..12]}"
                        ),
                        report.Models.Count == 0 ? "no model is known to have learned from them" : null,
                    ]
                );
                return 0;
            }
        );
        return command;
    }

    private static Task<FeedbackStore> OpenAsync(string database, CancellationToken cancel) =>
        FeedbackStore.OpenAsync(new StoreOptions(database) { Create = false }, cancel);

    private static ITokenizer? LoadTokenizer(string? folder) => folder is null ? null : TokenizerFiles.Load(folder);

    private static string Number(double value) => double.IsNaN(value) ? "-" : value.ToString("0.000", CultureInfo.InvariantCulture);

    private static void Say(bool json, object report, params ReadOnlySpan<string?> lines)
    {
        if (json)
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(report, report.GetType(), Json));
            return;
        }

        foreach (var line in lines)
        {
            if (line is not null)
            {
                Console.Out.WriteLine(line);
            }
        }
    }
}
