using Attune.Feedback.Labels;
using System.Collections.Immutable;
using Attune.Feedback.Storage;
using Microsoft.EntityFrameworkCore;

namespace Attune.Feedback.Quality;

/// <summary>A label that stands, with what is known about how it came about.</summary>
/// <param name="Judgement">In the item's positions.</param>
/// <param name="Order">The item's positions in the order shown; null for imported labels.</param>
internal sealed record StandingLabel(
    Guid RevisionId,
    Guid TaskId,
    long Position,
    TaskKind TaskKind,
    Guid? RepeatOf,
    string? ExpectedJson,
    Guid ItemId,
    Guid PersonId,
    string Pseudonym,
    Judgement Judgement,
    ImmutableArray<int>? Order,
    Guid? GuidelineVersionId,
    bool Surplus,
    long At,
    long? ClientAt,
    long? ActiveMs,
    string? ExtrasJson
);

internal static class LabelSet
{
    /// <summary>All labels of a project that were not taken back or erased, in the order of tasks, then of people.</summary>
    public static async Task<ImmutableArray<StandingLabel>> LoadAsync(FeedbackContext db, Guid project, CancellationToken cancel)
    {
        var rows = await (
            from response in db.Responses.AsNoTracking()
            join revision in db.Revisions on response.CurrentRevisionId equals revision.Id
            join task in db.Tasks on response.TaskId equals task.Id
            join person in db.People on response.PersonId equals person.Id
            join presentation in db.Presentations on revision.PresentationId equals presentation.Id into shown
            from presentation in shown.DefaultIfEmpty()
            where
                response.ProjectId == project
                && response.State == ResponseState.Submitted
                && !revision.Redacted
                && task.State != TaskState.Retired
            orderby task.Position, person.Pseudonym
            select new
            {
                revision,
                task,
                person.Pseudonym,
                OrderJson = (string?)presentation.OrderJson,
                Guideline = (Guid?)presentation.GuidelineVersionId,
            }
        ).ToListAsync(cancel);
        return
        [
            .. rows.Select(r => new StandingLabel(
                r.revision.Id,
                r.task.Id,
                r.task.Position,
                r.task.Kind,
                r.task.RepeatOf,
                r.task.ExpectedJson,
                r.task.ItemId,
                r.revision.PersonId,
                r.Pseudonym,
                StoreJson.Read<Judgement>(r.revision.ValueJson),
                r.OrderJson is null ? null : StoreJson.Read<ImmutableArray<int>>(r.OrderJson),
                r.Guideline,
                r.revision.Surplus,
                r.revision.ServerAt,
                r.revision.ClientAt,
                r.revision.ActiveMs,
                r.revision.ExtrasJson
            )),
        ];
    }
}
