using System.Collections.Immutable;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Attune.Core;
using Attune.Core.Feedback;
using Attune.Feedback;
using Attune.Feedback.Exchange;
using Attune.Feedback.Formats;
using Attune.Feedback.People;
using Attune.Feedback.Snapshots;
using Attune.Feedback.Storage;
using Attune.Web.Components;
using Attune.Web.Configuration;
using Attune.Web.Responses;
using Attune.Web.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Attune.Web.Endpoints;

/// <summary>Snapshots for training and exports in public formats.</summary>
internal static class DataEndpoints
{
    private static readonly JsonSerializerOptions Rows = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void Map(IEndpointRouteBuilder routes)
    {
        var manage = routes.MapProjectGroup("/projects/{project:guid}", MemberRole.Manager);
        manage.MapGet("/data", PageAsync);
        manage.MapPost("/snapshots", SnapshotAsync);
        manage.MapGet("/snapshots/{snapshot}/{file}", File);
        manage.MapGet("/export", ExportAsync);
        var api = routes.MapProjectGroup("/api/projects/{project:guid}", MemberRole.Manager).WithTags("Feedback");
        api.MapGet("/export", ExportAsync).Needs(KeyScope.ReadLabels).WithSummary("Labels as JSON lines in a public format");
        api.MapGet("/export/report", ReportAsync)
            .Needs(KeyScope.ReadLabels)
            .WithSummary("How many rows an export will have, and what is left out");
        api.MapGet(
                "/snapshots",
                (HttpContext context, WebOptions options) =>
                    TypedResults.Ok(
                        Snapshots(context, options).Select(s => new NamedSnapshot(Path.GetFileName(s.Folder), s.Manifest)).ToArray()
                    )
            )
            .Needs(KeyScope.Snapshots)
            .WithSummary("Snapshots with their manifests, newest first");
        api.MapPost(
                "/snapshots",
                async (HttpContext context, FeedbackStore store, WebOptions options, SnapshotBody? body) =>
                    TypedResults.Ok(
                        await TakeAsync(
                            context,
                            store,
                            options,
                            new SnapshotOptions
                            {
                                HeldOut = body?.HeldOut ?? 0.1,
                                LeastGoldAccuracy = body?.LeastGold,
                                Surplus = body?.Surplus ?? false,
                            }
                        )
                    )
            )
            .Needs(KeyScope.Snapshots)
            .WithSummary("Creates a snapshot of the current labels");
        api.MapGet("/snapshots/{snapshot}/{file}", File).Needs(KeyScope.Snapshots).WithSummary("A file of a snapshot");
    }

    private static async Task<IResult> PageAsync(HttpContext context, FeedbackStore store, WebOptions options)
    {
        if (context.Request.Query["format"].ToString() is not { Length: > 0 } format)
        {
            return Page(context, options, []);
        }
        try
        {
            return Page(context, options, [], (await RowsAsync(context, store, format)).Report);
        }
        catch (AttuneException problem) when (problem is not StoreBusyException)
        {
            return Page(context, options, [problem.Message]);
        }
    }

    private static IResult Page(HttpContext context, WebOptions options, ImmutableArray<string> problems, ExportReport? export = null)
    {
        context.Response.StatusCode = problems.IsEmpty ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest;
        return Pages.Show<DataPage>(
            new
            {
                Page = Pages.Context(context),
                Project = context.Project(),
                Role = context.RoleInProject(),
                Problems = problems,
                Snapshots = Snapshots(context, options),
                Formats = FeedbackFormats.For(context.Project().Kind).RemoveAll(FeedbackFormats.NeedsTokenizer),
                Export = export,
            }
        );
    }

    private static ImmutableArray<(string Folder, SnapshotManifest Manifest)> Snapshots(HttpContext context, WebOptions options)
    {
        var folder = Folder(context, options);
        return !Directory.Exists(folder)
            ? []
            :
            [
                .. Directory
                    .EnumerateDirectories(folder)
                    .Where(f => System.IO.File.Exists(Path.Combine(f, SnapshotManifest.FileName)))
                    .Select(f => (f, SnapshotManifest.Read(f)))
                    .OrderByDescending(s => s.Item2.CreatedAt),
            ];
    }

    private static async Task<IResult> SnapshotAsync(HttpContext context, FeedbackStore store, WebOptions options)
    {
        var fields = await Form.ReadAsync(context);
        try
        {
            var chosen = new SnapshotOptions
            {
                HeldOut = fields.Real("held_out") ?? 0.1,
                LeastGoldAccuracy = fields.Real("least_gold"),
                Surplus = fields.Text("surplus") is not null,
            };
            await TakeAsync(context, store, options, chosen);
            return Results.LocalRedirect($"/projects/{context.Project().Id}/data?done=snapshot");
        }
        catch (AttuneException problem) when (problem is not StoreBusyException)
        {
            return Page(context, options, [problem.Message]);
        }
    }

    private static async Task<NamedSnapshot> TakeAsync(HttpContext context, FeedbackStore store, WebOptions options, SnapshotOptions chosen)
    {
        var name = options.Time.GetUtcNow().ToString("yyyyMMdd-HHmmss-fff", CultureInfo.InvariantCulture);
        return new NamedSnapshot(
            name,
            await store.Snapshots.CreateAsync(
                context.Project().Id,
                Path.Combine(Folder(context, options), name),
                chosen,
                context.RequestAborted
            )
        );
    }

    /// <summary>Both names are looked up among existing ones, so no path on disk can be requested.</summary>
    private static IResult File(HttpContext context, WebOptions options, string snapshot, string file)
    {
        var found = Snapshots(context, options).FirstOrDefault(s => Path.GetFileName(s.Folder) == snapshot);
        var path = found.Folder is null ? null : Directory.EnumerateFiles(found.Folder).FirstOrDefault(f => Path.GetFileName(f) == file);
        return path is null ? Pages.NotFound(context) : Results.File(path, "application/octet-stream", file);
    }

    private static async Task<IResult> ExportAsync(HttpContext context, FeedbackStore store)
    {
        var format = Format(context);
        var (rows, _) = await RowsAsync(context, store, format);
        context.Response.ContentType = "application/jsonl";
        context.Response.Headers.ContentDisposition =
            $"attachment; filename=\"{(FeedbackFormats.Names.Contains(format) ? format : "labels")}.jsonl\"";
        foreach (var row in rows)
        {
            await context.Response.Body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(row, Rows), context.RequestAborted);
            await context.Response.Body.WriteAsync("\n"u8.ToArray(), context.RequestAborted);
        }

        return Results.Empty;
    }

    private static async Task<Ok<ExportReport>> ReportAsync(HttpContext context, FeedbackStore store) =>
        TypedResults.Ok((await RowsAsync(context, store, Format(context))).Report);

    private static string Format(HttpContext context) =>
        context.Request.Query["format"].ToString() is { Length: > 0 } asked ? asked : "trl";

    private static Task<(IReadOnlyList<JsonObject> Rows, ExportReport Report)> RowsAsync(
        HttpContext context,
        FeedbackStore store,
        string format
    ) =>
        FeedbackFormats.NeedsTokenizer(format)
            ? throw new ConfigurationException(
                $"{format} holds token ids, and the server has no tokenizer for them; export on the server's machine by the command line."
            )
            : store.Exports.RowsAsync(context.Project().Id, format, null, context.RequestAborted);

    private sealed record NamedSnapshot(string Name, SnapshotManifest Manifest);

    private sealed record SnapshotBody(double? HeldOut, double? LeastGold, bool? Surplus);

    private static string Folder(HttpContext context, WebOptions options) =>
        Path.GetFullPath(Path.Combine(options.SnapshotFolder, context.Project().Id.ToString()));
}
