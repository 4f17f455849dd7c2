using System.Collections.Immutable;
using System.Globalization;
using Attune.Core;
using Attune.Reports.Comparison;
using Attune.Reports.Html;
using Attune.Web.Components;
using Attune.Web.Identity;
using Attune.Web.Responses;
using Attune.Web.Runs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Attune.Web.Endpoints;

/// <summary>Several runs laid over each other. The page's address holds all that was chosen, so that it can be kept and sent.</summary>
internal static class ComparisonEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        // Whoever sees runs; not below /runs, where names are the folders'.
        var comparison = routes
            .MapGroup("/comparison")
            .RequireAuthorization(rule => rule.RequireAssertion(who => who.User.SignedInUser()?.SeesRuns == true));
        comparison.MapGet("", Show);
        comparison.MapGet("/body", Fragment);
    }

    private static IResult Show(HttpContext context, RunCatalog catalog)
    {
        var (view, smoothing) = View(context.Request.Query);
        var (runs, problem) = Read(context.Request.Query, catalog);
        return Pages.Show<ComparisonPage>(
            new
            {
                Page = Pages.Context(context),
                Names = catalog.List().Where(r => r.Problem is null).Select(r => r.Name).ToImmutableArray(),
                Chosen = Names(context.Request.Query, catalog),
                Metrics = ComparisonReport.Metrics(runs),
                View = view,
                Smoothing = smoothing,
                Address = "/comparison/body" + context.Request.QueryString,
                Tag = Tag(context.Request.Query, catalog),
                Finished = runs.All(r => r.Run.Result is not null),
                Body = Body(runs, view, problem),
            }
        );
    }

    /// <summary>What changes while runs train; sent only if something was written since.</summary>
    private static IResult Fragment(HttpContext context, RunCatalog catalog)
    {
        var tag = Tag(context.Request.Query, catalog);
        context.Response.Headers.ETag = tag;
        var (runs, problem) = Read(context.Request.Query, catalog);
        context.Response.Headers["X-Run-Finished"] = runs.All(r => r.Run.Result is not null) ? "yes" : "no";
        return context.Request.Headers.IfNoneMatch == tag
            ? Results.StatusCode(StatusCodes.Status304NotModified)
            : Results.Content(Body(runs, View(context.Request.Query).View, problem), "text/html; charset=utf-8");
    }

    /// <summary>Names that are runs, each once; a name from an address is only compared with those that exist.</summary>
    private static ImmutableArray<string> Names(IQueryCollection query, RunCatalog catalog) =>
        [.. query["run"].OfType<string>().Distinct(StringComparer.Ordinal).Where(n => catalog.Find(n) is not null)];

    private static (ImmutableArray<ComparedRun> Runs, string? Problem) Read(IQueryCollection query, RunCatalog catalog)
    {
        try
        {
            return (ComparedRun.Read([.. Names(query, catalog).Select(n => catalog.Find(n)!.Path)]), null);
        }
        catch (AttuneException problem)
        {
            return ([], problem.Message);
        }
    }

    private static string Tag(IQueryCollection query, RunCatalog catalog) =>
        "\"" + string.Join('-', Names(query, catalog).Select(n => RunCatalog.Tag(catalog.Find(n)!).Trim('"'))) + "\"";

    private static (ComparisonView View, string Smoothing) View(IQueryCollection query)
    {
        var (metric, smoothing) = (query["metric"].ToString(), query["smoothing"].ToString());
        var width =
            double.TryParse(smoothing, NumberStyles.Float, CultureInfo.InvariantCulture, out var given) && given is >= 0 and <= 10_000
                ? given
                : (double?)null;
        var view = new ComparisonView
        {
            Metric = metric.Length == 0 ? null : metric,
            HalfWidth = width,
            IsLogarithmic = query["log"] == "on",
        };
        return (view, smoothing);
    }

    private static string Body(ImmutableArray<ComparedRun> runs, ComparisonView view, string? problem) =>
        problem is not null ? new Markup().Element("p", problem, ("class", "alert")).ToString()
        : runs.IsEmpty ? new Markup().Element("p", "Choose the runs to lay over each other.", ("class", "lead")).ToString()
        : ComparisonReport.Fragment(runs, view);
}
