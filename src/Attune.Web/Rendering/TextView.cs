using Microsoft.AspNetCore.Http;

namespace Attune.Web.Rendering;

/// <summary>Whether texts are rendered or shown as they are: a device's choice, kept in a cookie that scripts may set too.</summary>
internal static class TextView
{
    private const string Cookie = "attune_view";
    private const string RawText = "raw";

    /// <summary>How a label's texts were seen; plain where there was nothing to render.</summary>
    private static readonly string[] Seen = ["rendered", RawText, "both", "plain"];

    public static bool IsRaw(HttpContext context) => context.Request.Cookies[Cookie] == RawText;

    public static void Choose(HttpContext context, bool raw) =>
        context.Response.Cookies.Append(
            Cookie,
            raw ? RawText : "rendered",
            new CookieOptions
            {
                Path = "/",
                SameSite = SameSiteMode.Strict,
                MaxAge = TimeSpan.FromDays(400),
                Secure = context.Request.IsHttps,
            }
        );

    /// <summary>As the page's form says it; null for a program that says nothing.</summary>
    public static string? SeenAs(string? view) => Seen.Contains(view) ? view : null;
}
