using Attune.Core;
using Attune.Reports;
using Attune.Web.Components;
using Attune.Web.Runs;
using Attune.Web.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Attune.Web.Endpoints;

/// <summary>Runs: the list, and one run as it stands.</summary>
internal static class RunEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        // Annotators never: runs show scores, and samples that they may be asked about.
        var runs = routes.MapGroup("/runs").RequireAuthorization(rule => rule.RequireAssertion(who => who.User.Viewer()?.SeesRuns == true));
        runs.MapGet("", (HttpContext context, RunCatalog catalog, TimeProvider time) => Pages.Show<RunsPage>(new
        {
            Page = Pages.Context(context), Runs = catalog.List(), Folder = catalog.Folder, Now = time.GetUtcNow(),
        }));
        runs.MapGet("/{name}", (HttpContext context, RunCatalog catalog, string name) => catalog.Find(name) is not { } run ? Pages.NotFound(context) : Pages.Show<RunPage>(new
        {
            Page = Pages.Context(context), Name = name, Tag = RunCatalog.Tag(run), Finished = File.Exists(run.ResultFile), Body = Body(run.Path),
        }));
        runs.MapGet("/{name}/body", Fragment);
    }

    /// <summary>The changing part of a run's page; not sent again as long as nothing was written.</summary>
    private static IResult Fragment(HttpContext context, RunCatalog catalog, string name)
    {
        if (catalog.Find(name) is not { } run)
            return Results.NotFound();
        var tag = RunCatalog.Tag(run);
        context.Response.Headers.ETag = tag;
        context.Response.Headers["X-Run-Finished"] = File.Exists(run.ResultFile) ? "yes" : "no";
        return context.Request.Headers.IfNoneMatch == tag ? Results.StatusCode(StatusCodes.Status304NotModified) : Results.Content(Body(run.Path), "text/html; charset=utf-8");
    }

    private static string Body(string folder)
    {
        try
        {
            return RunFragment.Body(RunRecord.Read(folder));
        }
        catch (DataException problem)
        {
            return new Markup().Element("p", problem.Message, ("class", "alert")).ToString();
        }
    }
}
