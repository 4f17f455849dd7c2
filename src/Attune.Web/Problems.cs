using System.Globalization;
using Attune.Core;
using Attune.Feedback.Storage;
using Attune.Web.Completions;
using Attune.Web.Components;
using Attune.Web.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Logging;

namespace Attune.Web;

/// <summary>
/// What went wrong, as problem details (RFC 9457) for scripts and as a page for people. A fault's own words never leave the server.
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
                catch (BadHttpRequestException problem) when (!context.Response.HasStarted)
                {
                    await Write(
                        context,
                        problem.StatusCode,
                        problem.StatusCode == StatusCodes.Status413PayloadTooLarge
                            ? "What was sent is too large."
                            : "The request could not be read."
                    );
                }
                catch (StoreBusyException problem) when (!context.Response.HasStarted)
                {
                    app.Logger.LogWarning("{Method} {Path}: {Problem}", context.Request.Method, context.Request.Path, problem.Message);
                    context.Response.Headers.RetryAfter = Math.Ceiling(problem.RetryAfter.TotalSeconds)
                        .ToString(CultureInfo.InvariantCulture);
                    await Write(
                        context,
                        StatusCodes.Status503ServiceUnavailable,
                        problem.Stored == StoredState.Not
                            ? "The server is busy just now. Nothing was stored; try again in a few seconds."
                            : "The server is busy just now, and it is not known whether this was stored. Wait a few seconds, "
                                + "look, and do it again if it is missing."
                    );
                }
                catch (AttuneException problem) when (!context.Response.HasStarted)
                {
                    await Write(context, StatusCodes.Status400BadRequest, problem.Message);
                }
                catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
                {
                    // Nobody waits for the answer.
                }
                catch (Exception problem) when (!context.Response.HasStarted)
                {
                    app.Logger.LogError(problem, "{Method} {Path} failed", context.Request.Method, context.Request.Path);
                    await Write(
                        context,
                        StatusCodes.Status500InternalServerError,
                        "Something failed here, not with you. The log of the server has the details; try again."
                    );
                }
            }
        );
        app.UseStatusCodePages(context =>
            Write(context.HttpContext, context.HttpContext.Response.StatusCode, Words(context.HttpContext.Response.StatusCode))
        );
    }

    /// <summary>Scripts ask for JSON, browsers for pages.</summary>
    public static bool WantsJson(HttpContext context) =>
        context.Request.Path.StartsWithSegments("/api")
        || context.Request.Headers.Accept.ToString().Contains("application/json", StringComparison.OrdinalIgnoreCase);

    public static Task Write(HttpContext context, int status, string detail) => Result(context, status, detail).ExecuteAsync(context);

    public static IResult Result(HttpContext context, int status, string detail) =>
        ModelAccess.IsModel(context.Request) ? new ApiProblem(status, detail)
        : WantsJson(context) ? TypedResults.Problem(detail, statusCode: status)
        : new RazorComponentResult<ProblemPage>(
            new
            {
                Page = Pages.Context(context),
                Title = status == StatusCodes.Status400BadRequest ? "That did not work" : ReasonPhrases.GetReasonPhrase(status),
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
            StatusCodes.Status403Forbidden => "Your role does not allow that.",
            StatusCodes.Status404NotFound => "There is no such page, or it is not yours to see.",
            StatusCodes.Status405MethodNotAllowed => "That cannot be done here.",
            StatusCodes.Status413PayloadTooLarge => "What was sent is too large.",
            StatusCodes.Status415UnsupportedMediaType => "The server cannot read what was sent.",
            _ => ReasonPhrases.GetReasonPhrase(status),
        };
}
