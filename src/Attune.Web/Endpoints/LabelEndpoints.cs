using System.Collections.Immutable;
using Attune.Feedback;
using Attune.Feedback.Storage;
using Attune.Web.Components;
using Attune.Web.Identity;
using Attune.Web.Responses;
using Attune.Web.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Attune.Web.Endpoints;

/// <summary>The quality of labels, and disputes.</summary>
internal static class LabelEndpoints
{
    private const int MostDisputes = 50;

    public static void Map(IEndpointRouteBuilder routes)
    {
        var manage = routes.MapProjectGroup("/projects/{project:guid}", MemberRole.Manager);
        manage.MapGet("/quality", QualityAsync);
        manage.MapGet("/disputes", (HttpContext context, FeedbackStore store) => DisputesAsync(context, store, []));
        manage.MapPost("/tasks/{task:guid}/decide", DecideAsync);
    }

    private static async Task<IResult> QualityAsync(HttpContext context, FeedbackStore store) =>
        Pages.Show<QualityPage>(
            new
            {
                Page = Pages.Context(context),
                Project = context.Project(),
                Role = context.RoleInProject(),
                Report = await store.Quality.OfAsync(context.Project().Id, context.RequestAborted),
            }
        );

    private static async Task<IResult> DisputesAsync(HttpContext context, FeedbackStore store, ImmutableArray<string> problems)
    {
        context.Response.StatusCode = problems.IsEmpty ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest;
        return Pages.Show<DisputesPage>(
            new
            {
                Page = Pages.Context(context),
                Project = context.Project(),
                Role = context.RoleInProject(),
                Problems = problems,
                Images = FileEndpoints.Allow(context, context.Project()),
                Tasks = (await store.Quality.DisputedAsync(context.Project().Id, MostDisputes, context.RequestAborted)).ToImmutableArray(),
            }
        );
    }

    private static async Task<IResult> DecideAsync(HttpContext context, FeedbackStore store, Guid task)
    {
        var (fields, project) = (await Form.ReadAsync(context), context.Project());
        var found = await store.Tasks.FindAsync(project.Id, task, context.RequestAborted);
        if (found?.Labels.FirstOrDefault(l => l.ResponseId == fields.Id("response"))?.Judgement is not { } judgement)
        {
            return Pages.NotFound(context);
        }
        var problems = await store.Quality.AdjudicateAsync(
            context.User.PersonId(),
            project.Id,
            task,
            judgement,
            fields.Text("reason") ?? "",
            context.RequestAborted
        );
        return problems.IsEmpty
            ? Results.LocalRedirect($"/projects/{project.Id}/disputes?done=saved")
            : await DisputesAsync(context, store, problems);
    }
}
