using System.Security.Claims;
using System.Text.Encodings.Web;
using Attune.Feedback;
using Attune.Feedback.People;
using Attune.Web.Completions;
using Attune.Web.Configuration;
using Attune.Web.Identity;
using Attune.Web.Responses;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Attune.Web.Security;

/// <summary>
/// People authenticate with a session token in a cookie, programs with an API key in a header. A key gives access only to the API and the
/// model, and a cookie never gives access to the model. A foreign page cannot make a browser send a key, so only requests with cookies
/// need antiforgery tokens.
/// </summary>
internal sealed class SessionAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options,
    ILoggerFactory logger,
    UrlEncoder encoder,
    FeedbackStore store,
    WebOptions web
) : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public new const string Scheme = "session";
    public const string Cookie = "attune_session";
    public const string ScopeClaim = "scope";
    private const string KeyScheme = "key";
    private const string Bearer = "Bearer ";

    /// <summary>Such a request is never attributed to the person of its cookie, even if its key is invalid.</summary>
    public static bool ComesWithKey(HttpRequest request) =>
        IsForPrograms(request) && request.Headers.Authorization.ToString().StartsWith(Bearer, StringComparison.OrdinalIgnoreCase);

    private static bool IsForPrograms(HttpRequest request) => request.Path.StartsWithSegments("/api") || ModelRoute.Matches(request);

    public static bool IsKey(ClaimsPrincipal user) => user.Identity?.AuthenticationType == KeyScheme;

    public static void Keep(HttpContext context, SignedIn session) =>
        context.Response.Cookies.Append(Cookie, session.Token, CookieOptions(context, session.ExpiresAt));

    public static void Forget(HttpContext context) => context.Response.Cookies.Delete(Cookie, CookieOptions(context, null));

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var header = Request.Headers.Authorization.ToString();
        if (header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase))
        {
            if (!IsForPrograms(Request))
            {
                return AuthenticateResult.NoResult();
            }
            var holder = await store.Keys.FindAsync(header[Bearer.Length..].Trim(), Context.RequestAborted);
            if (holder is null)
            {
                return ModelAccess.IsOpenTo(Context, web)
                    ? Ticket(ModelAccess.Neighbour)
                    : AuthenticateResult.Fail("The API key is unknown, revoked or expired.");
            }
            var key = UserClaims.Principal(holder.Person.Id, holder.Person.Name, holder.Person.Role, KeyScheme);
            ((ClaimsIdentity)key.Identity!).AddClaims(holder.Scopes.Select(s => new Claim(ScopeClaim, s.ToString())));
            return Ticket(key);
        }

        if (ModelRoute.Matches(Request))
        {
            return ModelAccess.IsOpenTo(Context, web) ? Ticket(ModelAccess.Neighbour) : AuthenticateResult.NoResult();
        }
        if (
            Request.Cookies[Cookie] is not { Length: > 0 and < 200 } token
            || await store.Accounts.SessionAsync(token, Context.RequestAborted) is not { } person
        )
        {
            return AuthenticateResult.NoResult();
        }
        return Ticket(UserClaims.Principal(person.Id, person.Name, person.Role, Scheme));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        if (ModelRoute.Matches(Request))
        {
            return Problems.Write(
                Context,
                StatusCodes.Status401Unauthorized,
                "Using the model requires an API key with that permission, sent as 'Authorization: Bearer ...'. Create one on "
                    + "your account page."
            );
        }
        if (Problems.WantsJson(Context))
        {
            return Problems.Write(
                Context,
                StatusCodes.Status401Unauthorized,
                "Please sign in, or send an API key as 'Authorization: Bearer ...'."
            );
        }
        // Always a path on this server.
        var back = HttpMethods.IsGet(Request.Method) ? "?back=" + Uri.EscapeDataString(Request.Path + Request.QueryString) : "";
        Response.Redirect("/sign-in" + back);
        return Task.CompletedTask;
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) =>
        Problems.Write(
            Context,
            StatusCodes.Status403Forbidden,
            ModelRoute.Matches(Request)
                ? "The key does not have permission to use the model, or its owner's role does not allow it."
                : "Your role does not allow this."
        );

    private static AuthenticateResult Ticket(ClaimsPrincipal who) => AuthenticateResult.Success(new AuthenticationTicket(who, Scheme));

    private static CookieOptions CookieOptions(HttpContext context, DateTimeOffset? until) =>
        new()
        {
            HttpOnly = true,
            SameSite = SameSiteMode.Lax,
            Secure = context.Request.IsHttps,
            Path = "/",
            Expires = until,
            IsEssential = true,
        };
}
