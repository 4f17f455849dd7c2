using System.Net;
using System.Security.Claims;
using Attune.Feedback.People;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;

namespace Attune.Web.Security;

/// <summary>
/// Who may ask the model at <c>/v1</c>: programs with a key for it whose owner is more than an annotator, since whoever judges a model's
/// answers must not be able to measure them with it. Cookies count for nothing there, so no page can spend a visitor's rights.
/// </summary>
internal static class ModelAccess
{
    private const string Here = "here";

    /// <summary>A program on this machine.</summary>
    public static ClaimsPrincipal Neighbour { get; } =
        new(new ClaimsIdentity([new Claim(SessionAuthentication.ScopeClaim, nameof(KeyScope.UseModel))], Here));

    public static bool IsModel(HttpRequest request) => request.Path.StartsWithSegments("/v1");

    public static void Require(AuthorizationPolicyBuilder rule) =>
        rule.RequireClaim(SessionAuthentication.ScopeClaim, nameof(KeyScope.UseModel))
            .RequireAssertion(who => who.User.Identity?.AuthenticationType == Here || who.User.Viewer()?.SeesRuns == true);

    /// <summary>
    /// Whether a request without a key is let in: the option says so, and it comes from a program on this machine. Not from a page in its
    /// browser, which names its origin, or was told that a name of its own is this machine; nor through a proxy.
    /// </summary>
    public static bool IsOpenTo(HttpContext context, WebOptions options)
    {
        var (headers, host) = (context.Request.Headers, context.Request.Host.Host);
        return options.OpenModel
            && IsModel(context.Request)
            && context.Connection.RemoteIpAddress is { } address
            && IPAddress.IsLoopback(address)
            && (
                host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
                || (IPAddress.TryParse(host.Trim('[', ']'), out var named) && IPAddress.IsLoopback(named))
            )
            && headers.Origin.Count == 0
            && headers["X-Forwarded-For"].Count == 0
            && headers["Forwarded"].Count == 0
            && headers.Via.Count == 0;
    }
}
