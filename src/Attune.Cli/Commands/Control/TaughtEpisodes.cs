using System.CommandLine;
using Attune.Cli.Commands.Feedback;
using Attune.Control.Tamer;
using Attune.Core;
using Attune.Core.Feedback;
using Attune.Feedback.Labels;
using Attune.Feedback.Projects;
using Attune.Recipes.Running;

namespace Attune.Cli.Commands.Control;

/// <summary>
/// What an agent was taught, as labels of the feedback store: an item an episode, with the praise and blame of it. From there it goes the
/// way of all labels: exports, snapshots, audit, erasure.
/// </summary>
internal static class TaughtEpisodes
{
    private static readonly Option<string?> Project = new("--project")
    {
        Description = "keep what was said (--person, --log) as labels of this project of the feedback store; created where there is none",
        HelpName = "NAME",
    };

    private static readonly Option<string> Annotator = new("--as")
    {
        Description = "who taught, in the project",
        HelpName = "NAME",
        DefaultValueFactory = _ => "teacher",
    };

    private static readonly Option<string> Database = FeedbackArguments.Database();

    public static IEnumerable<Option> Options => [Project, Annotator, Database];

    /// <summary>Stores the episodes where a project is named; those that are there already stay as they are.</summary>
    public static async Task StoreAsync(ParseResult parsed, IReadOnlyList<TamerEvent> events, IRunScreen screen, CancellationToken cancel)
    {
        if (parsed.GetValue(Project) is not { } name)
        {
            return;
        }

        var who = parsed.GetRequiredValue(Annotator);
        NewItem[] items = [.. TamerEpisodes.Of(events).Select(e => Item(e, who))];
        await using var store = await FeedbackArguments.OpenOrCreateAsync(parsed.GetRequiredValue(Database), cancel);
        var known = (await store.Projects.ListAsync(cancel)).FirstOrDefault(p => p.Name == name);
        if (known is not null && known.Kind != ProjectKind.Timed)
        {
            throw new ConfigurationException(
                $"project '{name}' asks for {known.Kind}, but episodes are labelled with {ProjectKind.Timed} rewards. "
                    + "Choose another --project; a new name creates one."
            );
        }

        var added = known is not null
            ? await store.Tasks.AddItemsAsync(null, known.Id, items, cancel)
            : (await store.Projects.CreateAsync(null, name, ProjectKind.Timed, new(), "", items, manages: false, cancel)).Added;
        var before = added.Duplicates > 0 ? $"; {added.Duplicates} were there already" : "";
        screen.Note($"{added.Items} episodes are labels of project '{name}'{before}");
    }

    private static NewItem Item(TimedRewards label, string who) =>
        new(new ItemContent(label.Prompt, [new Candidate(label.Episode)]))
        {
            Labels = [new ExistingLabel(who, new TimedJudgement(label.Rewards))],
        };
}
