using System.Globalization;
using Attune.Core;
using Attune.Core.Completions;
using Attune.Web.Completions;
using Attune.Web.Configuration;
using Attune.Web.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Attune.Web.Endpoints;

/// <summary>The served model behind an API compatible with OpenAI's. Unsupported parameters are refused, never ignored.</summary>
internal static class ModelEndpoints
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    public static void Map(IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/v1").RequireAuthorization(ModelAccess.Require);
        group.MapGet(
            "/models",
            (WebOptions options) =>
                Results.Json(
                    new { @object = "list", data = options.Model is { } model ? [Entry(model, options)] : Array.Empty<object>() },
                    CompletionJson.Options
                )
        );
        group.MapGet(
            "/models/{id}",
            (WebOptions options, string id) =>
                options.Model is { } model && model.Name == id
                    ? Results.Json(Entry(model, options), CompletionJson.Options)
                    : CompletionCall.NoModel(id, options.Model)
        );
        group.MapPost(
            "/chat/completions",
            (HttpContext context, WebOptions options) => AnswerAsync(context, options, ChatBody.Read, new ChatShape())
        );
        group.MapPost(
            "/completions",
            (HttpContext context, WebOptions options) => AnswerAsync(context, options, TextBody.Read, new TextShape())
        );
    }

    private static object Entry(ICompletionModel model, WebOptions options) =>
        new
        {
            id = model.Name,
            @object = "model",
            created = options.Started.ToUnixTimeSeconds(),
            owned_by = "attune",
            context_length = model.ContextLength,
        };

    private static async Task<IResult> AnswerAsync(
        HttpContext context,
        WebOptions options,
        Func<RequestFields, ICompletionModel, CompletionCall> read,
        AnswerShape shape
    )
    {
        if (options.Model is not { } model)
        {
            return new ApiProblem(StatusCodes.Status503ServiceUnavailable, "No model is being served. Start the server with --model.");
        }
        try
        {
            var call = read(await RequestFields.ReadAsync(context), model);
            await new AnswerWriter(context, model, call, shape, options.Time.GetUtcNow()).RunAsync();
            return Results.Empty;
        }
        catch (ApiRefusal refusal)
        {
            return refusal.Problem;
        }
        catch (ModelBusyException busy)
        {
            context.Response.Headers.RetryAfter = Patience.TotalSeconds.ToString(CultureInfo.InvariantCulture);
            return new ApiProblem(StatusCodes.Status503ServiceUnavailable, busy.Message);
        }
        catch (AttuneException problem) when (!context.Response.HasStarted)
        {
            return new ApiProblem(StatusCodes.Status400BadRequest, problem.Message);
        }
    }
}
