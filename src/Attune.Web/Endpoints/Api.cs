using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization;
using Attune.Core.Runs;
using Attune.Feedback;
using Attune.Feedback.Labels;
using Attune.Feedback.People;
using Attune.Feedback.Projects;
using Attune.Feedback.Queue;
using Attune.Feedback.Storage;
using Attune.Web.Identity;
using Attune.Web.Projects;
using Attune.Web.Runs;
using Attune.Web.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Attune.Web.Endpoints;

/// <summary>
/// The JSON API, described at /openapi/v1.json. Programs use a key with scopes; the sessions of the pages may use it too.
/// </summary>
internal static class Api
{
    public static void Configure(JsonSerializerOptions json)
    {
        json.PropertyNamingPolicy = StoreJson.Options.PropertyNamingPolicy;
        json.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        json.NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals;
        json.AllowOutOfOrderMetadataProperties = true;
        foreach (var converter in StoreJson.Options.Converters)
        {
            json.Converters.Add(converter);
        }
    }

    public static void Map(IEndpointRouteBuilder routes)
    {
        var api = routes.MapGroup("/api").WithTags("Feedback");
        api.MapGet("/projects", ProjectsAsync).Needs(KeyScope.ReadProjects).WithSummary("Projects you have a role in");
        var read = routes.MapProjectGroup("/api/projects/{project:guid}", MemberRole.Reader).WithTags("Feedback");
        read.MapGet("", (HttpContext context, Guid project) => TypedResults.Ok(context.Project()))
            .Needs(KeyScope.ReadProjects)
            .HideFromAnnotators()
            .WithSummary("A project and its settings");
        read.MapGet(
                "/progress",
                async (HttpContext context, FeedbackStore store, Guid project, CancellationToken cancel) =>
                    TypedResults.Ok(await store.Projects.ProgressAsync(project, cancel))
            )
            .Needs(KeyScope.ReadProjects)
            .HideFromAnnotators()
            .WithSummary("A project's progress");
        var manage = routes.MapProjectGroup("/api/projects/{project:guid}", MemberRole.Manager).WithTags("Feedback");
        manage
            .MapPost("/items", AddAsync)
            .Needs(KeyScope.WriteItems)
            .Accepts<string>("application/jsonl", "application/x-ndjson", "application/json", "text/plain")
            .WithSummary("Adds items, one JSON row per line");
        manage.MapGet("/tasks", TasksAsync).Needs(KeyScope.ReadLabels).WithSummary("Tasks with all their labels, in pages");
        MapWork(routes);
        var runs = routes
            .MapGroup("/api/runs")
            .WithTags("Runs")
            .RequireAuthorization(rule => rule.RequireAssertion(who => who.User.SignedInUser()?.SeesRuns == true));
        runs.MapGet("", (RunCatalog catalog) => TypedResults.Ok(catalog.List()))
            .Needs(KeyScope.ReadProjects)
            .WithSummary("Runs, newest first");
        runs.MapGet("/{name}/events", EventsAsync).Needs(KeyScope.ReadProjects).WithSummary("A run's events after a sequence number");
    }

    private static void MapWork(IEndpointRouteBuilder routes)
    {
        var work = routes.MapProjectGroup("/api/projects/{project:guid}/work", MemberRole.Annotator).WithTags("Annotation");
        work.MapPost("/claim", ClaimAsync).Needs(KeyScope.Annotate).WithSummary("The next task, or 204 if there is none");
        work.MapPut("/responses/{id:guid}", SubmitAsync)
            .Needs(KeyScope.Annotate)
            .WithSummary("Submits a judgement; repeating the same id returns the same receipt");
        work.MapPost("/leases/{lease:guid}/heartbeat", HeartbeatAsync).Needs(KeyScope.Annotate).WithSummary("Extends your hold on a task");
        work.MapGet("/guidelines", GuidelinesAsync)
            .Needs(KeyScope.Annotate)
            .WithSummary("The newest guidelines, and the version that you have acknowledged");
        work.MapPost("/guidelines/acknowledge", AcknowledgeAsync)
            .Needs(KeyScope.Annotate)
            .WithSummary("Notes that you have read a version of the guidelines; your labels record it from then on");
    }

    private static async Task<Ok<ProjectOfMine[]>> ProjectsAsync(HttpContext context, FeedbackStore store, CancellationToken cancel)
    {
        var roles = (await store.People.ProjectsOfAsync(context.User.PersonId(), cancel)).ToDictionary(r => r.Project, r => r.Role);
        var all = await store.Projects.ListAsync(cancel);
        return TypedResults.Ok(
            all.Where(p => roles.ContainsKey(p.Id)).Select(p => new ProjectOfMine(p.Id, p.Name, p.Kind, p.State, roles[p.Id])).ToArray()
        );
    }

    private static async Task<Ok<GuidelinesOfMine>> GuidelinesAsync(
        HttpContext context,
        FeedbackStore store,
        Guid project,
        CancellationToken cancel
    )
    {
        var newest = await store.Projects.GuidelinesAsync(project, null, cancel);
        var read = await store.Guidelines.NewestAsync(project, context.User.PersonId(), cancel);
        return TypedResults.Ok(new GuidelinesOfMine(newest!.Number, newest.Markdown, read?.Number));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> AcknowledgeAsync(
        HttpContext context,
        FeedbackStore store,
        Guid project,
        CancellationToken cancel,
        [Description("the version you have read")] int? version = null
    ) =>
        version is { } number && await store.Guidelines.AcknowledgeAsync(project, context.User.PersonId(), number, cancel)
            ? TypedResults.NoContent()
            : TypedResults.Problem("The project has no such version of the guidelines.", statusCode: StatusCodes.Status404NotFound);

    private static async Task<Ok<AddedItems>> AddAsync(HttpContext context, FeedbackStore store, Guid project, CancellationToken cancel)
    {
        var given = await Upload.ReadItemsAsync(context, context.Request.Body, "items.jsonl", context.Project().Kind);
        var (items, _) = await ModelAnswers.FillAsync(given.Items, context.Project().Kind, ChatEndpoints.Policy(context), cancel);
        var added = await store.Tasks.AddItemsAsync(context.User.PersonId(), project, items, cancel);
        return TypedResults.Ok(added with { LeftOut = [.. given.LeftOut, .. added.LeftOut], Notes = given.Notes });
    }

    private static async Task<Ok<IReadOnlyList<ManagerTask>>> TasksAsync(
        FeedbackStore store,
        Guid project,
        CancellationToken cancel,
        [Description("position of the last task you received; -1 for the start")] long after = -1,
        [Description("1 to 500")] int count = 100
    ) => TypedResults.Ok(await store.Tasks.ListAsync(project, after, Math.Clamp(count, 1, 500), cancel));

    private static async Task<Results<Ok<AssignedTask>, NoContent, ProblemHttpResult>> ClaimAsync(
        HttpContext context,
        FeedbackStore store,
        Guid project,
        CancellationToken cancel
    ) =>
        await store.Queue.ClaimAsync(project, context.User.PersonId(), cancel) switch
        {
            ClaimResult.Claimed claimed => TypedResults.Ok(claimed.Task),
            ClaimResult.NothingLeft => TypedResults.NoContent(),
            ClaimResult.Paused paused => TypedResults.Problem(paused.Reason, statusCode: StatusCodes.Status403Forbidden),
            _ => TypedResults.Problem(
                "There is no such project, or you do not have access to it.",
                statusCode: StatusCodes.Status404NotFound
            ),
        };

    private static async Task<Results<Ok<Receipt>, ProblemHttpResult>> SubmitAsync(
        HttpContext context,
        FeedbackStore store,
        Guid project,
        Guid id,
        SubmitBody body,
        CancellationToken cancel
    )
    {
        var submission = new Submission(id, body.LeaseId, body.Judgement)
        {
            ClientTime = body.ClientTime,
            UiVersion = "api",
            Active = body.ActiveMs is { } active ? TimeSpan.FromMilliseconds(active) : null,
        };
        return await store.Queue.SubmitAsync(context.User.PersonId(), submission, cancel) switch
        {
            SubmitResult.Accepted accepted => TypedResults.Ok(accepted.Receipt),
            SubmitResult.AlreadySubmitted => TypedResults.Problem(
                "You have already labelled this task.",
                statusCode: StatusCodes.Status409Conflict
            ),
            SubmitResult.Conflict conflict => TypedResults.Problem(conflict.Reason, statusCode: StatusCodes.Status409Conflict),
            SubmitResult.Invalid invalid => TypedResults.Problem(
                string.Join('\n', invalid.Problems),
                statusCode: StatusCodes.Status400BadRequest
            ),
            _ => TypedResults.Problem("You do not hold this task.", statusCode: StatusCodes.Status404NotFound),
        };
    }

    private static async Task<Ok<Heartbeat>> HeartbeatAsync(
        HttpContext context,
        FeedbackStore store,
        Guid project,
        Guid lease,
        CancellationToken cancel
    ) =>
        TypedResults.Ok(
            await store.Queue.HeartbeatAsync(lease, context.User.PersonId(), cancel) is HeartbeatResult.Alive alive
                ? new Heartbeat(true, alive.ExpiresAt)
                : new Heartbeat(false, null)
        );

    private static Results<Ok<RunEvent[]>, ProblemHttpResult> EventsAsync(
        RunCatalog catalog,
        string name,
        [Description("events with a higher sequence number; 0 for all")] long after = 0
    ) =>
        catalog.Find(name) is { } run
            ? TypedResults.Ok(run.ReadEvents().Entries.SkipWhile(e => e.Sequence <= after).ToArray())
            : TypedResults.Problem("There is no such run.", statusCode: StatusCodes.Status404NotFound);

    /// <summary>A key must have the scope; a session has all scopes of its person.</summary>
    public static RouteHandlerBuilder Needs(this RouteHandlerBuilder endpoint, KeyScope scope) =>
        endpoint.RequireAuthorization(rule =>
            rule.RequireAuthenticatedUser()
                .RequireAssertion(who =>
                    !SessionAuthentication.IsKey(who.User) || who.User.HasClaim(SessionAuthentication.ScopeClaim, scope.ToString())
                )
        );

    /// <summary>Annotators must not see settings, which reveal how often gold tasks come, or the progress of others.</summary>
    private static RouteHandlerBuilder HideFromAnnotators(this RouteHandlerBuilder endpoint) =>
        endpoint.AddEndpointFilter(
            async (call, next) =>
                call.HttpContext.RoleInProject() == MemberRole.Annotator
                    ? TypedResults.Problem("Your role in this project does not allow this.", statusCode: StatusCodes.Status403Forbidden)
                    : await next(call)
        );

    private sealed record ProjectOfMine(Guid Id, string Name, ProjectKind Kind, ProjectState State, MemberRole Role);

    private sealed record GuidelinesOfMine(int Number, string Markdown, int? Acknowledged);

    private sealed record Heartbeat(bool Held, DateTimeOffset? ExpiresAt);

    /// <param name="Judgement">Refers to the positions shown.</param>
    internal sealed record SubmitBody(Guid LeaseId, Judgement Judgement, DateTimeOffset? ClientTime, long? ActiveMs);
}
