using System.Collections.Immutable;
using Attune.Core.Runs;
using Attune.Feedback.Labels;
using Attune.Feedback.Storage;
using Microsoft.EntityFrameworkCore;

namespace Attune.Feedback.Queue;

/// <summary>A task that a person has seen.</summary>
/// <param name="Place">Its place among the tasks that they were shown, from 1.</param>
/// <param name="IsLabelled">Whether they have labelled it; otherwise it is in their hands.</param>
internal sealed record SeenTask(Guid Task, int Place, bool IsLabelled);

/// <summary>
/// Which of a person's tasks are gold or repeats, and how many of each are left. It depends on the person and what they were shown, so a
/// session that is resumed goes on as it would have, and the tasks ahead can be counted without telling the kinds apart.
/// </summary>
/// <param name="Shown">Tasks that the person was shown.</param>
/// <param name="Screening">Screening tasks that they have not seen; they come first.</param>
/// <param name="Gold">Other gold tasks that they have not seen.</param>
/// <param name="Repeatable">Tasks that they labelled, or have in hand, and were not asked again, in the order they saw them.</param>
internal sealed record TaskMix(ProjectSettings Settings, Seed Seed, int Shown, int Screening, int Gold, ImmutableArray<SeenTask> Repeatable)
{
    public bool GoldIsDue => Intervals("gold", Settings.GoldEvery).Has(Shown + 1);

    /// <summary>The task to ask again now; null where none is due or none is far enough back.</summary>
    public Guid? RepeatDue =>
        Intervals("repeat", Settings.RepeatEvery).Has(Shown + 1)
        && Repeatable.FirstOrDefault(r => r.IsLabelled) is { } first
        && IsFarEnough(first.Place, Shown + 1)
            ? first.Task
            : null;

    public static async Task<TaskMix> LoadAsync(
        FeedbackContext db,
        Guid project,
        Guid person,
        ProjectSettings settings,
        CancellationToken cancel
    )
    {
        var unseen = Unseen(db, project, person);
        var screening = await unseen.CountAsync(t => t.GoldKind == GoldKind.Screening, cancel);
        var gold = settings.GoldEvery > 0 ? await unseen.CountAsync(t => t.GoldKind != GoldKind.Screening, cancel) : 0;
        var seed = new Seed(0).For("tasks", [.. Parts(project), .. Parts(person)]);
        var presentations = db.Presentations.Where(p => p.ProjectId == project && p.PersonId == person);
        if (settings.RepeatEvery <= 0)
        {
            return new TaskMix(settings, seed, await presentations.CountAsync(cancel), screening, gold, []);
        }
        var history = await (
            from shown in presentations
            join task in db.Tasks on shown.TaskId equals task.Id
            orderby shown.ShownAt, shown.Id
            select new History(task.Id, task.Kind, task.State, task.RepeatOf)
        ).ToListAsync(cancel);
        var labelled = await db
            .Responses.Where(r => r.ProjectId == project && r.PersonId == person && r.State == ResponseState.Submitted)
            .Select(r => r.TaskId)
            .ToListAsync(cancel);
        var held = await db
            .Slots.Where(s => s.PersonId == person && s.State == SlotState.Leased && s.ProjectId == project)
            .Select(s => s.TaskId)
            .ToListAsync(cancel);
        return new TaskMix(settings, seed, history.Count, screening, gold, RepeatableOf(history, [.. labelled], [.. held]));
    }

    /// <summary>Gold tasks that the person has not seen.</summary>
    public static IQueryable<TaskRow> Unseen(FeedbackContext db, Guid project, Guid person) =>
        db
            .Tasks.AsNoTracking()
            .Where(t => t.ProjectId == project && t.Kind == TaskKind.Gold && t.State == TaskState.Open)
            .Where(t =>
                !db.Slots.Any(s => s.TaskId == t.Id && s.PersonId == person)
                && !db.Responses.Any(r => r.TaskId == t.Id && r.PersonId == person)
            );

    /// <summary>The tasks ahead of the person, of every kind, while <paramref name="normal"/> ordinary ones are left.</summary>
    public int Ahead(int normal)
    {
        var (golds, repeats) = (Intervals("gold", Settings.GoldEvery), Intervals("repeat", Settings.RepeatEvery));
        var (screening, gold) = (Screening, Gold);
        var waiting = new Queue<int>(Repeatable.Select(r => r.Place));
        for (var place = Shown + 1; ; place++)
        {
            var (isGold, isRepeat) = (golds.Has(place), repeats.Has(place));
            if (screening > 0)
            {
                screening--;
            }
            else if (isGold && gold > 0)
            {
                gold--;
            }
            else if (isRepeat && waiting.TryPeek(out var first) && IsFarEnough(first, place))
            {
                waiting.Dequeue();
            }
            else if (normal > 0)
            {
                normal--;
                waiting.Enqueue(place);
            }
            else
            {
                return place - Shown - 1;
            }
        }
    }

    private bool IsFarEnough(int first, int now) => now - first > Settings.RepeatDistance;

    private DrawnIntervals Intervals(string kind, int mean) => new(Seed.For(kind), mean);

    private sealed record History(Guid Task, TaskKind Kind, TaskState State, Guid? RepeatOf);

    private static ImmutableArray<SeenTask> RepeatableOf(List<History> history, HashSet<Guid> labelled, HashSet<Guid> held)
    {
        var repeated = history.Select(h => h.RepeatOf).OfType<Guid>().ToHashSet();
        // A task may be shown more than once: its lease ran out, and it came again.
        var last = history.Index().GroupBy(h => h.Item.Task).Select(g => g.Last());
        return
        [
            .. last.Where(h => h.Item is { Kind: TaskKind.Normal, State: TaskState.Open })
                .Where(h => (labelled.Contains(h.Item.Task) || held.Contains(h.Item.Task)) && !repeated.Contains(h.Item.Task))
                .Select(h => new SeenTask(h.Item.Task, h.Index + 1, labelled.Contains(h.Item.Task)))
                .OrderBy(h => h.Place),
        ];
    }

    private static long[] Parts(Guid id)
    {
        var bytes = id.ToByteArray();
        return [BitConverter.ToInt64(bytes, 0), BitConverter.ToInt64(bytes, 8)];
    }
}
