using System.Collections.Immutable;
using System.Globalization;
using Attune.Core;
using Attune.Feedback;
using Attune.Feedback.Labels;
using Attune.Feedback.Projects;
using Attune.Feedback.Storage;
using Attune.Web.Annotation;
using Attune.Web.Components;
using Attune.Web.Configuration;
using Attune.Web.Identity;
using Attune.Web.Projects;
using Attune.Web.Responses;
using Attune.Web.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Attune.Web.Endpoints;

/// <summary>The pages for managers: creating, watching and changing a project.</summary>
internal static class ProjectEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var limit = new Upload.Limit(
            routes.ServiceProvider.GetService(typeof(WebOptions)) is WebOptions options ? options.LargestUpload : null
        );
        var makers = routes
            .MapGroup("/projects")
            .RequireAuthorization(rule => rule.RequireAssertion(who => who.User.SignedInUser()?.IsManager == true));
        makers.MapGet("/new", (HttpContext context, string? template) => NewPage(context, [], ProjectTemplate.Find(template) ?? Blank));
        makers.MapPost("", CreateAsync).WithMetadata(limit);
        var watch = routes.MapProjectGroup("/projects/{project:guid}", MemberRole.Reader);
        watch.MapGet("", ProgressAsync);
        watch.MapGet("/guidelines", GuidelinesAsync);
        var manage = routes.MapProjectGroup("/projects/{project:guid}", MemberRole.Manager);
        manage.MapPost("/guidelines", PublishAsync);
        manage.MapGet("/settings", (HttpContext context) => SettingsPage(context, []));
        manage.MapPost("/settings", ChangeAsync);
        manage.MapPost("/state", StateAsync);
        manage.MapGet("/items", (HttpContext context, FeedbackStore store) => ItemsAsync(context, store, null, []));
        manage.MapPost("/items", AddAsync).WithMetadata(limit);
        manage.MapPost(
            "/tasks/{task:guid}/release",
            (HttpContext context, FeedbackStore store, Guid task) => SetTaskAsync(context, task, store.Tasks.ReleaseAsync)
        );
        manage.MapPost(
            "/tasks/{task:guid}/retire",
            (HttpContext context, FeedbackStore store, Guid task) => SetTaskAsync(context, task, store.Tasks.RetireAsync)
        );
    }

    /// <summary>A page with nothing chosen but the commonest kind; its question is that of the kind.</summary>
    private static readonly ProjectTemplate Blank = new("", "", "", ProjectKind.Comparison, new ProjectSettings { Instruction = "" }, "");

    private static IResult NewPage(HttpContext context, ImmutableArray<string> problems, ProjectTemplate start)
    {
        context.Response.StatusCode = problems.IsEmpty ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest;
        return Pages.Show<NewProjectPage>(
            new
            {
                Page = Pages.Context(context),
                Problems = problems,
                Start = start,
                Model = ChatEndpoints.Policy(context)?.Name,
            }
        );
    }

    private static async Task<IResult> CreateAsync(HttpContext context, FeedbackStore store)
    {
        var (fields, me) = (await Form.ReadAsync(context), context.User.PersonId());
        var name = fields.Text("name") ?? "";
        if (!Enum.TryParse<ProjectKind>(fields.Text("kind"), out var kind) || !Enum.IsDefined(kind))
        {
            return NewPage(context, ["choose what people will do."], Blank with { Title = name });
        }
        var (guidelines, isOwner) = (fields.Text("guidelines") ?? "", context.User.SignedInUser()!.Role == MemberRole.Owner);
        var settings = new ProjectSettings { Instruction = KindText.Question(kind) };
        try
        {
            settings = SettingsForm.Read(fields, kind, settings, isOwner);
            var given = await Upload.ReadItemsAsync(context, kind);
            var rows = given?.Items ?? [];
            var (items, alike) = await ModelAnswers.FillAsync(rows, kind, ChatEndpoints.Policy(context), context.RequestAborted);
            var cancel = context.RequestAborted;
            var (project, _) = await store.Projects.CreateAsync(me, name, kind, settings, guidelines, items, manages: !isOwner, cancel);
            return Results.LocalRedirect($"/projects/{project.Id}{Done(given, alike)}");
        }
        catch (AttuneException problem) when (problem is not StoreBusyException)
        {
            ImmutableArray<string> problems = problem is ConfigurationException { Problems: var all } ? [.. all] : [problem.Message];
            return NewPage(context, problems, new ProjectTemplate("", name, "", kind, settings, guidelines));
        }
    }

    private static string Done(UploadedItems? given, int alike) =>
        given is { LeftOut.IsEmpty: false } ? "?done=left-out"
        : alike > 0 ? "?done=alike"
        : "";

    private static async Task<IResult> ProgressAsync(HttpContext context, FeedbackStore store)
    {
        // Annotators may not see the progress of others; readers and managers may.
        if (context.RoleInProject() == MemberRole.Annotator)
        {
            return Problems.Result(context, StatusCodes.Status403Forbidden, "Your role in this project does not allow this.");
        }
        return Pages.Show<ProgressPage>(
            new
            {
                Page = Pages.Context(context),
                Project = context.Project(),
                Role = context.RoleInProject(),
                Progress = await store.Projects.ProgressAsync(context.Project().Id, context.RequestAborted),
            }
        );
    }

    private static async Task<IResult> GuidelinesAsync(HttpContext context, FeedbackStore store)
    {
        int? number = int.TryParse(context.Request.Query["version"], NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : null;
        return await store.Projects.GuidelinesAsync(context.Project().Id, number, context.RequestAborted) is { } version
            ? Pages.Show<GuidelinesPage>(
                new
                {
                    Page = Pages.Context(context),
                    Project = context.Project(),
                    Role = context.RoleInProject(),
                    Version = version,
                }
            )
            : Pages.NotFound(context);
    }

    private static async Task<IResult> PublishAsync(HttpContext context, FeedbackStore store)
    {
        var fields = await Form.ReadAsync(context);
        await store.Projects.PublishGuidelinesAsync(
            context.User.PersonId(),
            context.Project().Id,
            fields.Text("markdown") ?? "",
            context.RequestAborted
        );
        return Results.LocalRedirect($"/projects/{context.Project().Id}/guidelines?done=saved");
    }

    private static IResult SettingsPage(HttpContext context, ImmutableArray<string> problems)
    {
        context.Response.StatusCode = problems.IsEmpty ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest;
        return Pages.Show<SettingsPage>(
            new
            {
                Page = Pages.Context(context),
                Project = context.Project(),
                Role = context.RoleInProject(),
                Problems = problems,
            }
        );
    }

    private static async Task<IResult> ChangeAsync(HttpContext context, FeedbackStore store)
    {
        var fields = await Form.ReadAsync(context);
        try
        {
            await store.Projects.ChangeSettingsAsync(
                context.User.PersonId(),
                context.Project().Id,
                SettingsForm.Read(
                    fields,
                    context.Project().Kind,
                    context.Project().Settings,
                    isOwner: context.RoleInProject() == MemberRole.Owner
                ),
                context.RequestAborted
            );
            return Results.LocalRedirect($"/projects/{context.Project().Id}/settings?done=saved");
        }
        catch (ConfigurationException problem)
        {
            return SettingsPage(context, [.. problem.Problems]);
        }
    }

    private static async Task<IResult> StateAsync(HttpContext context, FeedbackStore store)
    {
        var fields = await Form.ReadAsync(context);
        if (!Enum.TryParse<ProjectState>(fields.Text("state"), out var state) || !Enum.IsDefined(state))
        {
            return Problems.Result(context, StatusCodes.Status400BadRequest, "There is no such state.");
        }
        await store.Projects.SetStateAsync(context.User.PersonId(), context.Project().Id, state, context.RequestAborted);
        return Results.LocalRedirect($"/projects/{context.Project().Id}/settings?done=saved");
    }

    private static async Task<IResult> ItemsAsync(
        HttpContext context,
        FeedbackStore store,
        AddedItems? added,
        ImmutableArray<string> problems,
        int files = 0
    )
    {
        var after = long.TryParse(context.Request.Query["after"], NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : -1;
        var tasks = await store.Tasks.ListAsync(context.Project().Id, after, Components.ItemsPage.Size, context.RequestAborted);
        context.Response.StatusCode = problems.IsEmpty ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest;
        return Pages.Show<ItemsPage>(
            new
            {
                Page = Pages.Context(context),
                Project = context.Project(),
                Role = context.RoleInProject(),
                Tasks = tasks.ToImmutableArray(),
                Images = FileEndpoints.Allow(context, context.Project()),
                Added = added,
                Files = files,
                Problems = problems,
            }
        );
    }

    private static async Task<IResult> AddAsync(HttpContext context, FeedbackStore store)
    {
        try
        {
            var images = await Upload.ReadImagesAsync(context);
            var given = await Upload.ReadItemsAsync(context, context.Project().Kind);
            if (given is null && images.Count == 0)
            {
                return await ItemsAsync(context, store, null, ["choose a file first."]);
            }
            var (me, project) = (context.User.PersonId(), context.Project());
            var files = await store.Files.AddAsync(me, project.Id, images, context.RequestAborted);
            var (items, _) = await ModelAnswers.FillAsync(
                given?.Items ?? [],
                project.Kind,
                ChatEndpoints.Policy(context),
                context.RequestAborted
            );
            var added = await store.Tasks.AddItemsAsync(me, project.Id, items, context.RequestAborted);
            var told = added with { LeftOut = given?.LeftOut ?? [], Notes = given?.Notes ?? [] };
            return await ItemsAsync(context, store, told, [], files);
        }
        catch (AttuneException problem) when (problem is not StoreBusyException)
        {
            return await ItemsAsync(context, store, null, [problem.Message]);
        }
    }

    private static async Task<IResult> SetTaskAsync(
        HttpContext context,
        Guid task,
        Func<Guid?, Guid, Guid, CancellationToken, Task<bool>> change
    ) =>
        await change(context.User.PersonId(), context.Project().Id, task, context.RequestAborted)
            ? Results.LocalRedirect($"/projects/{context.Project().Id}/items?done=saved")
            : Pages.NotFound(context);
}
