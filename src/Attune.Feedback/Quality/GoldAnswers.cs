using System.Collections.Immutable;
using Attune.Feedback.Labels;
using Attune.Feedback.Storage;
using Microsoft.EntityFrameworkCore;

namespace Attune.Feedback.Quality;

/// <summary>A person's first answer to a gold task: the one that is scored, whatever became of it later.</summary>
internal sealed record GoldAnswer(Guid PersonId, Judgement Expected, Judgement Given, long At)
{
    public bool IsRight(ProjectSettings settings) => GoldCheck.IsRight(Expected, Given, settings);
}

internal static class GoldAnswers
{
    /// <summary>
    /// The first answers to a project's gold tasks, oldest first. An answer that was undone or changed counts as it was first given, so
    /// that who recognises gold afterwards cannot mend it.
    /// </summary>
    /// <param name="person">Null for everyone's.</param>
    public static async Task<ImmutableArray<GoldAnswer>> LoadAsync(FeedbackContext db, Guid project, Guid? person, CancellationToken cancel)
    {
        var rows = await (
            from task in db.Tasks.AsNoTracking()
            join response in db.Responses on task.Id equals response.TaskId
            join revision in db.Revisions on response.Id equals revision.ResponseId
            where task.ProjectId == project && task.Kind == TaskKind.Gold && task.State != TaskState.Retired
            where person == null || response.PersonId == person
            where revision.Kind == RevisionKind.Submit && !revision.Redacted
            where !db.Revisions.Any(r => r.ResponseId == response.Id && r.Kind == RevisionKind.Submit && r.Number < revision.Number)
            orderby revision.ServerAt, revision.Id
            select new
            {
                revision.PersonId,
                task.ExpectedJson,
                revision.ValueJson,
                revision.ServerAt,
            }
        ).ToListAsync(cancel);
        return
        [
            .. rows.Select(r => new GoldAnswer(
                r.PersonId,
                StoreJson.Read<Judgement>(r.ExpectedJson!),
                StoreJson.Read<Judgement>(r.ValueJson),
                r.ServerAt
            )),
        ];
    }
}
