using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Attune.Web.Security;

/// <summary>
/// Every request that changes something carries the token of the page it came from, signing in included; API keys need none, nor does the
/// model, where cookies count for nothing.
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
                if (!safe && !SessionAuthentication.ComesWithKey(context.Request) && !ModelAccess.IsModel(context.Request))
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
