using System.Collections.Immutable;
using Attune.Core;
using Attune.Core.Feedback;
using Attune.Feedback;
using Attune.Feedback.Storage;
using Attune.Reports;
using Attune.Reports.Html;
using Attune.Reports.Runs;
using Attune.Web.Components;
using Attune.Web.Identity;
using Attune.Web.Responses;
using Attune.Web.Runs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Attune.Web.Endpoints;

/// <summary>The list of runs, and the page of one run.</summary>
internal static class RunEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        // Never for annotators: runs show scores, and samples that they may be asked to judge.
        var runs = routes
            .MapGroup("/runs")
            .RequireAuthorization(rule => rule.RequireAssertion(who => who.User.SignedInUser()?.SeesRuns == true));
        runs.MapGet(
            "",
            (HttpContext context, RunCatalog catalog, TimeProvider time) =>
                Pages.Show<RunsPage>(
                    new
                    {
                        Page = Pages.Context(context),
                        Runs = catalog.List(),
                        Folder = catalog.Folder,
                        Now = time.GetUtcNow(),
                    }
                )
        );
        runs.MapGet(
            "/{name}",
            (HttpContext context, RunCatalog catalog, string name) =>
                catalog.Find(name) is not { } run
                    ? Pages.NotFound(context)
                    : Pages.Show<RunPage>(
                        new
                        {
                            Page = Pages.Context(context),
                            Name = name,
                            Tag = RunCatalog.Tag(run),
                            Finished = File.Exists(run.ResultFile),
                            Body = Body(name, run.Path),
                        }
                    )
        );
        runs.MapGet("/{name}/body", Fragment);
        runs.MapGet("/{name}/snapshots/{sha}", SnapshotAsync);
    }

    /// <summary>A snapshot that the run names. Its path comes from the run's result, never from the address.</summary>
    private static async Task<IResult> SnapshotAsync(HttpContext context, RunCatalog catalog, FeedbackStore store, string name, string sha)
    {
        if (
            catalog.Find(name) is not { } run
            || run.ReadResult() is not { } result
            || result.Stages.SelectMany(s => s.Snapshots ?? []).FirstOrDefault(s => s.Sha256 == sha) is not { } snapshot
        )
        {
            return Pages.NotFound(context);
        }
        var manages =
            await store.People.RoleInAsync(snapshot.ProjectId, context.User.PersonId(), context.RequestAborted) >= MemberRole.Manager
            && await store.Projects.FindAsync(snapshot.ProjectId, context.RequestAborted) is not null;
        var (manifest, problem) = Manifest(Path.GetFullPath(Path.Combine(run.Path, snapshot.Folder)), sha);
        return Pages.Show<SnapshotPage>(
            new
            {
                Page = Pages.Context(context),
                Run = name,
                Snapshot = snapshot,
                Manifest = manifest,
                Problem = problem,
                Manages = manages,
                Stages = result
                    .Stages.Where(s => s.Snapshots?.Any(other => other.Sha256 == sha) == true)
                    .Select(s => s.Name)
                    .ToImmutableArray(),
            }
        );
    }

    private static (SnapshotManifest? Manifest, string? Problem) Manifest(string folder, string sha)
    {
        try
        {
            var manifest = SnapshotManifest.Read(folder);
            return manifest.Sha256 == sha
                ? (manifest, null)
                : (null, $"{folder}: now holds another snapshot ({manifest.Sha256[..12]}). The details below were recorded by the run.");
        }
        catch (Exception problem) when (problem is DataException or IOException or UnauthorizedAccessException)
        {
            return (null, problem.Message);
        }
    }

    /// <summary>The changing part of a run's page; sent only if something was written since.</summary>
    private static IResult Fragment(HttpContext context, RunCatalog catalog, string name)
    {
        if (catalog.Find(name) is not { } run)
        {
            return Results.NotFound();
        }
        var tag = RunCatalog.Tag(run);
        context.Response.Headers.ETag = tag;
        context.Response.Headers["X-Run-Finished"] = File.Exists(run.ResultFile) ? "yes" : "no";
        return context.Request.Headers.IfNoneMatch == tag
            ? Results.StatusCode(StatusCodes.Status304NotModified)
            : Results.Content(Body(name, run.Path), "text/html; charset=utf-8");
    }

    private static string Body(string name, string folder)
    {
        try
        {
            return RunFragment.Body(RunRecord.Read(folder), snapshot => $"/runs/{Uri.EscapeDataString(name)}/snapshots/{snapshot.Sha256}");
        }
        catch (DataException problem)
        {
            return new Markup().Element("p", problem.Message, ("class", "alert")).ToString();
        }
    }
}
