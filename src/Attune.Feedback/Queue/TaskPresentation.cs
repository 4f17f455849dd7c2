using System.Collections.Immutable;
using System.Text.Json;
using Attune.Feedback.Labels;
using Attune.Feedback.Projects;
using Attune.Feedback.Storage;
using Microsoft.EntityFrameworkCore;

namespace Attune.Feedback.Queue;

/// <summary>What an annotator may see of a task.</summary>
internal static class TaskPresentation
{
    public static async Task<AssignedTask> ShowAsync(FeedbackContext db, Guid lease, long expiresAt, CancellationToken cancel)
    {
        var shown = await db.Presentations.AsNoTracking().SingleAsync(p => p.Id == lease, cancel);
        var project = await db.Projects.AsNoTracking().SingleAsync(p => p.Id == shown.ProjectId, cancel);
        var item = await db.Tasks.Where(t => t.Id == shown.TaskId).Select(t => t.ItemId).SingleAsync(cancel);
        var content = await Contents.LoadAsync(db, item, cancel);
        var guideline = await db.Guidelines.Where(g => g.Id == project.GuidelineVersionId).Select(g => g.Number).SingleAsync(cancel);
        var draft = await db
            .Drafts.AsNoTracking()
            .SingleOrDefaultAsync(d => d.TaskId == shown.TaskId && d.PersonId == shown.PersonId, cancel);
        var turns = project.Kind == ProjectKind.Chat ? await TurnsAsync(db, shown.TaskId, shown.PersonId, cancel) : [];
        return new AssignedTask(
            lease,
            shown.TaskId,
            project.Id,
            project.Kind,
            project.ReadSettings().Instruction,
            content.Prompt,
            [.. Order(shown).Places.Select(i => new ShownCandidate(content.Candidates[i].Text, content.Candidates[i].Steps))],
            content.Passages,
            [.. turns.Select(Show)],
            guideline,
            DateTimeOffset.FromUnixTimeMilliseconds(expiresAt),
            await ProgressAsync(db, project.Id, shown.PersonId, project.ReadSettings(), cancel)
        )
        {
            Draft = draft is null ? null : JsonSerializer.Deserialize<JsonElement>(draft.ValueJson),
        };
    }

    public static ShownOrder Order(PresentationRow shown) => new(StoreJson.Read<ImmutableArray<int>>(shown.OrderJson));

    public static async Task<ProjectSettings?> SettingsOfLeaseAsync(FeedbackContext db, Guid lease, CancellationToken cancel)
    {
        var json = await (
            from shown in db.Presentations
            join project in db.Projects on shown.ProjectId equals project.Id
            where shown.Id == lease
            select project.SettingsJson
        ).SingleOrDefaultAsync(cancel);
        return json is null ? null : StoreJson.Read<ProjectSettings>(json);
    }

    public static Task<List<ChatTurnRow>> TurnsAsync(FeedbackContext db, Guid task, Guid person, CancellationToken cancel) =>
        db.ChatTurns.AsNoTracking().Where(c => c.TaskId == task && c.PersonId == person).OrderBy(c => c.Number).ToListAsync(cancel);

    public static ShownTurn Show(ChatTurnRow turn)
    {
        var (order, replies) = (Order(turn), StoreJson.Read<ImmutableArray<ChatReply>>(turn.RepliesJson));
        return new ShownTurn(
            turn.Number,
            StoreJson.Read<string>(turn.UserJson),
            [.. order.Select(i => replies[i].Text)],
            turn.Chosen is { } chosen ? order.IndexOf(chosen) : null
        );
    }

    public static ImmutableArray<int> Order(ChatTurnRow turn) => StoreJson.Read<ImmutableArray<int>>(turn.OrderJson);

    /// <summary>Gold and repeats count like any other task, done and ahead, so that the count does not give them away.</summary>
    public static async Task<OwnProgress> ProgressAsync(
        FeedbackContext db,
        Guid project,
        Guid person,
        ProjectSettings settings,
        CancellationToken cancel
    )
    {
        var done = await db.Responses.CountAsync(
            r => r.ProjectId == project && r.PersonId == person && r.State == ResponseState.Submitted,
            cancel
        );
        var held = await db.Slots.CountAsync(s => s.PersonId == person && s.State == SlotState.Leased && s.ProjectId == project, cancel);
        // Counted up to a limit: a queue may hold a million.
        var free = await db
            .Slots.Where(s => s.ProjectId == project && s.Open && s.State == SlotState.Free)
            .Where(s =>
                !db.Responses.Any(r => r.TaskId == s.TaskId && r.PersonId == person)
                && !db.Slots.Any(o => o.TaskId == s.TaskId && o.PersonId == person)
            )
            .Select(s => s.TaskId)
            .Distinct()
            .Take(1000)
            .CountAsync(cancel);
        var mix = await TaskMix.LoadAsync(db, project, person, settings, cancel);
        return new OwnProgress(done, held + mix.Ahead(free));
    }
}
