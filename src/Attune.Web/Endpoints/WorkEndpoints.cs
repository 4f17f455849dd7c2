using System.Security.Cryptography;
using System.Text.Json;
using Attune.Feedback;
using Attune.Feedback.Projects;
using Attune.Feedback.Queue;
using Attune.Feedback.Storage;
using Attune.Web.Annotation;
using Attune.Web.Components;
using Attune.Web.Identity;
using Attune.Web.Rendering;
using Attune.Web.Responses;
using Attune.Web.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Attune.Web.Endpoints;

/// <summary>
/// The pages for annotators. Every form works without scripts. A script that asks for JSON gets {"next": address} instead of a redirect, so
/// that the outbox can send the same form as often as necessary.
/// </summary>
internal static class WorkEndpoints
{
    /// <summary>
    /// The version of the pages, stored with each label, followed by how its texts were seen: rendered, raw, both, or plain where there was
    /// nothing to render. Change it whenever what people see changes.
    /// </summary>
    private const string UiVersion = "web-2";

    public static void Map(IEndpointRouteBuilder routes)
    {
        var work = routes.MapProjectGroup("/work/{project:guid}", MemberRole.Annotator);
        work.MapGet("", NextAsync);
        work.MapGet("/{lease:guid}", TaskAsync);
        work.MapPost("/{lease:guid}/submit", SubmitAsync);
        work.MapPost("/{lease:guid}/draft", DraftAsync);
        work.MapPost("/{lease:guid}/heartbeat", HeartbeatAsync);
        work.MapPost(
            "/{lease:guid}/skip",
            (HttpContext context, FeedbackStore store, Guid lease) => DeclineAsync(context, store, lease, flag: false)
        );
        work.MapPost(
            "/{lease:guid}/flag",
            (HttpContext context, FeedbackStore store, Guid lease) => DeclineAsync(context, store, lease, flag: true)
        );
        work.MapPost("/undo", UndoAsync);
        work.MapPost("/guidelines", AcknowledgeAsync);
    }

    private static async Task<IResult> NextAsync(HttpContext context, FeedbackStore store)
    {
        var project = context.Project();
        var done = context.Request.Query["done"].ToString();
        var query = StatusMessages.Find(done) is not null || done == "submitted" ? "?done=" + done : "";
        if (done == "already" && Earlier(context) is { } earlier)
        {
            query += "&lease=" + earlier;
        }
        return await store.Queue.ClaimAsync(project.Id, context.User.PersonId(), context.RequestAborted) switch
        {
            ClaimResult.Claimed claimed => Results.LocalRedirect($"/work/{project.Id}/{claimed.Task.LeaseId}{query}"),
            ClaimResult.NothingLeft nothing => Pages.Show<NoTaskPage>(
                new
                {
                    Page = Pages.Context(context),
                    Project = project,
                    Reason = (string?)null,
                    Own = nothing.Progress,
                    Earlier = Earlier(context),
                    Id = Guid.CreateVersion7(),
                }
            ),
            ClaimResult.Paused paused => Pages.Show<NoTaskPage>(
                new
                {
                    Page = Pages.Context(context),
                    Project = project,
                    Reason = paused.Reason,
                    Own = (OwnProgress?)null,
                    Earlier = (Guid?)null,
                    Id = Guid.CreateVersion7(),
                }
            ),
            _ => Pages.NotFound(context),
        };
    }

    /// <summary>The lease of a task that was submitted before, which the page offers to undo.</summary>
    private static Guid? Earlier(HttpContext context) =>
        context.Request.Query["done"] == "already" && Guid.TryParse(context.Request.Query["lease"], out var lease) ? lease : null;

    private static async Task<IResult> TaskAsync(HttpContext context, FeedbackStore store, Guid lease)
    {
        var project = context.Project();
        var task = await store.Queue.FindAsync(lease, context.User.PersonId(), context.RequestAborted);
        // The task is done or belongs to someone else: show the next one.
        if (task is null || task.ProjectId != project.Id)
        {
            return Results.LocalRedirect($"/work/{project.Id}");
        }
        var guidelines = await store.Projects.GuidelinesAsync(project.Id, task.GuidelineVersion, context.RequestAborted);
        var read = await store.Guidelines.NewestAsync(project.Id, context.User.PersonId(), context.RequestAborted);
        return Pages.Show<TaskPage>(
            new
            {
                Page = Pages.Context(context),
                View = View(context, project, task, guidelines, read),
                Images = FileEndpoints.Allow(context, project),
            }
        );
    }

    private static TaskView View(
        HttpContext context,
        ProjectInfo project,
        AssignedTask task,
        GuidelineVersion? guidelines,
        GuidelineVersion? read
    )
    {
        var view = new TaskView
        {
            Kind = task.Kind,
            Project = project.Id,
            ProjectName = project.Name,
            Task = Alias(task.TaskId, context.User.PersonId()),
            Lease = task.LeaseId,
            Submission = Guid.CreateVersion7(),
            Settings = project.Settings with { Instruction = task.Instruction },
            Prompt = task.Prompt,
            Passages = task.Passages.IsDefault ? [] : task.Passages,
            Answers = [.. task.Candidates.Select(c => new ShownAnswer(c.Text, c.Steps.IsDefault ? [] : c.Steps))],
            Number = task.Progress.Done + 1,
            Total = task.Progress.Done + Math.Max(1, task.Progress.Left),
            Guidelines = guidelines?.Markdown ?? "",
            GuidelineVersion = task.GuidelineVersion,
            Acknowledged = read,
            JustSubmitted = context.Request.Query["done"] == "submitted",
            Earlier = Earlier(context),
            Turns = [.. (task.Turns.IsDefault ? [] : task.Turns).Select(t => new ChatTurnView(t.Number, t.User, t.Replies, t.Chosen))],
            ModelIsThere = ChatEndpoints.Policy(context) is not null,
        };
        return view with { Draft = DraftFields.Of(task.Draft, view.MissingTypes) };
    }

    /// <summary>
    /// A name for the task on this person's device. The id itself tells when a task was made, and so which ones are repeats or were added
    /// apart from the others.
    /// </summary>
    private static Guid Alias(Guid task, Guid person) => new(SHA256.HashData([.. task.ToByteArray(), .. person.ToByteArray()])[..16]);

    private static async Task<IResult> SubmitAsync(HttpContext context, FeedbackStore store, Guid lease)
    {
        var project = context.Project();
        var form = await Form.DictionaryAsync(context);
        var fields = new FormFields(form);
        if (fields.Id("submission") is not { } id)
        {
            return Problems.Result(context, StatusCodes.Status400BadRequest, "The form has no id. Reload the page.");
        }
        var submission = new Submission(id, lease, JudgementForm.Read(project.Kind, form))
        {
            Active = fields.Milliseconds("active_ms"),
            Elapsed = fields.Milliseconds("elapsed_ms"),
            UiVersion = TextView.SeenAs(fields.Text("view")) is { } seen ? $"{UiVersion}, {seen}" : UiVersion,
            ClientTime =
                fields.Milliseconds("client_at") is { } at && at.TotalDays is > 10_000 and < 100_000 ? DateTimeOffset.UnixEpoch + at : null,
        };
        var result = await store.Queue.SubmitAsync(context.User.PersonId(), submission, context.RequestAborted);
        return Answer(context, project, lease, result, "submitted");
    }

    private static async Task<IResult> DeclineAsync(HttpContext context, FeedbackStore store, Guid lease, bool flag)
    {
        var fields = await Form.ReadAsync(context);
        if (fields.Text("reason") is not { } reason)
        {
            return await store.Queue.TaskOfAsync(lease, context.User.PersonId(), context.RequestAborted) is null
                ? Answer(context, context.Project(), lease, new SubmitResult.NotFound(), "")
                : Problems.Result(context, StatusCodes.Status400BadRequest, "Choose a reason first.");
        }
        var id = fields.Id("id") ?? Guid.CreateVersion7();
        if (fields.Text("words") is { } words)
        {
            reason += ": " + (words.Length <= 2000 ? words : words[..2000]);
        }
        var result = flag
            ? await store.Queue.FlagAsync(context.User.PersonId(), id, lease, reason, context.RequestAborted)
            : await store.Queue.SkipAsync(context.User.PersonId(), id, lease, reason, context.RequestAborted);
        return Answer(context, context.Project(), lease, result, flag ? "flagged" : "skipped");
    }

    private static async Task<IResult> UndoAsync(HttpContext context, FeedbackStore store)
    {
        var project = context.Project();
        var fields = await Form.ReadAsync(context);
        var (me, cancel) = (context.User.PersonId(), context.RequestAborted);
        // The task that the page speaks of; without one, the last answer.
        var meant = fields.Id("lease") is { } lease ? await store.Queue.TaskOfAsync(lease, me, cancel) : null;
        var undone = await store.Queue.UndoAsync(project.Id, me, fields.Id("id") ?? Guid.CreateVersion7(), meant, cancel);
        return undone switch
        {
            { Task: { } task } => Next(context, $"/work/{project.Id}/{task.LeaseId}?done=undone"),
            { Result: SubmitResult.Accepted } => Next(context, $"/work/{project.Id}?done=undone"),
            _ => Next(context, $"/work/{project.Id}?done=nothing"),
        };
    }

    private static async Task<IResult> AcknowledgeAsync(HttpContext context, FeedbackStore store)
    {
        var (fields, project) = (await Form.ReadAsync(context), context.Project());
        if (
            fields.Number("version") is not { } version
            || !await store.Guidelines.AcknowledgeAsync(project.Id, context.User.PersonId(), version, context.RequestAborted)
        )
        {
            return Problems.Result(context, StatusCodes.Status404NotFound, "The project has no such version of the guidelines.");
        }
        return Next(context, $"/work/{project.Id}{(fields.Id("lease") is { } lease ? "/" + lease : "")}");
    }

    private static async Task<IResult> DraftAsync(HttpContext context, FeedbackStore store, Guid lease)
    {
        var fields = await Form.ReadAsync(context);
        try
        {
            using var draft = JsonDocument.Parse(fields.Text("draft") ?? "");
            return
                draft.RootElement.ValueKind == JsonValueKind.Object
                && await store.Queue.SaveDraftAsync(lease, context.User.PersonId(), draft.RootElement, context.RequestAborted)
                ? Results.NoContent()
                : Problems.Result(context, StatusCodes.Status404NotFound, "You do not hold this task.");
        }
        catch (JsonException)
        {
            return Problems.Result(context, StatusCodes.Status400BadRequest, "The draft is not JSON.");
        }
    }

    private static async Task<IResult> HeartbeatAsync(HttpContext context, FeedbackStore store, Guid lease) =>
        Results.Json(
            new { held = await store.Queue.HeartbeatAsync(lease, context.User.PersonId(), context.RequestAborted) is HeartbeatResult.Alive }
        );

    private static IResult Answer(HttpContext context, ProjectInfo project, Guid lease, SubmitResult result, string done) =>
        result switch
        {
            SubmitResult.Accepted { Receipt: { Surplus: true } } => Next(context, $"/work/{project.Id}?done=surplus"),
            SubmitResult.Accepted => Next(context, $"/work/{project.Id}?done={done}"),
            SubmitResult.AlreadySubmitted => Already(context, $"/work/{project.Id}?done=already&lease={lease}"),
            SubmitResult.Conflict conflict => Problems.Result(context, StatusCodes.Status409Conflict, conflict.Reason),
            SubmitResult.Invalid invalid => Problems.Result(context, StatusCodes.Status400BadRequest, string.Join('\n', invalid.Problems)),
            _ => Problems.Result(context, StatusCodes.Status404NotFound, "You do not hold this task."),
        };

    /// <summary>The first answer stands. The page goes on to the next task, where the first can be undone.</summary>
    private static IResult Already(HttpContext context, string next) =>
        Problems.WantsJson(context)
            ? TypedResults.Problem(
                "You have already submitted this task.",
                statusCode: StatusCodes.Status409Conflict,
                extensions: [new("next", next)]
            )
            : Results.LocalRedirect(next);

    internal static IResult Next(HttpContext context, string address) =>
        Problems.WantsJson(context) ? Results.Json(new { next = address }) : Results.LocalRedirect(address);
}
