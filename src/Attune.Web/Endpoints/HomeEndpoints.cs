using System.Collections.Immutable;
using Attune.Feedback;
using Attune.Feedback.Storage;
using Attune.Web.Components;
using Attune.Web.Identity;
using Attune.Web.Rendering;
using Attune.Web.Responses;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Attune.Web.Endpoints;

/// <summary>The start page: the user's projects.</summary>
internal static class HomeEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/", HomeAsync);
        routes.MapPost("/view", (Delegate)ViewAsync);
    }

    /// <summary>Without scripts, the choice between rendered and raw text is a form.</summary>
    private static async Task<IResult> ViewAsync(HttpContext context)
    {
        var fields = await Form.ReadAsync(context);
        TextView.Choose(context, raw: fields.Text("to") == "raw");
        var back = fields.Text("back") ?? "/";
        return Results.LocalRedirect(
            back.StartsWith('/') && !back.StartsWith("//", StringComparison.Ordinal) && !back.Contains('\\') ? back : "/"
        );
    }

    private static async Task<IResult> HomeAsync(HttpContext context, FeedbackStore store)
    {
        var (me, cancel) = (context.User.PersonId(), context.RequestAborted);
        var roles = (await store.People.ProjectsOfAsync(me, cancel)).ToDictionary(r => r.Project, r => r.Role);
        var lines = ImmutableArray.CreateBuilder<ProjectLine>();
        foreach (var project in (await store.Projects.ListAsync(cancel)).Where(p => roles.ContainsKey(p.Id)))
        {
            var all = roles[project.Id] is MemberRole.Annotator ? null : await store.Projects.ProgressAsync(project.Id, cancel);
            lines.Add(new ProjectLine(project, roles[project.Id], await store.Queue.ProgressAsync(project.Id, me, cancel), all));
        }

        return Pages.Show<HomePage>(new { Page = Pages.Context(context), Projects = lines.ToImmutable() });
    }
}
