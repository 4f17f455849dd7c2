using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Attune.Web.Completions;

/// <summary>An error in the format that OpenAI's clients read.</summary>
/// <param name="Parameter">The parameter at fault; null if there is none.</param>
internal sealed record ApiProblem(int Status, string Message, string? Parameter = null, string? Code = null) : IResult
{
    private string Type =>
        Status switch
        {
            StatusCodes.Status401Unauthorized => "authentication_error",
            StatusCodes.Status403Forbidden => "permission_error",
            StatusCodes.Status404NotFound => "not_found_error",
            StatusCodes.Status429TooManyRequests => "rate_limit_error",
            >= 500 => "server_error",
            _ => "invalid_request_error",
        };

    public object Body =>
        new
        {
            error = new
            {
                message = Message,
                type = Type,
                param = Parameter,
                code = Code ?? (Status == StatusCodes.Status401Unauthorized ? "invalid_api_key" : null),
            },
        };

    public async Task ExecuteAsync(HttpContext context)
    {
        context.Response.StatusCode = Status;
        context.Response.ContentType = "application/json";
        await context.Response.Body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(Body, CompletionJson.Options), context.RequestAborted);
    }
}

/// <summary>A request that is refused.</summary>
internal sealed class ApiRefusal(ApiProblem problem) : Exception(problem.Message)
{
    public ApiRefusal(string message, string? parameter, string? code = null)
        : this(new ApiProblem(StatusCodes.Status400BadRequest, message, parameter, code)) { }

    public ApiProblem Problem => problem;
}
