using Attune.Web.Completions;
using Attune.Web.Responses;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Attune.Web.Security;

/// <summary>
/// Every request that changes something, including signing in, must carry the antiforgery token of its page. Requests with an API key need
/// none, and neither do requests to the model, which ignores cookies.
/// </summary>
internal static class ForgeryCheck
{
    public static void UseForgeryCheck(this WebApplication app) =>
        app.Use(
            async (context, next) =>
            {
                var safe =
                    HttpMethods.IsGet(context.Request.Method)
                    || HttpMethods.IsHead(context.Request.Method)
                    || HttpMethods.IsOptions(context.Request.Method);
                if (!safe && !SessionAuthentication.ComesWithKey(context.Request) && !ModelRoute.Matches(context.Request))
                {
                    try
                    {
                        await context.RequestServices.GetRequiredService<IAntiforgery>().ValidateRequestAsync(context);
                    }
                    catch (AntiforgeryValidationException)
                    {
                        var signedOut = context.User.Identity?.IsAuthenticated != true && context.Request.Path.StartsWithSegments("/work");
                        await Problems.Write(
                            context,
                            signedOut ? StatusCodes.Status401Unauthorized : StatusCodes.Status400BadRequest,
                            signedOut
                                ? "Please sign in again."
                                : "The page has expired, or the request did not come from it. Reload the page and try again."
                        );
                        return;
                    }
                }

                await next(context);
            }
        );
}
