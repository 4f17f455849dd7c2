using Attune.Feedback.Labels;
using Attune.Feedback.Storage;
using Microsoft.EntityFrameworkCore;

namespace Attune.Feedback.Queue;

/// <summary>One undo, inside its transaction: a new revision retracts the one before, and the task is in hand again.</summary>
internal sealed class Retraction(StoreWriter writer, Guid personId)
{
    private FeedbackContext Db => writer.Db;

    public async Task<UndoResult> RunAsync(Guid project, Guid id, Guid? task, CancellationToken cancel)
    {
        var responses = new ResponseWriter(writer, personId);
        var hash = StoreJson.Sha256($"undo {project} {task}");
        if (await responses.EarlierAsync(id, hash, cancel) is { } earlier)
        {
            return new UndoResult(earlier, await InHandAsync(earlier, cancel));
        }
        if (await LatestAsync(project, task, cancel) is not { } response)
        {
            return new UndoResult(new SubmitResult.NotFound(), null);
        }
        var last = await Db.Revisions.AsNoTracking().SingleAsync(r => r.Id == response.CurrentRevisionId, cancel);
        if (last.PresentationId is not { } lease)
        {
            return new UndoResult(new SubmitResult.NotFound(), null);
        }
        var shown = await Db.Presentations.AsNoTracking().SingleAsync(p => p.Id == lease, cancel);
        var revision = responses.Append(
            response,
            shown,
            id,
            RevisionKind.Retract,
            StoreJson.Write(new { retracts = last.Id }),
            hash,
            surplus: false
        );
        writer.Audit(personId, "label.retracted", id.ToString(), new { sha256 = AuditHash.Of(revision) });
        await Db.SaveChangesAsync(cancel);
        if (last.Kind == RevisionKind.Submit)
        {
            await KeepAsDraftAsync(shown, last, cancel);
        }
        var expires = await TakeBackAsync(shown, cancel);
        await Db.SaveChangesAsync(cancel);
        var again = expires is { } until ? await TaskPresentation.ShowAsync(Db, shown.Id, until, cancel) : null;
        return new UndoResult(new SubmitResult.Accepted(ResponseWriter.Receipt(revision), Repeated: false), again);
    }

    private Task<ResponseRow?> LatestAsync(Guid project, Guid? task, CancellationToken cancel) =>
        Db
            .Responses.Where(r =>
                r.ProjectId == project && r.PersonId == personId && r.State != ResponseState.Retracted && (task == null || r.TaskId == task)
            )
            .OrderByDescending(r => r.UpdatedAt)
            .ThenByDescending(r => r.CurrentRevisionId)
            .FirstOrDefaultAsync(cancel);

    /// <summary>
    /// Takes the slot that the retracted label filled, or after a skip another free one, under the same lease; null where all are taken.
    /// </summary>
    private async Task<long?> TakeBackAsync(PresentationRow shown, CancellationToken cancel)
    {
        var settings = await TaskPresentation.SettingsOfLeaseAsync(Db, shown.Id, cancel);
        var expires = writer.Now + (settings!.LeaseSeconds * 1000L);
        var own = await Db.Slots.SingleOrDefaultAsync(s => s.TaskId == shown.TaskId && s.PersonId == personId, cancel);
        if (own is null)
        {
            var free = await Db
                .Slots.AsNoTracking()
                .Where(s => s.TaskId == shown.TaskId && s.State == SlotState.Free)
                .OrderBy(s => s.Number)
                .FirstOrDefaultAsync(cancel);
            var taken = free is null
                ? 0
                : await Db
                    .Slots.Where(s => s.TaskId == free.TaskId && s.Number == free.Number && s.State == SlotState.Free)
                    .ExecuteUpdateAsync(
                        set =>
                            set.SetProperty(s => s.State, SlotState.Leased)
                                .SetProperty(s => s.PersonId, personId)
                                .SetProperty(s => s.LeaseId, shown.Id)
                                .SetProperty(s => s.ExpiresAt, expires),
                        cancel
                    );
            return taken == 1 ? expires : null;
        }

        (own.State, own.LeaseId, own.ExpiresAt) = (SlotState.Leased, shown.Id, expires);
        return expires;
    }

    private async Task KeepAsDraftAsync(PresentationRow shown, RevisionRow last, CancellationToken cancel)
    {
        var turns = await TaskPresentation.TurnsAsync(Db, shown.TaskId, personId, cancel);
        // Swapping twice restores the order, so turns are mapped the same way in both directions.
        var judgement = ChatOrder.ToItem(TaskPresentation.Order(shown).ToShown(StoreJson.Read<Judgement>(last.ValueJson)), turns);
        await Drafts.KeepAsync(Db, shown.TaskId, personId, StoreJson.Write(judgement), writer.Now, cancel);
    }

    private async Task<AssignedTask?> InHandAsync(SubmitResult earlier, CancellationToken cancel)
    {
        if (earlier is not SubmitResult.Accepted { Receipt.TaskId: var task })
        {
            return null;
        }
        var slot = await Db
            .Slots.AsNoTracking()
            .SingleOrDefaultAsync(s => s.TaskId == task && s.PersonId == personId && s.State == SlotState.Leased, cancel);
        return slot is null ? null : await TaskPresentation.ShowAsync(Db, slot.LeaseId!.Value, slot.ExpiresAt, cancel);
    }
}
