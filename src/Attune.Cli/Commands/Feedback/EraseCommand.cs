using System.CommandLine;
using Attune.Core;
using Attune.Feedback.People;

namespace Attune.Cli.Commands.Feedback;

/// <summary><c>attune feedback erase</c></summary>
internal static class EraseCommand
{
    private static readonly Option<string> Database = FeedbackArguments.Database();
    private static readonly Option<string> Person = new("--person")
    {
        Description = "name, pseudonym or id",
        HelpName = "NAME",
        Required = true,
    };
    private static readonly Option<bool> Yes = new("--yes") { Description = "erase; without it, only list what would be erased" };
    private static readonly Option<bool> Json = Arguments.Json();

    public static Command Create()
    {
        var command = new Command(
            "erase",
            "Erase a person's labels and texts, and list the models that learned from them.\n\n"
                + "Example: attune feedback erase --person annotator-1a2b3c4d5e --yes"
        )
        {
            Database,
            Person,
            Yes,
            Json,
        };
        command.SetAction(EraseAsync);
        return command;
    }

    private static async Task<int> EraseAsync(ParseResult parsed, CancellationToken cancel)
    {
        await using var store = await FeedbackArguments.OpenAsync(parsed.GetRequiredValue(Database), cancel);
        var person = Find(parsed.GetRequiredValue(Person), await store.People.ListAsync(cancel), store.Options.Place);
        var yes = parsed.GetValue(Yes);
        var report = yes ? await store.Erasure.EraseAsync(null, person, cancel) : await store.Erasure.PreviewAsync(person, cancel);
        FeedbackArguments.Print(
            parsed.GetValue(Json),
            report,
            [
                yes ? $"{report.Revisions} revisions erased" : $"{report.Revisions} revisions would be erased; give --yes to do so",
                .. report.Snapshots.Select(s => $"still in the snapshot {s}: delete it if you have to"),
                .. report.Backups.Select(b =>
                    FormattableString.Invariant(
                        $"still in the backup {b.File} of {b.At:yyyy-MM-dd HH:mm} UTC{(b.IsThere ? "" : ", which is not there any more")}"
                    )
                ),
                .. report.Models.Select(m =>
                    $"shaped {m.Model} (stage {m.Stage} of {m.Run}): {m.Labels} of its labels, snapshot {m.SnapshotSha256[..12]}"
                ),
                report.Models.Count == 0 ? "no model is known to have learned from them" : null,
                report.Remains,
            ]
        );
        return 0;
    }

    private static Guid Find(string name, IReadOnlyList<PersonInfo> people, string place) =>
        people.FirstOrDefault(p => p.Name == name || p.Pseudonym == name || p.Id.ToString() == name)?.Id
        ?? throw new AttuneException(
            $"{place} has no person '{name}'.{Suggestion.For(name, people.SelectMany(p => new[] { p.Name, p.Pseudonym }))}"
        );
}
