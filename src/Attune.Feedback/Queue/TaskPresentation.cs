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
        var guideline = await db.Guidelines.Where(g => g.Id == shown.GuidelineVersionId).Select(g => g.Number).SingleAsync(cancel);
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
            await ProgressAsync(db, project.Id, shown.PersonId, cancel)
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

    public static async Task<OwnProgress> ProgressAsync(FeedbackContext db, Guid project, Guid person, CancellationToken cancel)
    {
        var done = await db.Responses.CountAsync(
            r => r.ProjectId == project && r.PersonId == person && r.State == ResponseState.Submitted,
            cancel
        );
        // Counted up to a limit: a queue may hold a million.
        var left = await db
            .Slots.Where(s =>
                s.ProjectId == project && s.Open && s.State != SlotState.Done && (s.State == SlotState.Free || s.PersonId == person)
            )
            .Where(s =>
                (s.State == SlotState.Leased && s.PersonId == person)
                || !db.Responses.Any(r => r.TaskId == s.TaskId && r.PersonId == person)
            )
            .Select(s => s.TaskId)
            .Distinct()
            .Take(1000)
            .CountAsync(cancel);
        return new OwnProgress(done, left);
    }
}
