using Attune.Feedback;
using Attune.Feedback.Projects;
using Attune.Feedback.Storage;
using Attune.Web.Identity;
using Attune.Web.Responses;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Attune.Web.Security;

/// <summary>
/// Access control for everything under a project. People without a role in it cannot find out that it exists; people whose role is too low
/// get 403.
/// </summary>
internal static class ProjectAccess
{
    private const string Item = "attune.project";

    /// <summary>The project in the address, after the access check.</summary>
    public static ProjectInfo Project(this HttpContext context) =>
        ((ProjectInfo, MemberRole))context.Items[Item]! is var (project, _) ? project : null!;

    public static MemberRole RoleInProject(this HttpContext context) => (((ProjectInfo, MemberRole))context.Items[Item]!).Item2;

    /// <summary>A group of endpoints whose address contains {project}.</summary>
    public static RouteGroupBuilder MapProjectGroup(this IEndpointRouteBuilder routes, string prefix, MemberRole least) =>
        routes
            .MapGroup(prefix)
            .AddEndpointFilter(
                async (call, next) =>
                {
                    var context = call.HttpContext;
                    var store = context.RequestServices.GetRequiredService<FeedbackStore>();
                    if (
                        !Guid.TryParse(context.Request.RouteValues["project"]?.ToString(), out var id)
                        || await store.People.RoleInAsync(id, context.User.PersonId(), context.RequestAborted) is not { } role
                        || await store.Projects.FindAsync(id, context.RequestAborted) is not { } project
                    )
                    {
                        return Problems.Result(
                            context,
                            StatusCodes.Status404NotFound,
                            "There is no such project, or you do not have access to it."
                        );
                    }
                    if (role < least)
                    {
                        return Problems.Result(context, StatusCodes.Status403Forbidden, "Your role in this project does not allow this.");
                    }
                    context.Items[Item] = (project, role);
                    return await next(call);
                }
            )
            .WithMetadata(new RequiredRole(least));
}

/// <summary>The lowest role that an endpoint accepts; read by the tests that call every endpoint.</summary>
internal sealed record RequiredRole(MemberRole Role);
