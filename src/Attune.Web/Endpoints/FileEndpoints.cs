using Attune.Feedback;
using Attune.Feedback.Projects;
using Attune.Feedback.Storage;
using Attune.Web.Rendering;
using Attune.Web.Responses;
using Attune.Web.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Attune.Web.Endpoints;

/// <summary>Images of a project's items, for everyone with a role in it.</summary>
internal static class FileEndpoints
{
    /// <summary>Where images of a project's texts come from; the page's headers allow them.</summary>
    public static AnswerImages Allow(HttpContext context, ProjectInfo project)
    {
        SecurityHeaders.AllowImages(context, project.Settings.RemoteImages);
        return new AnswerImages($"/files/{project.Id}", project.Settings.RemoteImages);
    }

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapProjectGroup("/files/{project:guid}", MemberRole.Reader).MapGet("/{name}", FileAsync);

    private static async Task<IResult> FileAsync(HttpContext context, FeedbackStore store, string name)
    {
        if (await store.Files.FindAsync(context.Project().Id, name, context.RequestAborted) is not { } file)
        {
            return Pages.NotFound(context);
        }
        // Files never change; only this person's browser keeps them.
        context.Response.Headers.CacheControl = "private, max-age=31536000, immutable";
        return Results.Bytes(file.Content, file.Type);
    }
}
