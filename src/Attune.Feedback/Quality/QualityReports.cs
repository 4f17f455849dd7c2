using System.Collections.Immutable;
using Attune.Core;
using Attune.Core.Runs;
using Attune.Feedback.Labels;
using Attune.Feedback.Projects;
using Attune.Feedback.Storage;
using Microsoft.EntityFrameworkCore;

namespace Attune.Feedback.Quality;

/// <summary>How well people agree with gold, with each other and with themselves, and the manager's decisions where they do not.</summary>
public sealed class QualityReports
{
    private readonly StoreDatabase _database;
    private readonly ProjectCatalog _projects;

    internal QualityReports(StoreDatabase database, ProjectCatalog projects) => (_database, _projects) = (database, projects);

    /// <summary>
    /// All figures of a project, with 95 % bootstrap intervals: agreement resamples tasks, position bias resamples labels. For managers: it
    /// names people by pseudonym.
    /// </summary>
    /// <exception cref="AttuneException">No such project.</exception>
    public async Task<QualityReport> OfAsync(Guid project, CancellationToken cancel)
    {
        var info = await _projects.RequireAsync(project, cancel);
        var (labels, gold) = await _database.ReadAsync(async db =>
            (
                await LabelSet.LoadAsync(db, project, cancel),
                (await GoldAnswers.LoadAsync(db, project, null, cancel)).ToLookup(a => a.PersonId, a => a.IsRight(info.Settings))
            )
        );
        var seed = new Seed(1);
        var figures = AgreementFigures.Of(info.Kind, [.. labels.Where(l => l.TaskKind == TaskKind.Normal)], seed);
        // Labels without a name are no one person's.
        var people = labels
            .Where(l => !Unnamed.Is(l.Pseudonym))
            .GroupBy(l => (l.PersonId, l.Pseudonym))
            .OrderBy(g => g.Key.Pseudonym, StringComparer.Ordinal)
            .Select(g => AnnotatorFigures.Of(g.Key.PersonId, g.Key.Pseudonym, [.. g], labels, [.. gold[g.Key.PersonId]], seed));
        return new QualityReport(figures, [.. people], AnnotatorFigures.FirstShown(labels, seed));
    }

    /// <summary>Tasks whose labels contradict each other and that no manager has decided yet.</summary>
    public Task<IReadOnlyList<ManagerTask>> DisputedAsync(Guid project, int count, CancellationToken cancel) =>
        _database.ReadAsync(async db =>
        {
            var labels = await LabelSet.LoadAsync(db, project, cancel);
            var decided = (await db.Adjudications.Where(a => a.ProjectId == project).Select(a => a.TaskId).ToListAsync(cancel)).ToHashSet();
            var disputed = labels
                .Where(l => l.TaskKind == TaskKind.Normal && !decided.Contains(l.TaskId))
                .GroupBy(l => l.TaskId)
                .Where(g => g.Select(l => JudgementSummary.Of(l.Judgement)).Distinct().Count() > 1)
                .Select(g => g.Key)
                .Take(count)
                .ToArray();
            return await ManagerView.TasksAsync(db, db.Tasks.Where(t => disputed.Contains(t.Id)), cancel);
        });

    /// <summary>
    /// Stores a manager's decision on a task. Snapshots use it in place of the task's labels. A later decision replaces it.
    /// </summary>
    /// <param name="judgement">In the item's positions.</param>
    /// <returns>What is wrong with it; empty where it is stored.</returns>
    public Task<ImmutableArray<string>> AdjudicateAsync(
        Guid actor,
        Guid project,
        Guid task,
        Judgement judgement,
        string reason,
        CancellationToken cancel
    ) =>
        _database.WriteAsync<ImmutableArray<string>>(
            async writer =>
            {
                var db = writer.Db;
                var row = await db.Tasks.AsNoTracking().SingleOrDefaultAsync(t => t.Id == task && t.ProjectId == project, cancel);
                if (row is null)
                {
                    return ["there is no such task in this project."];
                }
                var owner = await db.Projects.AsNoTracking().SingleAsync(p => p.Id == project, cancel);
                if (owner.Kind == ProjectKind.Chat)
                {
                    return ["conversations differ from person to person; there is nothing to decide between them."];
                }
                var content = await Contents.LoadAsync(db, row.ItemId, cancel);
                ImmutableArray<string> problems =
                [
                    .. JudgementRules.Problems(judgement, owner.Kind, owner.ReadSettings(), content, 0),
                    .. string.IsNullOrWhiteSpace(reason) ? ["a decision needs a reason."] : Array.Empty<string>(),
                ];
                if (!problems.IsEmpty)
                {
                    return problems;
                }
                Decide(writer, actor, row, judgement, reason);
                return [];
            },
            cancel
        );

    private static void Decide(StoreWriter writer, Guid actor, TaskRow task, Judgement judgement, string reason)
    {
        var decision = new AdjudicationRow
        {
            Id = writer.NewId(),
            ProjectId = task.ProjectId,
            TaskId = task.Id,
            PersonId = actor,
            ValueJson = StoreJson.Write(judgement),
            Reason = reason,
            At = writer.Now,
        };
        writer.Db.Adjudications.Add(decision);
        writer.Audit(actor, "task.adjudicated", decision.Id.ToString(), new { sha256 = AuditHash.Of(decision) });
    }
}
