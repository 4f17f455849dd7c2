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
                return new ClaimResult.NothingLeft(await TaskPresentation.ProgressAsync(Db, projectId, personId, settings, cancel));
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
        var mix = await TaskMix.LoadAsync(Db, projectId, personId, settings, cancel);
        return (mix.Screening > 0 ? await GoldAsync(mix, screening: true, lease, expires, cancel) : null)
            ?? (mix is { Gold: > 0, GoldIsDue: true } ? await GoldAsync(mix, screening: false, lease, expires, cancel) : null)
            ?? (mix.RepeatDue is { } first ? await RepeatAsync(project, first, lease, expires, cancel) : null)
            ?? await Db.ClaimAsync(new SlotClaim(projectId, personId, lease, writer.Now, expires), cancel);
    }

    /// <summary>
    /// A gold task that this person has not seen, with a slot made for them: everyone answers gold, so it has no quota. Which one of
    /// several is drawn for each person, so that people who talk with each other do not recognise it; screening comes in order.
    /// </summary>
    private async Task<SlotRow?> GoldAsync(TaskMix mix, bool screening, Guid lease, long expires, CancellationToken cancel)
    {
        var unseen = await TaskMix
            .Unseen(Db, projectId, personId)
            .Where(t => screening ? t.GoldKind == GoldKind.Screening : t.GoldKind != GoldKind.Screening)
            .OrderByDescending(t => t.Priority)
            .ThenBy(t => t.Position)
            .Select(t => new { t.Id, t.Priority })
            .ToListAsync(cancel);
        var equal = unseen.TakeWhile(t => t.Priority == unseen[0].Priority).ToArray();
        if (equal.Length == 0)
        {
            return null;
        }
        var chosen = equal[screening ? 0 : mix.Seed.For("which gold", mix.Shown).Rng().NextInt(equal.Length)].Id;
        var task = await Db.Tasks.AsNoTracking().SingleAsync(t => t.Id == chosen, cancel);
        var number = await Db.Slots.Where(s => s.TaskId == task.Id).Select(s => (int?)s.Number).MaxAsync(cancel) ?? -1;
        return AddSlot(task, number + 1, lease, expires);
    }

    /// <summary>A task that this person labelled before, as a new task.</summary>
    private async Task<SlotRow?> RepeatAsync(ProjectRow project, Guid earlier, Guid lease, long expires, CancellationToken cancel)
    {
        var first = await Db.Tasks.AsNoTracking().SingleAsync(t => t.Id == earlier, cancel);
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
