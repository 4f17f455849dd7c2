using Attune.Feedback.Storage;
using Microsoft.EntityFrameworkCore;

namespace Attune.Feedback.Projects;

internal static class Positions
{
    /// <summary>Reserves <paramref name="count"/> positions for this caller and returns the first.</summary>
    public static async Task<long> TakeAsync(FeedbackContext db, Guid project, int count, CancellationToken cancel)
    {
        await db
            .Projects.Where(p => p.Id == project)
            .ExecuteUpdateAsync(set => set.SetProperty(p => p.NextPosition, p => p.NextPosition + count), cancel);
        return await db.Projects.Where(p => p.Id == project).Select(p => p.NextPosition).SingleAsync(cancel) - count;
    }
}
