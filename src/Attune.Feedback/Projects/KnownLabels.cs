using Attune.Feedback.Labels;
using Attune.Feedback.Storage;
using Microsoft.EntityFrameworkCore;

namespace Attune.Feedback.Projects;

/// <summary>A label that an item has.</summary>
internal sealed record KnownLabel(
    Guid ResponseId,
    Guid PersonId,
    string Pseudonym,
    bool Stands,
    bool IsRepeat,
    Judgement? Judgement,
    LabelSource? Source
);

/// <summary>The task of an item, with the labels and places it has, while labels are added to it.</summary>
internal sealed class LabelledTask(TaskRow task, List<KnownLabel> labels, List<int> free, int places)
{
    public TaskRow Task => task;

    public List<KnownLabel> Labels => labels;

    /// <summary>The number of a place that no one holds; null where there is none.</summary>
    public int? TakeFree()
    {
        if (free.Count == 0)
        {
            return null;
        }
        var number = free[0];
        free.RemoveAt(0);
        return number;
    }

    public int AddPlace()
    {
        task.Quota = Math.Max(task.Quota, places + 1);
        return places++;
    }
}

internal static class KnownLabels
{
    private const int Part = 500;

    /// <summary>The tasks of items with all their labels; items of gold tasks are left out.</summary>
    public static async Task<Dictionary<Guid, LabelledTask>> LoadAsync(
        FeedbackContext db,
        IEnumerable<Guid> items,
        CancellationToken cancel
    )
    {
        var found = new Dictionary<Guid, LabelledTask>();
        foreach (var part in items.Chunk(Part))
        {
            var tasks = await db.Tasks.Where(t => part.Contains(t.ItemId) && t.Kind != TaskKind.Gold).ToListAsync(cancel);
            var labels = (await LabelsAsync(db, part, cancel)).ToLookup(l => l.Item, l => l.Label);
            var slots = await db
                .Slots.AsNoTracking()
                .Where(s => db.Tasks.Any(t => t.Id == s.TaskId && part.Contains(t.ItemId)))
                .OrderBy(s => s.Number)
                .Select(s => new
                {
                    s.TaskId,
                    s.Number,
                    s.State,
                })
                .ToListAsync(cancel);
            foreach (var task in tasks.Where(t => t.Kind == TaskKind.Normal))
            {
                var own = slots.Where(s => s.TaskId == task.Id).ToArray();
                found[task.ItemId] = new LabelledTask(
                    task,
                    [.. labels[task.ItemId]],
                    [.. own.Where(s => s.State == SlotState.Free).Select(s => s.Number)],
                    own.Length == 0 ? 0 : own.Max(s => s.Number) + 1
                );
            }
        }

        return found;
    }

    private static async Task<IEnumerable<(Guid Item, KnownLabel Label)>> LabelsAsync(
        FeedbackContext db,
        Guid[] items,
        CancellationToken cancel
    )
    {
        var rows = await (
            from response in db.Responses.AsNoTracking()
            join task in db.Tasks on response.TaskId equals task.Id
            join revision in db.Revisions on response.CurrentRevisionId equals revision.Id
            join person in db.People on response.PersonId equals person.Id
            where items.Contains(task.ItemId) && task.Kind != TaskKind.Gold
            select new
            {
                task.ItemId,
                task.Kind,
                response.Id,
                response.PersonId,
                person.Pseudonym,
                response.State,
                revision.Redacted,
                revision.ValueJson,
                revision.ExtrasJson,
            }
        ).ToListAsync(cancel);
        return rows.Select(r =>
        {
            var stands = r.State == ResponseState.Submitted && !r.Redacted;
            return (
                r.ItemId,
                new KnownLabel(
                    r.Id,
                    r.PersonId,
                    r.Pseudonym,
                    stands,
                    r.Kind == TaskKind.Repeat,
                    stands ? StoreJson.Read<Judgement>(r.ValueJson) : null,
                    SourceExtras.SourceOf(StoreJson.ReadObject(r.ExtrasJson))
                )
            );
        });
    }
}
