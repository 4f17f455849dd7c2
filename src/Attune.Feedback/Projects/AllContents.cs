using Attune.Feedback.Labels;
using Attune.Feedback.Storage;
using Microsoft.EntityFrameworkCore;

namespace Attune.Feedback.Projects;

/// <summary>Every normal task of a project with its content, in order.</summary>
internal static class AllContents
{
    public static async Task<IReadOnlyList<(Guid Task, ItemContent Content)>> LoadAsync(
        FeedbackContext db,
        Guid project,
        CancellationToken cancel
    )
    {
        var rows = await (
            from task in db.Tasks.AsNoTracking()
            join item in db.Items on task.ItemId equals item.Id
            where task.ProjectId == project && task.Kind == TaskKind.Normal && task.State != TaskState.Retired
            orderby task.Position
            select new { task.Id, item }
        ).ToListAsync(cancel);
        var candidates = (
            await db.Candidates.AsNoTracking().Where(c => db.Items.Any(i => i.Id == c.ItemId && i.ProjectId == project)).ToListAsync(cancel)
        ).ToLookup(c => c.ItemId);
        return [.. rows.Select(r => (r.Id, Contents.Of(r.item, candidates[r.item.Id])))];
    }
}
