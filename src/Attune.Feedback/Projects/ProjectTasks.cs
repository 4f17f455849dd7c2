using Attune.Feedback.Storage;
using Microsoft.EntityFrameworkCore;

namespace Attune.Feedback.Projects;

/// <summary>
/// The items of projects, each with a task. For managers: the caller checks who may call
/// (<see cref="People.PeopleDirectory.RoleInAsync"/>).
/// </summary>
public sealed class ProjectTasks
{
    private readonly StoreDatabase _database;

    internal ProjectTasks(StoreDatabase database) => _database = database;

    /// <summary>Adds items, each with a task. Items whose name or content the project already has stay as they are.</summary>
    public Task<AddedItems> AddItemsAsync(Guid? actor, Guid project, IReadOnlyList<NewItem> items, CancellationToken cancel) =>
        _database.WriteAsync(writer => new ItemWriter(writer, actor, project).RunAsync(items, cancel), cancel);

    /// <summary>Tasks with their labels, in order.</summary>
    /// <param name="after">Returns tasks after this position; -1 for the start.</param>
    public Task<IReadOnlyList<ManagerTask>> ListAsync(Guid project, long after, int count, CancellationToken cancel) =>
        _database.ReadAsync(db =>
            ManagerView.TasksAsync(
                db,
                db.Tasks.Where(t => t.ProjectId == project && t.Position > after).OrderBy(t => t.Position).Take(count),
                cancel
            )
        );

    public Task<ManagerTask?> FindAsync(Guid project, Guid task, CancellationToken cancel) =>
        _database.ReadAsync(async db =>
            (
                await ManagerView.TasksAsync(
                    db,
                    db.Tasks.Where(t => t.ProjectId == project && t.Id == task).OrderBy(t => t.Position),
                    cancel
                )
            ).SingleOrDefault()
        );

    /// <summary>The tasks of items with these contents (<see cref="Contents.HashOf"/>), with their labels.</summary>
    internal Task<IReadOnlyList<(string Content, ManagerTask Task)>> WithContentAsync(
        Guid project,
        IEnumerable<string> contents,
        CancellationToken cancel
    ) =>
        _database.ReadAsync(async db =>
        {
            var found = new List<(string, ManagerTask)>();
            foreach (var part in contents.Chunk(500))
            {
                var tasks = await ManagerView.TasksAsync(
                    db,
                    db.Tasks.Where(t =>
                        t.ProjectId == project
                        && t.Kind != TaskKind.Repeat
                        && db.Items.Any(i => i.Id == t.ItemId && part.Contains(i.ContentSha256))
                    ),
                    cancel
                );
                found.AddRange(tasks.Select(t => (Contents.HashOf(t.Content), t)));
            }

            return (IReadOnlyList<(string, ManagerTask)>)found;
        });

    /// <summary>Returns a task that was held back or retired to the queue.</summary>
    /// <returns>False where the project has no such task.</returns>
    public Task<bool> ReleaseAsync(Guid? actor, Guid project, Guid task, CancellationToken cancel) =>
        SetStateAsync(actor, project, task, TaskState.Open, "task.released", cancel);

    /// <summary>Removes a task from the queue; its labels stay on record, but not in snapshots.</summary>
    public Task<bool> RetireAsync(Guid? actor, Guid project, Guid task, CancellationToken cancel) =>
        SetStateAsync(actor, project, task, TaskState.Retired, "task.retired", cancel);

    private Task<bool> SetStateAsync(Guid? actor, Guid project, Guid task, TaskState state, string action, CancellationToken cancel) =>
        _database.WriteAsync(
            async writer =>
            {
                var found = await writer
                    .Db.Tasks.Where(t => t.Id == task && t.ProjectId == project)
                    .ExecuteUpdateAsync(set => set.SetProperty(t => t.State, state), cancel);
                await writer
                    .Db.Slots.Where(s =>
                        s.TaskId == task && s.ProjectId == project && writer.Db.Tasks.Any(t => t.Id == task && t.Kind == TaskKind.Normal)
                    )
                    .ExecuteUpdateAsync(set => set.SetProperty(s => s.Open, state == TaskState.Open), cancel);
                if (found == 1)
                {
                    writer.Audit(actor, action, task, new { });
                }
                return found == 1;
            },
            cancel
        );
}
