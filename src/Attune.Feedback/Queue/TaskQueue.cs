using System.Text.Json;
using Attune.Feedback.Storage;
using Microsoft.EntityFrameworkCore;

namespace Attune.Feedback.Queue;

/// <summary>
/// Hands out tasks and stores the answers. A task has one slot for each label wanted; a claim takes a slot for a while (a
/// lease), a submit fills it. No answer is discarded: late ones are kept as surplus, changed ones as new revisions.
/// </summary>
public sealed class TaskQueue
{
    private readonly StoreDatabase _database;

    internal TaskQueue(StoreDatabase database) => _database = database;

    /// <summary>
    /// The next task for a person. A person who already holds as many as the project allows gets the one held longest again, in the order
    /// it was shown, so that a page can be reloaded or opened twice.
    /// </summary>
    public Task<ClaimResult> ClaimAsync(Guid project, Guid person, CancellationToken cancel) =>
        _database.WriteAgainAsync(writer => new TaskClaim(writer, project, person).RunAsync(cancel), cancel);

    /// <summary>A task in hand; null where the person does not hold this lease or it has ended.</summary>
    public Task<AssignedTask?> FindAsync(Guid lease, Guid person, CancellationToken cancel) =>
        _database.ReadAsync(async db =>
        {
            var slot = await db
                .Slots.AsNoTracking()
                .SingleOrDefaultAsync(s => s.LeaseId == lease && s.PersonId == person && s.State == SlotState.Leased, cancel);
            return slot is null ? null : await TaskPresentation.ShowAsync(db, lease, slot.ExpiresAt, cancel);
        });

    /// <summary>Extends the lease. Pages send one every third of the lease while they are visible.</summary>
    public Task<HeartbeatResult> HeartbeatAsync(Guid lease, Guid person, CancellationToken cancel) =>
        _database.WriteAgainAsync<HeartbeatResult>(
            async writer =>
            {
                var db = writer.Db;
                var settings = await TaskPresentation.SettingsOfLeaseAsync(db, lease, cancel);
                if (settings is null)
                {
                    return new HeartbeatResult.Lost();
                }
                var expires = writer.Now + (settings.LeaseSeconds * 1000L);
                var held = await db
                    .Slots.Where(s => s.LeaseId == lease && s.PersonId == person && s.State == SlotState.Leased)
                    .ExecuteUpdateAsync(set => set.SetProperty(s => s.ExpiresAt, expires), cancel);
                return held == 1 ? new HeartbeatResult.Alive(DateTimeOffset.FromUnixTimeMilliseconds(expires)) : new HeartbeatResult.Lost();
            },
            cancel
        );

    /// <summary>Stores what a person has typed so far, in any form, up to a million characters.</summary>
    /// <returns>False where the person does not hold this lease.</returns>
    public Task<bool> SaveDraftAsync(Guid lease, Guid person, JsonElement draft, CancellationToken cancel) =>
        _database.WriteAgainAsync(
            async writer =>
            {
                var db = writer.Db;
                var shown = await db.Presentations.AsNoTracking().SingleOrDefaultAsync(p => p.Id == lease && p.PersonId == person, cancel);
                var text = draft.GetRawText();
                if (shown is null || text.Length > 1_000_000)
                {
                    return false;
                }
                await Drafts.KeepAsync(db, shown.TaskId, person, text, writer.Now, cancel);
                return true;
            },
            cancel
        );

    /// <summary>Stores a judgement. Repeat it with the same id until an answer arrives: it is stored once.</summary>
    public Task<SubmitResult> SubmitAsync(Guid person, Submission submission, CancellationToken cancel) =>
        _database.WriteAgainAsync(writer => new ResponseWriter(writer, person).SubmitAsync(submission, cancel), cancel);

    /// <summary>Leaves a task to others; the person does not get it again.</summary>
    /// <param name="id">Made by the page, like a submission's id.</param>
    public Task<SubmitResult> SkipAsync(Guid person, Guid id, Guid lease, string reason, CancellationToken cancel) =>
        _database.WriteAgainAsync(
            writer => new ResponseWriter(writer, person).DeclineAsync(id, lease, RevisionKind.Skip, reason, cancel),
            cancel
        );

    /// <summary>Reports a task as unfit. After the project's number of flags it is held back for a manager.</summary>
    public Task<SubmitResult> FlagAsync(Guid person, Guid id, Guid lease, string reason, CancellationToken cancel) =>
        _database.WriteAgainAsync(
            writer => new ResponseWriter(writer, person).DeclineAsync(id, lease, RevisionKind.Flag, reason, cancel),
            cancel
        );

    /// <summary>Retracts a person's last answer in a project, or their answer to one task. The earlier answer stays on record.</summary>
    /// <param name="id">Made by the page, like a submission's id.</param>
    /// <param name="task">Null for the last one.</param>
    public Task<UndoResult> UndoAsync(Guid project, Guid person, Guid id, Guid? task, CancellationToken cancel) =>
        _database.WriteAgainAsync(writer => new Retraction(writer, person).RunAsync(project, id, task, cancel), cancel);

    /// <summary>The task that a person was given under this lease, also after it has ended; null where it was not theirs.</summary>
    public Task<Guid?> TaskOfAsync(Guid lease, Guid person, CancellationToken cancel) =>
        _database.ReadAsync(db =>
            db.Presentations.Where(p => p.Id == lease && p.PersonId == person).Select(p => (Guid?)p.TaskId).SingleOrDefaultAsync(cancel)
        );

    public Task<OwnProgress> ProgressAsync(Guid project, Guid person, CancellationToken cancel) =>
        _database.ReadAsync(async db =>
        {
            var row = await db.Projects.AsNoTracking().SingleAsync(p => p.Id == project, cancel);
            return await TaskPresentation.ProgressAsync(db, project, person, row.ReadSettings(), cancel);
        });
}
