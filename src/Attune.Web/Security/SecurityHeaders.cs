using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Attune.Web.Security;

/// <summary>
/// The security headers of every response. Texts from models are hostile input: even if one were not encoded by mistake, no inline script
/// would run, nothing foreign would load, and no form could send data elsewhere.
/// </summary>
internal static class SecurityHeaders
{
    public const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
        + "frame-ancestors 'none'; object-src 'none'; manifest-src 'self'";

    /// <summary>
    /// For pages that show items: images that the texts contain, and where the owner allows it those of other servers.
    /// </summary>
    public static void AllowImages(HttpContext context, bool remote) =>
        context.Response.Headers.ContentSecurityPolicy = Policy.Replace(
            "img-src 'self'",
            remote ? "img-src 'self' data: https: http:" : "img-src 'self' data:",
            StringComparison.Ordinal
        );

    public static void UseSecurityHeaders(this IApplicationBuilder app) =>
        app.Use(
            (context, next) =>
            {
                var headers = context.Response.Headers;
                headers.ContentSecurityPolicy = Policy;
                headers.XContentTypeOptions = "nosniff";
                headers.XFrameOptions = "DENY";
                headers["Referrer-Policy"] = "same-origin";
                headers["Cross-Origin-Opener-Policy"] = "same-origin";
                headers["Cross-Origin-Resource-Policy"] = "same-origin";
                headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=(), payment=()";
                // Pages contain data that only their reader may see, so going back or reloading must request them again.
                headers.CacheControl = "no-store";
                if (context.Request.IsHttps)
                {
                    headers.StrictTransportSecurity = "max-age=31536000";
                }
                return next(context);
            }
        );
}
