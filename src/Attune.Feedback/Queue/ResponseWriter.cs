using Attune.Feedback.Labels;
using Attune.Feedback.Projects;
using Attune.Feedback.Storage;
using Microsoft.EntityFrameworkCore;

namespace Attune.Feedback.Queue;

/// <summary>
/// Submits, skips and flags, inside their transaction. Each appends one revision. The page that sends it makes its id, so a repeated one is
/// recognised.
/// </summary>
internal sealed class ResponseWriter(StoreWriter writer, Guid personId)
{
    private FeedbackContext Db => writer.Db;

    public async Task<SubmitResult> SubmitAsync(Submission submission, CancellationToken cancel)
    {
        if (TryHash(submission, out var hash) is { } invalid)
        {
            return invalid;
        }
        if (await EarlierAsync(submission.Id, hash, cancel) is { } earlier)
        {
            return earlier;
        }
        if (await FindShownAsync(submission.LeaseId, cancel) is not { } shown)
        {
            return new SubmitResult.NotFound();
        }
        var task = await Db.Tasks.AsNoTracking().SingleAsync(t => t.Id == shown.TaskId, cancel);
        var project = await Db.Projects.AsNoTracking().SingleAsync(p => p.Id == shown.ProjectId, cancel);
        var turns = project.Kind == ProjectKind.Chat ? await TaskPresentation.TurnsAsync(Db, task.Id, personId, cancel) : [];
        var content = await Contents.LoadAsync(Db, task.ItemId, cancel);
        var settings = project.ReadSettings();
        var problems = JudgementRules.Problems(submission.Judgement, project.Kind, settings, content, turns.Count).ToArray();
        if (problems.Length > 0)
        {
            return new SubmitResult.Invalid([.. problems]);
        }
        var response = await ResponseAsync(task.Id, cancel);
        if (response is { State: ResponseState.Submitted })
        {
            return await TwinAsync(submission.Id, hash, response, cancel);
        }
        var surplus = !await FillSlotAsync(task.Id, submission.LeaseId, cancel);
        var judgement = ChatOrder.ToItem(TaskPresentation.Order(shown).ToItem(submission.Judgement), turns);
        var revision = Append(response, shown, submission.Id, RevisionKind.Submit, StoreJson.Write(judgement), hash, surplus);
        Describe(revision, submission);
        await SettleAsync(shown, cancel);
        writer.Audit(personId, "label.submitted", revision.Id.ToString(), new { sha256 = AuditHash.Of(revision), surplus });
        if (task.Kind == TaskKind.Gold)
        {
            await GoldStanding.PauseIfPoorAsync(writer, project, settings, personId, cancel);
        }

        return new SubmitResult.Accepted(Receipt(revision), Repeated: false);
    }

    public async Task<SubmitResult> DeclineAsync(Guid id, Guid lease, RevisionKind kind, string reason, CancellationToken cancel)
    {
        var value = StoreJson.Write(new { reason });
        var hash = StoreJson.Sha256($"{kind} {lease} {value}");
        if (await EarlierAsync(id, hash, cancel) is { } earlier)
        {
            return earlier;
        }
        if (await FindShownAsync(lease, cancel) is not { } shown)
        {
            return new SubmitResult.NotFound();
        }
        var response = await ResponseAsync(shown.TaskId, cancel);
        if (response is { State: ResponseState.Submitted })
        {
            return await TwinAsync(id, hash, response, cancel);
        }
        var revision = Append(response, shown, id, kind, value, hash, surplus: false);
        await Db.Slots.Where(s => s.TaskId == shown.TaskId && s.PersonId == personId && s.State == SlotState.Leased).FreeAsync(cancel);
        writer.Audit(
            personId,
            kind == RevisionKind.Skip ? "task.skipped" : "task.flagged",
            id.ToString(),
            new { sha256 = AuditHash.Of(revision) }
        );
        if (kind == RevisionKind.Flag)
        {
            await HoldIfFlaggedAsync(shown, cancel);
        }
        return new SubmitResult.Accepted(Receipt(revision), Repeated: false);
    }

    /// <summary>What was stored under this id, if anything.</summary>
    public async Task<SubmitResult?> EarlierAsync(Guid id, string hash, CancellationToken cancel)
    {
        var known = await Db.Revisions.AsNoTracking().SingleOrDefaultAsync(r => r.Id == id, cancel);
        return known is null ? null
            : known.PersonId != personId ? new SubmitResult.Conflict("the id is in use; make a new one.")
            : known.BodySha256 != hash ? new SubmitResult.Conflict("the id was already used for something else; make a new one.")
            : new SubmitResult.Accepted(Receipt(known), Repeated: true);
    }

    /// <summary>The task already has a label: from the same submit, sent twice at once, or from another one.</summary>
    private async Task<SubmitResult> TwinAsync(Guid id, string hash, ResponseRow response, CancellationToken cancel) =>
        await EarlierAsync(id, hash, cancel) ?? new SubmitResult.AlreadySubmitted(await ReceiptAsync(response.CurrentRevisionId, cancel));

    public RevisionRow Append(
        ResponseRow? response,
        PresentationRow shown,
        Guid id,
        RevisionKind kind,
        string value,
        string hash,
        bool surplus
    )
    {
        response ??= NewResponse(shown);
        response.State = kind switch
        {
            RevisionKind.Retract => ResponseState.Retracted,
            RevisionKind.Skip => ResponseState.Skipped,
            RevisionKind.Flag => ResponseState.Flagged,
            _ => ResponseState.Submitted,
        };
        (response.CurrentRevisionId, response.Revision, response.Surplus, response.UpdatedAt) = (
            id,
            response.Revision + 1,
            surplus,
            writer.Now
        );
        var revision = new RevisionRow
        {
            Id = id,
            ResponseId = response.Id,
            Number = response.Revision,
            ProjectId = shown.ProjectId,
            TaskId = shown.TaskId,
            PersonId = personId,
            PresentationId = shown.Id,
            Kind = kind,
            ValueJson = value,
            BodySha256 = hash,
            Surplus = surplus,
            ServerAt = writer.Now,
        };
        Db.Revisions.Add(revision);
        return revision;
    }

    private ResponseRow NewResponse(PresentationRow shown)
    {
        var response = new ResponseRow
        {
            Id = writer.NewId(),
            ProjectId = shown.ProjectId,
            TaskId = shown.TaskId,
            PersonId = personId,
        };
        Db.Responses.Add(response);
        return response;
    }

    /// <summary>Records the guidelines that the person had acknowledged, and drops their draft.</summary>
    private async Task SettleAsync(PresentationRow shown, CancellationToken cancel)
    {
        await Db.Drafts.Where(d => d.TaskId == shown.TaskId && d.PersonId == personId).ExecuteDeleteAsync(cancel);
        var read = await GuidelineReading.OfLabelAsync(Db, shown, cancel);
        await Db
            .Presentations.Where(p => p.Id == shown.Id)
            .ExecuteUpdateAsync(set => set.SetProperty(p => p.AcknowledgedVersionId, read), cancel);
    }

    private static void Describe(RevisionRow revision, Submission submission)
    {
        revision.ClientAt = submission.ClientTime?.ToUnixTimeMilliseconds();
        revision.ActiveMs = (long?)submission.Active?.TotalMilliseconds;
        revision.ElapsedMs = (long?)submission.Elapsed?.TotalMilliseconds;
        revision.UiVersion = submission.UiVersion;
    }

    public static Receipt Receipt(RevisionRow revision) =>
        new(
            revision.Id,
            revision.ResponseId,
            revision.TaskId,
            revision.Number,
            revision.Surplus,
            DateTimeOffset.FromUnixTimeMilliseconds(revision.ServerAt),
            revision.BodySha256
        );

    public Task<ResponseRow?> ResponseAsync(Guid task, CancellationToken cancel) =>
        Db.Responses.SingleOrDefaultAsync(r => r.TaskId == task && r.PersonId == personId, cancel);

    /// <summary>Fills the person's own slot, however late, or one of the task that no one holds; false where there is neither.</summary>
    private async Task<bool> FillSlotAsync(Guid task, Guid lease, CancellationToken cancel)
    {
        var own = await Db
            .Slots.Where(s => s.TaskId == task && s.PersonId == personId && s.State == SlotState.Leased)
            .ExecuteUpdateAsync(set => set.SetProperty(s => s.State, SlotState.Done), cancel);
        if (own == 1)
        {
            return true;
        }
        var now = writer.Now;
        var free = await Db
            .Slots.AsNoTracking()
            .Where(s => s.TaskId == task && (s.State == SlotState.Free || (s.State == SlotState.Leased && s.ExpiresAt < now)))
            .OrderBy(s => s.Number)
            .Select(s => new { s.Number, s.LeaseId })
            .FirstOrDefaultAsync(cancel);
        return free is not null
            && await Db
                .Slots.Where(s => s.TaskId == task && s.Number == free.Number && s.State != SlotState.Done && s.LeaseId == free.LeaseId)
                .ExecuteUpdateAsync(
                    set =>
                        set.SetProperty(s => s.State, SlotState.Done)
                            .SetProperty(s => s.PersonId, personId)
                            .SetProperty(s => s.LeaseId, lease),
                    cancel
                ) == 1;
    }

    private async Task HoldIfFlaggedAsync(PresentationRow shown, CancellationToken cancel)
    {
        await Db.SaveChangesAsync(cancel);
        var flags = await Db.Responses.CountAsync(r => r.TaskId == shown.TaskId && r.State == ResponseState.Flagged, cancel);
        var settings = await TaskPresentation.SettingsOfLeaseAsync(Db, shown.Id, cancel);
        if (flags < settings!.FlagsToHold)
        {
            return;
        }
        await Db
            .Tasks.Where(t => t.Id == shown.TaskId && t.State == TaskState.Open)
            .ExecuteUpdateAsync(set => set.SetProperty(t => t.State, TaskState.Held), cancel);
        await Db.Slots.Where(s => s.TaskId == shown.TaskId).ExecuteUpdateAsync(set => set.SetProperty(s => s.Open, false), cancel);
        writer.Audit(null, "task.held", shown.TaskId, new { flags });
    }

    private Task<PresentationRow?> FindShownAsync(Guid lease, CancellationToken cancel) =>
        Db.Presentations.AsNoTracking().SingleOrDefaultAsync(p => p.Id == lease && p.PersonId == personId, cancel);

    private async Task<Receipt> ReceiptAsync(Guid revision, CancellationToken cancel) =>
        Receipt(await Db.Revisions.AsNoTracking().SingleAsync(r => r.Id == revision, cancel));

    private static SubmitResult.Invalid? TryHash(Submission submission, out string hash)
    {
        try
        {
            hash = StoreJson.Sha256($"{submission.LeaseId} {StoreJson.Write(submission.Judgement)}");
            return null;
        }
        catch (Exception problem) when (problem is Core.DataException or InvalidOperationException)
        {
            hash = "";
            return new SubmitResult.Invalid([
                problem is Core.DataException
                    ? problem.Message
                    : "a list of the judgement is missing; send it empty where there is nothing to say.",
            ]);
        }
    }
}
