using System.Globalization;
using Attune.Core;
using Attune.Feedback.Storage;
using Attune.Web.Completions;
using Attune.Web.Components;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Logging;

namespace Attune.Web.Responses;

/// <summary>
/// Errors, as problem details (RFC 9457) for scripts and as a page for people. The text of an unexpected exception never leaves the server.
/// </summary>
internal static class Problems
{
    public static void UseProblems(this WebApplication app)
    {
        app.Use(
            async (context, next) =>
            {
                try
                {
                    await next(context);
                }
                catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
                {
                    // The client disconnected.
                }
                catch (Exception problem) when (!context.Response.HasStarted)
                {
                    await WriteAsync(context, problem, app.Logger);
                }
            }
        );
        app.UseStatusCodePages(context =>
            Write(context.HttpContext, context.HttpContext.Response.StatusCode, Words(context.HttpContext.Response.StatusCode))
        );
    }

    private static Task WriteAsync(HttpContext context, Exception problem, ILogger log)
    {
        switch (problem)
        {
            case BadHttpRequestException bad:
                return Write(
                    context,
                    bad.StatusCode,
                    bad.StatusCode == StatusCodes.Status413PayloadTooLarge ? "The request is too large." : "The request could not be read."
                );
            case StoreBusyException busy:
                log.LogWarning("{Method} {Path}: {Problem}", context.Request.Method, context.Request.Path, busy.Message);
                return WriteBusy(context, busy);
            case AttuneException expected:
                return Write(context, StatusCodes.Status400BadRequest, expected.Message);
            default:
                log.LogError(problem, "{Method} {Path} failed", context.Request.Method, context.Request.Path);
                return Write(
                    context,
                    StatusCodes.Status500InternalServerError,
                    "The server failed to handle the request. Try again; the server's log has the details."
                );
        }
    }

    private static Task WriteBusy(HttpContext context, StoreBusyException problem)
    {
        context.Response.Headers.RetryAfter = Math.Ceiling(problem.RetryAfter.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        return Write(
            context,
            StatusCodes.Status503ServiceUnavailable,
            problem.Stored == StoredState.Not
                ? "The server is busy. Nothing was stored. Try again in a few seconds."
                : "The server is busy, and it is not known whether this was stored. Wait a few seconds, check, and repeat it if "
                    + "it is missing."
        );
    }

    /// <summary>Whether the client wants JSON: scripts do, browsers want pages.</summary>
    public static bool WantsJson(HttpContext context) =>
        context.Request.Path.StartsWithSegments("/api")
        || context.Request.Headers.Accept.ToString().Contains("application/json", StringComparison.OrdinalIgnoreCase);

    public static Task Write(HttpContext context, int status, string detail) => Result(context, status, detail).ExecuteAsync(context);

    public static IResult Result(HttpContext context, int status, string detail) =>
        ModelRoute.Matches(context.Request) ? new ApiProblem(status, detail)
        : WantsJson(context) ? TypedResults.Problem(detail, statusCode: status)
        : new RazorComponentResult<ProblemPage>(
            new
            {
                Page = Pages.Context(context),
                Title = status == StatusCodes.Status400BadRequest ? "The request failed" : ReasonPhrases.GetReasonPhrase(status),
                Detail = detail,
            }
        )
        {
            StatusCode = status,
        };

    private static string Words(int status) =>
        status switch
        {
            StatusCodes.Status401Unauthorized => "Please sign in.",
            StatusCodes.Status403Forbidden => "Your role does not allow this.",
            StatusCodes.Status404NotFound => "There is no such page, or you do not have access to it.",
            StatusCodes.Status405MethodNotAllowed => "This page does not support that request.",
            StatusCodes.Status413PayloadTooLarge => "The request is too large.",
            StatusCodes.Status415UnsupportedMediaType => "The server cannot read this content type.",
            _ => ReasonPhrases.GetReasonPhrase(status),
        };
}
