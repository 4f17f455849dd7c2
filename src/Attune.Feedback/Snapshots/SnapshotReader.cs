using System.Collections.Immutable;
using Attune.Feedback.Labels;
using Attune.Feedback.Projects;
using Attune.Feedback.Quality;
using Attune.Feedback.Storage;
using Microsoft.EntityFrameworkCore;

namespace Attune.Feedback.Snapshots;

/// <summary>Reads the labels of a snapshot out of the store, all at one moment.</summary>
internal sealed class SnapshotReader(FeedbackContext db, ProjectInfo project, SnapshotOptions options)
{
    internal sealed record Decision(AdjudicationRow Row, string Pseudonym);

    /// <returns>The labels in the order of tasks, then of people; and the newest link of the audit at that moment.</returns>
    public async Task<(ImmutableArray<SnapshotLabel> Labels, (long Sequence, string Hash) Head)> ReadAsync(CancellationToken cancel)
    {
        await using var view = await db.BeginViewAsync(cancel);
        var head = await db.ChainHeads.AsNoTracking().SingleAsync(cancel);
        var all = await LabelSet.LoadAsync(db, project.Id, cancel);
        var contents = await AllContents.LoadAsync(db, project.Id, cancel);
        var chats = project.Kind == ProjectKind.Chat ? await ChatPairs.LoadAsync(db, project.Id, contents, cancel) : null;
        var guidelines = await db
            .Guidelines.AsNoTracking()
            .Where(g => g.ProjectId == project.Id)
            .ToDictionaryAsync(g => g.Id, g => (g.Number, g.Sha256), cancel);
        var decisions = await DecisionsAsync(db, project.Id, cancel);
        var unfit = await PeopleBelowAsync(options.LeastGoldAccuracy, cancel);
        var labels = all.Where(l => l.TaskKind == TaskKind.Normal && (options.Surplus || !l.Surplus) && !unfit.Contains(l.PersonId))
            .ToLookup(l => l.TaskId);
        var read = ImmutableArray.CreateBuilder<SnapshotLabel>();
        foreach (var (task, content) in contents.Where(c => options.Tasks?.Contains(c.Task) != false))
        {
            if (decisions.TryGetValue(task, out var decision))
            {
                read.AddRange(Decided(task, content, decision));
                continue;
            }

            foreach (var label in labels[task])
            {
                var guideline = label.GuidelineVersionId is { } version ? guidelines[version] : ((int, string)?)null;
                read.AddRange(Labelled(content, label, chats, guideline));
            }
        }

        return (read.ToImmutable(), (head.Sequence, head.Hash));
    }

    /// <summary>The newest decision of each task.</summary>
    internal static async Task<Dictionary<Guid, Decision>> DecisionsAsync(FeedbackContext db, Guid project, CancellationToken cancel)
    {
        var rows = await (
            from decision in db.Adjudications.AsNoTracking()
            join person in db.People on decision.PersonId equals person.Id
            where decision.ProjectId == project
            orderby decision.At, decision.Id
            select new { decision, person.Pseudonym }
        ).ToListAsync(cancel);
        return rows.GroupBy(r => r.decision.TaskId).ToDictionary(g => g.Key, g => new Decision(g.Last().decision, g.Last().Pseudonym));
    }

    private IEnumerable<SnapshotLabel> Decided(Guid task, ItemContent content, Decision decision)
    {
        var judgement = StoreJson.Read<Judgement>(decision.Row.ValueJson);
        return JudgementLabels
            .Of(content, judgement, project.Settings, [])
            .Select(label => new SnapshotLabel(
                decision.Row.Id,
                task,
                decision.Row.PersonId,
                decision.Pseudonym,
                label with
                {
                    Annotator = decision.Pseudonym,
                },
                judgement,
                null,
                null,
                decision.Row.Reason
            ));
    }

    private IEnumerable<SnapshotLabel> Labelled(ItemContent content, StandingLabel standing, ChatPairs? chats, (int, string)? guideline)
    {
        var turns = chats
            ?.Turns(standing.TaskId, standing.PersonId)
            .Select(t => (t.Prompt, ChatPairs.Answer(t.First), ChatPairs.Answer(t.Second)))
            .ToImmutableArray();
        return JudgementLabels
            .Of(content, standing.Judgement, project.Settings, turns ?? [])
            .Select(label => new SnapshotLabel(
                standing.RevisionId,
                standing.TaskId,
                standing.PersonId,
                standing.Pseudonym,
                label with
                {
                    Annotator = Unnamed.Is(standing.Pseudonym) ? null : standing.Pseudonym,
                },
                standing.Judgement,
                standing,
                guideline,
                null
            ));
    }

    /// <summary>The people who got less than this share of gold right; none where no share is asked for.</summary>
    private async Task<HashSet<Guid>> PeopleBelowAsync(double? least, CancellationToken cancel) =>
        least is null
            ? []
            :
            [
                .. (await GoldAnswers.LoadAsync(db, project.Id, null, cancel))
                    .GroupBy(a => a.PersonId)
                    .Where(g => g.Average(a => a.IsRight(project.Settings) ? 1.0 : 0) < least)
                    .Select(g => g.Key),
            ];
}
