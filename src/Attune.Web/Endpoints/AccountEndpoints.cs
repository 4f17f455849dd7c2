using System.Collections.Immutable;
using System.Globalization;
using Attune.Feedback;
using Attune.Feedback.People;
using Attune.Web.Components;
using Attune.Web.Identity;
using Attune.Web.Responses;
using Attune.Web.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Attune.Web.Endpoints;

/// <summary>Signing in, signing out, and the account page.</summary>
internal static class AccountEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var open = routes.MapGroup("").AllowAnonymous();
        open.MapGet("/sign-in", (HttpContext context) => SignInPage(context, null, ""));
        open.MapPost("/sign-in", SignInAsync).RequireRateLimiting(RateLimits.Secrets);
        open.MapGet("/set-up/{token}", (HttpContext context, string token) => JoinPage(context, "/set-up/" + token, true, [], ""));
        open.MapPost("/set-up/{token}", (HttpContext context, string token, FeedbackStore store) => JoinAsync(context, token, store, true))
            .RequireRateLimiting(RateLimits.Secrets);
        open.MapGet("/join/{token}", (HttpContext context, string token) => JoinPage(context, "/join/" + token, false, [], ""));
        open.MapPost("/join/{token}", (HttpContext context, string token, FeedbackStore store) => JoinAsync(context, token, store, false))
            .RequireRateLimiting(RateLimits.Secrets);
        routes.MapPost("/join/{token}/accept", AcceptAsync).RequireRateLimiting(RateLimits.Secrets);
        open.MapPost("/sign-out", SignOutAsync);
        routes.MapGet("/account", (HttpContext context, FeedbackStore store) => AccountPageAsync(context, store, [], null));
        routes.MapPost("/account/password", PasswordAsync).RequireRateLimiting(RateLimits.Secrets);
        routes.MapPost("/account/keys", NewKeyAsync);
        routes.MapPost("/account/keys/{key:guid}/revoke", RevokeAsync);
    }

    private static IResult SignInPage(HttpContext context, string? problem, string name, int refusal = StatusCodes.Status400BadRequest)
    {
        context.Response.StatusCode = problem is null ? StatusCodes.Status200OK : refusal;
        return Pages.Show<SignInPage>(
            new
            {
                Page = Pages.Context(context),
                Problem = problem,
                Name = name,
                Back = LocalPath(context.Request.Query["back"].ToString()),
            }
        );
    }

    private static async Task<IResult> SignInAsync(HttpContext context, FeedbackStore store, SignInLimit limit)
    {
        var fields = await Form.ReadAsync(context);
        var name = fields.Text("name") ?? "";
        if (name.Length > 200)
        {
            return SignInPage(context, "The name or the password is wrong.", "");
        }
        if (!limit.Allows(name))
        {
            context.Response.Headers.RetryAfter = "10";
            return SignInPage(
                context,
                "Too many attempts to sign in with this name. Wait a minute, then try again.",
                name,
                StatusCodes.Status429TooManyRequests
            );
        }
        switch (await store.Accounts.SignInAsync(name, fields.Text("password") ?? "", context.RequestAborted))
        {
            case SignInResult.Welcome welcome:
                SessionAuthentication.Keep(context, welcome.Session);
                return Results.LocalRedirect(LocalPath(fields.Text("back") ?? "/"));
            case SignInResult.Wait wait:
                return SignInPage(
                    context,
                    $"Too many wrong passwords. Try again after {wait.Until.ToString("HH:mm:ss", CultureInfo.InvariantCulture)} UTC.",
                    name
                );
            case SignInResult.Disabled:
                return SignInPage(context, "This account is disabled. Ask the people who run this server.", name);
            default:
                return SignInPage(context, "The name or the password is wrong.", name);
        }
    }

    private static async Task<IResult> SignOutAsync(HttpContext context, FeedbackStore store)
    {
        if (context.Request.Cookies[SessionAuthentication.Cookie] is { } token)
        {
            await store.Accounts.SignOutAsync(token, context.RequestAborted);
        }
        SessionAuthentication.Forget(context);
        return Results.LocalRedirect("/sign-in?done=signed-out");
    }

    private static IResult JoinPage(HttpContext context, string action, bool first, ImmutableArray<string> problems, string name)
    {
        context.Response.StatusCode = problems.IsEmpty ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest;
        return Pages.Show<JoinPage>(
            new
            {
                Page = Pages.Context(context),
                Action = action,
                First = first,
                Problems = problems,
                Name = name,
            }
        );
    }

    private static async Task<IResult> JoinAsync(HttpContext context, string token, FeedbackStore store, bool first)
    {
        var fields = await Form.ReadAsync(context);
        var name = fields.Text("name") ?? "";
        switch (await store.Accounts.JoinAsync(token, name, fields.Text("password") ?? "", context.RequestAborted))
        {
            case JoinResult.Joined joined:
                SessionAuthentication.Keep(context, joined.Session);
                return Results.LocalRedirect("/");
            case JoinResult.Invalid invalid:
                return JoinPage(context, context.Request.Path, first, invalid.Problems, name);
            default:
                return Problems.Result(
                    context,
                    StatusCodes.Status410Gone,
                    first
                        ? "This set-up link was used or has expired. Restart the server: it prints a new link until there is an owner."
                        : "This invitation was used or has expired. Ask for a new one."
                );
        }
    }

    /// <summary>Accepts an invitation with an existing account.</summary>
    private static async Task<IResult> AcceptAsync(HttpContext context, string token, FeedbackStore store) =>
        await store.Accounts.AcceptAsync(token, context.User.PersonId(), context.RequestAborted)
            ? Results.LocalRedirect("/?done=joined")
            : Problems.Result(context, StatusCodes.Status410Gone, "This invitation was used or has expired. Ask for a new one.");

    private static async Task<IResult> AccountPageAsync(
        HttpContext context,
        FeedbackStore store,
        ImmutableArray<string> problems,
        string? newKey
    )
    {
        var person = await store.People.FindAsync(context.User.PersonId(), context.RequestAborted);
        var keys = await store.Keys.ListAsync(context.User.PersonId(), context.RequestAborted);
        return Pages.Show<AccountPage>(
            new
            {
                Page = Pages.Context(context),
                Person = person,
                Keys = keys.Where(k => !k.Revoked).ToImmutableArray(),
                Problems = problems,
                NewKey = newKey,
            }
        );
    }

    private static async Task<IResult> PasswordAsync(HttpContext context, FeedbackStore store)
    {
        var (fields, me) = (await Form.ReadAsync(context), context.User.PersonId());
        if (
            await store.Accounts.SignInAsync(context.User.Identity!.Name!, fields.Text("old") ?? "", context.RequestAborted)
            is not SignInResult.Welcome
        )
        {
            return await AccountPageAsync(context, store, ["the old password is wrong."], null);
        }
        var problems = await store.Accounts.ChangePasswordAsync(me, me, fields.Text("password") ?? "", context.RequestAborted);
        if (!problems.IsEmpty)
        {
            return await AccountPageAsync(context, store, problems, null);
        }
        SessionAuthentication.Forget(context);
        return Results.LocalRedirect("/sign-in?done=password");
    }

    private static async Task<IResult> NewKeyAsync(HttpContext context, FeedbackStore store)
    {
        var fields = await Form.ReadAsync(context);
        var name = fields.Text("name") ?? "";
        ImmutableArray<KeyScope> scopes = [.. Enum.GetValues<KeyScope>().Where(s => fields.Text("scope." + s) is not null)];
        if (name.Length is 0 or > 100 || scopes.IsEmpty)
        {
            return await AccountPageAsync(context, store, ["a key needs a name of 1 to 100 characters and at least one permission."], null);
        }
        TimeSpan? validity = fields.Number("days") is { } days and > 0 ? TimeSpan.FromDays(Math.Min(days, 3650)) : null;
        var made = await store.Keys.CreateAsync(context.User.PersonId(), name, scopes, validity, context.RequestAborted);
        return await AccountPageAsync(context, store, [], made.Key);
    }

    private static async Task<IResult> RevokeAsync(HttpContext context, FeedbackStore store, Guid key) =>
        await store.Keys.RevokeAsync(context.User.PersonId(), key, context.RequestAborted)
            ? Results.LocalRedirect("/account?done=revoked")
            : Pages.NotFound(context);

    /// <summary>The path to return to, if it is on this server.</summary>
    private static string LocalPath(string path) =>
        path.StartsWith('/')
        && !path.StartsWith("//", StringComparison.Ordinal)
        && !path.StartsWith("/\\", StringComparison.Ordinal)
        && !path.Any(char.IsControl)
            ? path
            : "/";
}
