using System.Net;
using System.Security.Claims;
using Attune.Feedback.People;
using Attune.Web.Completions;
using Attune.Web.Configuration;
using Attune.Web.Identity;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;

namespace Attune.Web.Security;

/// <summary>
/// Who may use the model at <c>/v1</c>: programs with a key that has the permission and whose owner is more than an annotator, because
/// annotators must not be able to score the answers they judge with the model. Cookies are ignored, so no page can use a visitor's rights.
/// </summary>
internal static class ModelAccess
{
    private const string Here = "here";

    /// <summary>The principal for programs on this machine.</summary>
    public static ClaimsPrincipal Neighbour { get; } =
        new(new ClaimsIdentity([new Claim(SessionAuthentication.ScopeClaim, nameof(KeyScope.UseModel))], Here));

    public static void Require(AuthorizationPolicyBuilder rule) =>
        rule.RequireClaim(SessionAuthentication.ScopeClaim, nameof(KeyScope.UseModel))
            .RequireAssertion(who => who.User.Identity?.AuthenticationType == Here || who.User.SignedInUser()?.SeesRuns == true);

    /// <summary>
    /// Whether a request without a key is allowed: the option is set, and the request comes from a program on this machine. A page in a
    /// browser is refused, because it sends its origin or uses a host name of its own, and so is a request through a proxy.
    /// </summary>
    public static bool IsOpenTo(HttpContext context, WebOptions options)
    {
        var (headers, host) = (context.Request.Headers, context.Request.Host.Host);
        return options.OpenModel
            && ModelRoute.Matches(context.Request)
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
