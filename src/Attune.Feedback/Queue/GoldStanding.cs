using Attune.Feedback.Labels;
using Attune.Feedback.Storage;
using Microsoft.EntityFrameworkCore;

namespace Attune.Feedback.Queue;

/// <summary>Pauses people who get too much gold wrong.</summary>
internal static class GoldStanding
{
    public static async Task PauseIfPoorAsync(
        StoreWriter writer,
        ProjectRow project,
        ProjectSettings settings,
        Guid person,
        CancellationToken cancel
    )
    {
        if (settings.LeastGoldAccuracy is not { } least)
        {
            return;
        }
        var answers = await GivenAsync(writer.Db, project.Id, person, cancel);
        var right = answers.Count(a => GoldCheck.IsRight(a.Expected, a.Given, settings));
        if (answers.Count < settings.GoldBeforePause || right >= least * answers.Count)
        {
            return;
        }
        var paused = await writer
            .Db.Memberships.Where(m => m.ProjectId == project.Id && m.PersonId == person && m.PausedBecause == null)
            .ExecuteUpdateAsync(
                set => set.SetProperty(m => m.PausedBecause, "Your work is paused until the manager has talked with you."),
                cancel
            );
        if (paused > 0)
        {
            writer.Audit(
                null,
                "person.paused",
                person,
                new
                {
                    project = project.Id,
                    gold = answers.Count,
                    right,
                }
            );
        }
    }

    public static async Task<IReadOnlyList<(Judgement Expected, Judgement Given)>> GivenAsync(
        FeedbackContext db,
        Guid project,
        Guid person,
        CancellationToken cancel
    )
    {
        var rows = await (
            from response in db.Responses
            join task in db.Tasks on response.TaskId equals task.Id
            join revision in db.Revisions on response.CurrentRevisionId equals revision.Id
            where
                response.ProjectId == project
                && response.PersonId == person
                && response.State == ResponseState.Submitted
                && task.ExpectedJson != null
                && !revision.Redacted
            select new { task.ExpectedJson, revision.ValueJson }
        )
            .AsNoTracking()
            .ToListAsync(cancel);
        return [.. rows.Select(r => (StoreJson.Read<Judgement>(r.ExpectedJson!), StoreJson.Read<Judgement>(r.ValueJson)))];
    }
}
