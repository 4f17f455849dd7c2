using Attune.Feedback.Storage;
using Microsoft.EntityFrameworkCore;

namespace Attune.Feedback.Projects;

/// <summary>Keeps the number of slots equal to the number of labels wanted.</summary>
internal static class Quotas
{
    public static SlotRow NewSlot(TaskRow task, int number) =>
        new()
        {
            TaskId = task.Id,
            Number = number,
            ProjectId = task.ProjectId,
            Priority = task.Priority,
            Position = task.Position,
            Open = task.State == TaskState.Open,
        };

    public static async Task ChangeAsync(FeedbackContext db, Guid project, int quota, CancellationToken cancel)
    {
        var tasks = await db.Tasks.Where(t => t.ProjectId == project && t.Kind == TaskKind.Normal && t.Quota != quota).ToListAsync(cancel);
        foreach (var task in tasks)
        {
            if (quota > task.Quota)
            {
                db.Slots.AddRange(Enumerable.Range(task.Quota, quota - task.Quota).Select(number => NewSlot(task, number)));
            }
            task.Quota = quota;
        }

        await db.SaveChangesAsync(cancel);
        await db
            .Slots.Where(s =>
                s.ProjectId == project
                && s.Number >= quota
                && s.State == SlotState.Free
                && db.Tasks.Any(t => t.Id == s.TaskId && t.Kind == TaskKind.Normal)
            )
            .ExecuteDeleteAsync(cancel);
    }
}
