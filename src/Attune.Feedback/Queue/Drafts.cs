using Attune.Feedback.Storage;
using Microsoft.EntityFrameworkCore;

namespace Attune.Feedback.Queue;

internal static class Drafts
{
    public static async Task KeepAsync(FeedbackContext db, Guid task, Guid person, string json, long now, CancellationToken cancel)
    {
        var changed = await db
            .Drafts.Where(d => d.TaskId == task && d.PersonId == person)
            .ExecuteUpdateAsync(set => set.SetProperty(d => d.ValueJson, json).SetProperty(d => d.UpdatedAt, now), cancel);
        if (changed == 0)
        {
            db.Drafts.Add(
                new DraftRow
                {
                    TaskId = task,
                    PersonId = person,
                    ValueJson = json,
                    UpdatedAt = now,
                }
            );
        }
    }
}
