using System.Collections.Immutable;
using Attune.Feedback.Labels;
using Attune.Feedback.Storage;
using Microsoft.EntityFrameworkCore;

namespace Attune.Feedback.Quality;

/// <summary>A current label, with how it came about.</summary>
/// <param name="Judgement">In the item's positions.</param>
/// <param name="Order">The item's positions in the order shown; null for imported labels.</param>
internal sealed record StandingLabel(
    Guid RevisionId,
    Guid TaskId,
    long Position,
    TaskKind TaskKind,
    Guid? RepeatOf,
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
    string? ExtrasJson,
    string? UiVersion
);

internal static class LabelSet
{
    /// <summary>All labels of a project that were not retracted or erased, in the order of tasks, then of people.</summary>
    public static async Task<ImmutableArray<StandingLabel>> LoadAsync(FeedbackContext db, Guid project, CancellationToken cancel)
    {
        var rows = await Standing(db, project).ToListAsync(cancel);
        return [.. rows.Select(Read)];
    }

    private sealed record Row(RevisionRow Revision, TaskRow Task, string Pseudonym, string? OrderJson, Guid? Guideline);

    private static IQueryable<Row> Standing(FeedbackContext db, Guid project) =>
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
        select new Row(revision, task, person.Pseudonym, (string?)presentation.OrderJson, presentation.AcknowledgedVersionId);

    private static StandingLabel Read(Row row) =>
        new(
            row.Revision.Id,
            row.Task.Id,
            row.Task.Position,
            row.Task.Kind,
            row.Task.RepeatOf,
            row.Task.ItemId,
            row.Revision.PersonId,
            row.Pseudonym,
            StoreJson.Read<Judgement>(row.Revision.ValueJson),
            row.OrderJson is null ? null : StoreJson.Read<ImmutableArray<int>>(row.OrderJson),
            row.Guideline,
            row.Revision.Surplus,
            row.Revision.ServerAt,
            row.Revision.ClientAt,
            row.Revision.ActiveMs,
            row.Revision.ExtrasJson,
            row.Revision.UiVersion
        );
}
