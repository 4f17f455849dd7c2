using Attune.Core.Runs;
using Attune.Feedback.Labels;
using Attune.Feedback.Projects;
using Attune.Feedback.Storage;
using Microsoft.EntityFrameworkCore;

namespace Attune.Feedback.Queue;

/// <summary>One claim, inside its transaction.</summary>
internal sealed class TaskClaim(StoreWriter writer, Guid projectId, Guid personId)
{
    private FeedbackContext Db => writer.Db;

    public async Task<ClaimResult> RunAsync(CancellationToken cancel)
    {
        var project = await Db.Projects.AsNoTracking().SingleOrDefaultAsync(p => p.Id == projectId, cancel);
        if (project is null || await RefusalAsync(project, cancel) is not { } refusal)
        {
            return new ClaimResult.NotAllowed();
        }
        if (refusal.Length > 0)
        {
            return new ClaimResult.Paused(refusal);
        }
        var settings = project.ReadSettings();
        var expires = writer.Now + (settings.LeaseSeconds * 1000L);
        var slot = await ResumeAsync(settings, expires, cancel);
        if (slot is null)
        {
            slot = await NextAsync(project, settings, expires, cancel);
            if (slot is null)
            {
                return new ClaimResult.NothingLeft(await TaskPresentation.ProgressAsync(Db, projectId, personId, cancel));
            }
            await PresentAsync(project, settings, slot, cancel);
        }

        await Db.SaveChangesAsync(cancel);
        return new ClaimResult.Claimed(await TaskPresentation.ShowAsync(Db, slot.LeaseId!.Value, expires, cancel));
    }

    /// <summary>Null where the project is not theirs, empty where they may claim, else why they may not claim now.</summary>
    private async Task<string?> RefusalAsync(ProjectRow project, CancellationToken cancel)
    {
        var person = await Db.People.AsNoTracking().SingleOrDefaultAsync(p => p.Id == personId, cancel);
        if (person is null || person.State == PersonState.Erased)
        {
            return null;
        }
        var membership = await Db
            .Memberships.AsNoTracking()
            .SingleOrDefaultAsync(m => m.PersonId == personId && m.ProjectId == projectId, cancel);
        var role = person.Role == MemberRole.Owner ? MemberRole.Owner : membership?.Role;
        if (role is null or < MemberRole.Annotator)
        {
            return null;
        }
        if (person.State == PersonState.Paused)
        {
            return "Your account is paused; please ask the manager.";
        }
        return project.State != ProjectState.Open ? "The project is not open for labels at the moment." : membership?.PausedBecause ?? "";
    }

    /// <summary>A slot that the person holds, once they hold as many as allowed.</summary>
    private async Task<SlotRow?> ResumeAsync(ProjectSettings settings, long expires, CancellationToken cancel)
    {
        var held = await Db
            .Slots.Where(s => s.PersonId == personId && s.State == SlotState.Leased && s.ProjectId == projectId)
            .OrderBy(s => s.ExpiresAt)
            .ToListAsync(cancel);
        if (held.Count < settings.MostPending)
        {
            return null;
        }
        held[0].ExpiresAt = expires;
        return held[0];
    }

    private async Task<SlotRow?> NextAsync(ProjectRow project, ProjectSettings settings, long expires, CancellationToken cancel)
    {
        var lease = writer.NewId();
        var due = 1 + await Db.Presentations.CountAsync(p => p.ProjectId == projectId && p.PersonId == personId, cancel);
        return await GoldAsync(GoldKind.Screening, lease, expires, cancel)
            ?? (settings.GoldEvery > 0 && due % settings.GoldEvery == 0 ? await GoldAsync(null, lease, expires, cancel) : null)
            ?? (settings.RepeatEvery > 0 && due % settings.RepeatEvery == 0 ? await RepeatAsync(project, lease, expires, cancel) : null)
            ?? await Db.ClaimAsync(new SlotClaim(projectId, personId, lease, writer.Now, expires), cancel);
    }

    /// <summary>A gold task that this person has not seen, with a slot made for them: everyone answers gold, so it has no quota.</summary>
    private async Task<SlotRow?> GoldAsync(GoldKind? kind, Guid lease, long expires, CancellationToken cancel)
    {
        var task = await Db
            .Tasks.AsNoTracking()
            .Where(t => t.ProjectId == projectId && t.Kind == TaskKind.Gold && t.State == TaskState.Open)
            .Where(t => kind == null ? t.GoldKind != GoldKind.Screening : t.GoldKind == kind)
            .Where(t =>
                !Db.Slots.Any(s => s.TaskId == t.Id && s.PersonId == personId)
                && !Db.Responses.Any(r => r.TaskId == t.Id && r.PersonId == personId)
            )
            .OrderByDescending(t => t.Priority)
            .ThenBy(t => t.Position)
            .FirstOrDefaultAsync(cancel);
        if (task is null)
        {
            return null;
        }
        var number = await Db.Slots.Where(s => s.TaskId == task.Id).Select(s => (int?)s.Number).MaxAsync(cancel) ?? -1;
        return AddSlot(task, number + 1, lease, expires);
    }

    /// <summary>The task that this person labelled longest ago and was not asked again, as a new task.</summary>
    private async Task<SlotRow?> RepeatAsync(ProjectRow project, Guid lease, long expires, CancellationToken cancel)
    {
        var first = await (
            from response in Db.Responses
            join task in Db.Tasks on response.TaskId equals task.Id
            where
                response.ProjectId == projectId
                && response.PersonId == personId
                && response.State == ResponseState.Submitted
                && task.Kind == TaskKind.Normal
            where !Db.Tasks.Any(t => t.RepeatOf == task.Id && Db.Slots.Any(s => s.TaskId == t.Id && s.PersonId == personId))
            orderby response.UpdatedAt
            select task
        )
            .AsNoTracking()
            .FirstOrDefaultAsync(cancel);
        if (first is null)
        {
            return null;
        }
        var again = new TaskRow
        {
            Id = writer.NewId(),
            ProjectId = projectId,
            ItemId = first.ItemId,
            Kind = TaskKind.Repeat,
            Priority = first.Priority,
            Position = await Positions.TakeAsync(Db, project.Id, 1, cancel),
            Quota = 1,
            RepeatOf = first.Id,
        };
        Db.Tasks.Add(again);
        return AddSlot(again, 0, lease, expires);
    }

    private SlotRow AddSlot(TaskRow task, int number, Guid lease, long expires)
    {
        var slot = new SlotRow
        {
            TaskId = task.Id,
            Number = number,
            ProjectId = projectId,
            State = SlotState.Leased,
            PersonId = personId,
            LeaseId = lease,
            ExpiresAt = expires,
            Priority = task.Priority,
            Position = task.Position,
            // Made for this person, so never handed to another.
            Open = false,
        };
        Db.Slots.Add(slot);
        return slot;
    }

    private async Task PresentAsync(ProjectRow project, ProjectSettings settings, SlotRow slot, CancellationToken cancel)
    {
        await Db.SaveChangesAsync(cancel);
        var item = await Db.Tasks.Where(t => t.Id == slot.TaskId).Select(t => t.ItemId).SingleAsync(cancel);
        var answers = await Db.Candidates.CountAsync(c => c.ItemId == item, cancel);
        var lease = slot.LeaseId!.Value;
        var seed = BitConverter.ToInt64(lease.ToByteArray(), 8) ^ BitConverter.ToInt64(lease.ToByteArray(), 0);
        var shuffled = settings.Shuffle && project.Kind is (ProjectKind.Comparison or ProjectKind.Ranking or ProjectKind.BestOf);
        Db.Presentations.Add(
            new PresentationRow
            {
                Id = lease,
                TaskId = slot.TaskId,
                ProjectId = projectId,
                PersonId = personId,
                Seed = seed,
                OrderJson = StoreJson.Write(ShownOrder.Of(new Seed(unchecked((ulong)seed)), answers, shuffled).Places),
                GuidelineVersionId = project.GuidelineVersionId,
                ShownAt = writer.Now,
            }
        );
    }
}
