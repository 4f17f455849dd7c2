using System.Collections.Immutable;
using Attune.Core;
using Attune.Feedback.Labels;
using Attune.Feedback.Projects;
using Attune.Feedback.Quality;
using Attune.Feedback.Snapshots;
using Attune.Feedback.Storage;
using Microsoft.EntityFrameworkCore;

namespace Attune.Feedback.Exchange;

/// <summary>A judgement as it was made.</summary>
/// <param name="Content">Answers in the order shown where it is known, otherwise in that of the item.</param>
/// <param name="Judgement">In the positions of <paramref name="Content"/>.</param>
/// <param name="Annotator">The pseudonym; null where the source does not name the author.</param>
/// <param name="Active">How long the person was at it; null where it is not known.</param>
/// <param name="IsShownOrder">Whether the answers lie as they were shown.</param>
public sealed record MadeJudgement(
    ItemContent Content,
    Judgement Judgement,
    string? Annotator,
    DateTimeOffset At,
    TimeSpan? Active,
    bool IsShownOrder
);

/// <summary>A project's judgements, and how often people passed.</summary>
/// <param name="Judgements">In the order of time.</param>
/// <param name="Skipped">Tasks that a person skipped.</param>
/// <param name="Flagged">Tasks that a person flagged.</param>
public sealed record MadeJudgements(ImmutableArray<MadeJudgement> Judgements, int Skipped, int Flagged);

/// <summary>
/// What people said, for an audit: everybody's labels with the order shown and the time, extra labels and repeats among them. Tasks with a
/// known answer are left out, and so are managers' decisions, which no annotator made.
/// </summary>
public sealed class StoreJudgements
{
    private readonly StoreDatabase _database;
    private readonly ProjectCatalog _projects;

    internal StoreJudgements(StoreDatabase database, ProjectCatalog projects) => (_database, _projects) = (database, projects);

    /// <exception cref="AttuneException">No such project.</exception>
    public async Task<MadeJudgements> OfAsync(Guid project, CancellationToken cancel)
    {
        var info = await _projects.RequireAsync(project, cancel);
        return await _database.ReadAsync(async db =>
        {
            var labels = await LabelSet.LoadAsync(db, project, cancel);
            var contents = await AllContents.LoadAsync(db, project, cancel);
            var chats = info.Kind == ProjectKind.Chat ? await ChatPairs.LoadAsync(db, project, contents, cancel) : null;
            var byTask = contents.ToDictionary(c => c.Task, c => c.Content);
            var passed = await db
                .Responses.AsNoTracking()
                .Where(r => r.ProjectId == project && (r.State == ResponseState.Skipped || r.State == ResponseState.Flagged))
                .Join(db.Tasks.Where(t => t.State != TaskState.Retired), r => r.TaskId, t => t.Id, (r, _) => r.State)
                .ToListAsync(cancel);
            return new MadeJudgements(
                [.. labels.OrderBy(l => l.At).ThenBy(l => l.RevisionId).SelectMany(l => Made(l, byTask, chats))],
                passed.Count(s => s == ResponseState.Skipped),
                passed.Count(s => s == ResponseState.Flagged)
            );
        });
    }

    private static IEnumerable<MadeJudgement> Made(StandingLabel label, Dictionary<Guid, ItemContent> contents, ChatPairs? chats)
    {
        // A repeat asks again what a normal task asked; a task with a known answer is neither.
        if (
            label.TaskKind is not (TaskKind.Normal or TaskKind.Repeat)
            || !contents.TryGetValue(label.RepeatOf ?? label.TaskId, out var content)
        )
        {
            return [];
        }

        var person = Unnamed.Is(label.Pseudonym) ? null : label.Pseudonym;
        var at = DateTimeOffset.FromUnixTimeMilliseconds(label.ClientAt ?? label.At);
        TimeSpan? active = label.ActiveMs is { } ms ? TimeSpan.FromMilliseconds(ms) : null;
        if (chats is not null)
        {
            return chats.Comparisons(label).Select(c => new MadeJudgement(c.Content, c.Judgement, person, at, null, false));
        }

        if (label.Order is not { } order)
        {
            return [new MadeJudgement(content, label.Judgement, person, at, active, false)];
        }

        var shown = content with { Candidates = [.. order.Select(place => content.Candidates[place])] };
        return [new MadeJudgement(shown, new ShownOrder(order).ToShown(label.Judgement), person, at, active, true)];
    }
}
