using Attune.Feedback.Labels;
using Attune.Feedback.Quality;
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
        await writer.Db.SaveChangesAsync(cancel);
        var answers = await GoldAnswers.LoadAsync(writer.Db, project.Id, person, cancel);
        var right = answers.Count(a => a.IsRight(settings));
        if (answers.Length < settings.GoldBeforePause || right >= least * answers.Length)
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
                    gold = answers.Length,
                    right,
                }
            );
        }
    }
}
