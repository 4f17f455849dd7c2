using Attune.Feedback;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Attune.Web.Security;

/// <summary>
/// The one gate to everything under a project. Someone without a role in it learns nothing, not even that it is there; someone whose role
/// is too low is told so.
/// </summary>
internal static class ProjectAccess
{
    private const string Item = "attune.project";

    /// <summary>The project of the address, checked by the gate.</summary>
    public static ProjectInfo Project(this HttpContext context) =>
        ((ProjectInfo, Role))context.Items[Item]! is var (project, _) ? project : null!;

    public static Role RoleInProject(this HttpContext context) => (((ProjectInfo, Role))context.Items[Item]!).Item2;

    /// <summary>Endpoints whose address has a {project}.</summary>
    public static RouteGroupBuilder MapProjectGroup(this IEndpointRouteBuilder routes, string prefix, Role least) =>
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
            .WithMetadata(new LeastRole(least));
}

/// <summary>What an endpoint demands, for the tests that ask every endpoint.</summary>
internal sealed record LeastRole(Role Role);
