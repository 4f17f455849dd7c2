using System.Security.Claims;
using System.Text.Encodings.Web;
using Attune.Feedback;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Attune.Web.Security;

/// <summary>
/// People come with a session's token in a cookie, programs with an API key in a header. A key is never taken from a cookie and opens
/// nothing but the API and the model; a cookie never opens the model. Whoever comes with a key cannot be made to by a foreign page, so that
/// only cookies need tokens against forgery.
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

    /// <summary>Whatever its key is worth, such a request is never taken for its cookie's person.</summary>
    public static bool ComesWithKey(HttpRequest request) =>
        IsForPrograms(request) && request.Headers.Authorization.ToString().StartsWith(Bearer, StringComparison.OrdinalIgnoreCase);

    private static bool IsForPrograms(HttpRequest request) => request.Path.StartsWithSegments("/api") || ModelAccess.IsModel(request);

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
            var key = Viewers.Principal(holder.Person.Id, holder.Person.Name, holder.Person.Role, KeyScheme);
            ((ClaimsIdentity)key.Identity!).AddClaims(holder.Scopes.Select(s => new Claim(ScopeClaim, s.ToString())));
            return Ticket(key);
        }

        if (ModelAccess.IsModel(Request))
        {
            return ModelAccess.IsOpenTo(Context, web) ? Ticket(ModelAccess.Neighbour) : AuthenticateResult.NoResult();
        }
        if (
            Request.Cookies[Cookie] is not { Length: > 0 and < 200 } token
            || await store.People.SessionAsync(token, Context.RequestAborted) is not { } person
        )
        {
            return AuthenticateResult.NoResult();
        }
        return Ticket(Viewers.Principal(person.Id, person.Name, person.Role, Scheme));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        if (ModelAccess.IsModel(Request))
        {
            return Problems.Write(
                Context,
                StatusCodes.Status401Unauthorized,
                "Using the model requires an API key with that permission, sent as 'Authorization: Bearer ...'. Create one on your account page."
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
        // Only ever a path of this server.
        var back = HttpMethods.IsGet(Request.Method) ? "?back=" + Uri.EscapeDataString(Request.Path + Request.QueryString) : "";
        Response.Redirect("/sign-in" + back);
        return Task.CompletedTask;
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) =>
        Problems.Write(
            Context,
            StatusCodes.Status403Forbidden,
            ModelAccess.IsModel(Request)
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
