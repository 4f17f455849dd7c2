using System.Text.Json;
using Attune.Feedback.Labels;
using Attune.Feedback.Storage;
using Microsoft.EntityFrameworkCore;

namespace Attune.Feedback.Projects;

/// <summary>Tasks as managers see them.</summary>
internal static class ManagerView
{
    public static async Task<IReadOnlyList<ManagerTask>> TasksAsync(FeedbackContext db, IQueryable<TaskRow> which, CancellationToken cancel)
    {
        var tasks = await which.AsNoTracking().ToListAsync(cancel);
        var (ids, items) = (tasks.Select(t => t.Id).ToArray(), tasks.Select(t => t.ItemId).ToArray());
        var contents = (await db.Items.AsNoTracking().Where(i => items.Contains(i.Id)).ToListAsync(cancel)).ToDictionary(i => i.Id);
        var candidates = (await db.Candidates.AsNoTracking().Where(c => items.Contains(c.ItemId)).ToListAsync(cancel)).ToLookup(c =>
            c.ItemId
        );
        var labels = (
            await (
                from response in db.Responses.AsNoTracking()
                join revision in db.Revisions on response.CurrentRevisionId equals revision.Id
                join person in db.People on response.PersonId equals person.Id
                where ids.Contains(response.TaskId)
                select new
                {
                    response,
                    revision,
                    person.Pseudonym,
                }
            ).ToListAsync(cancel)
        ).ToLookup(l => l.response.TaskId);
        var decisions = (await db.Adjudications.AsNoTracking().Where(a => ids.Contains(a.TaskId)).ToListAsync(cancel)).ToLookup(a =>
            a.TaskId
        );
        return
        [
            .. tasks
                .OrderBy(t => t.Position)
                .Select(t =>
                    Show(
                        t,
                        Contents.Of(contents[t.ItemId], candidates[t.ItemId]),
                        [.. labels[t.Id].OrderBy(l => l.response.Id).Select(l => Label(l.response, l.revision, l.Pseudonym))],
                        decisions[t.Id].OrderBy(d => d.At).ThenBy(d => d.Id).LastOrDefault()
                    )
                ),
        ];
    }

    private static ManagerTask Show(TaskRow task, ItemContent content, IReadOnlyList<ManagerLabel> labels, AdjudicationRow? decision) =>
        new(
            task.Id,
            task.Position,
            Word(task.Kind),
            Word(task.State),
            task.Quota,
            content,
            task.ExpectedJson is null ? null : StoreJson.Read<Judgement>(task.ExpectedJson),
            labels,
            decision is null ? null : StoreJson.Read<Judgement>(decision.ValueJson),
            decision?.Reason
        );

    private static ManagerLabel Label(ResponseRow response, RevisionRow revision, string pseudonym) =>
        new(
            response.Id,
            response.PersonId,
            pseudonym,
            Word(response.State),
            response.Surplus,
            response.State == ResponseState.Submitted && !revision.Redacted ? StoreJson.Read<Judgement>(revision.ValueJson) : null,
            response.State is ResponseState.Skipped or ResponseState.Flagged && !revision.Redacted
                ? JsonDocument.Parse(revision.ValueJson).RootElement.GetProperty("reason").GetString()
                : null,
            response.Revision,
            DateTimeOffset.FromUnixTimeMilliseconds(response.UpdatedAt),
            revision.ActiveMs is { } active ? TimeSpan.FromMilliseconds(active) : null
        );

    private static string Word<T>(T value)
        where T : struct, Enum => StoreJson.Options.PropertyNamingPolicy!.ConvertName(value.ToString());
}
