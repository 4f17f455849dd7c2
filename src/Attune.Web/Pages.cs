using Attune.Web.Security;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.DependencyInjection;

namespace Attune.Web;

/// <summary>From a request to a page.</summary>
internal static class Pages
{
    public static PageContext Context(HttpContext context) =>
        new(
            context.User.Viewer(),
            context.RequestServices.GetRequiredService<IAntiforgery>().GetAndStoreTokens(context).RequestToken ?? "",
            context.Request.Path.Value ?? "/"
        )
        {
            Notice = Notices.Find(context.Request.Query["done"].ToString()),
        };

    /// <summary>A page whose parameters are the properties of <paramref name="parameters"/>, which include Page.</summary>
    public static IResult Show<TPage>(object parameters)
        where TPage : IComponent => new RazorComponentResult<TPage>(parameters);

    public static IResult NotFound(HttpContext context) =>
        Problems.Result(context, StatusCodes.Status404NotFound, "There is no such page, or you do not have access to it.");
}

/// <summary>Sentences that an address may name; a text in an address is never shown itself.</summary>
internal static class Notices
{
    private static readonly Dictionary<string, string> Sentences = new(StringComparer.Ordinal)
    {
        ["saved"] = "Saved.",
        ["skipped"] = "Skipped. Here is the next one.",
        ["flagged"] = "Flagged. Thank you. Here is the next one.",
        ["undone"] = "Undone. Change your answer, then submit again.",
        ["nothing"] = "There is nothing to undo.",
        ["signed-out"] = "Signed out.",
        ["password"] = "Your password was changed.",
        ["snapshot"] = "The snapshot was created.",
        ["revoked"] = "The key was revoked.",
        ["alike"] = "Created. Some prompts were left out because the model gave only one answer to them.",
        ["joined"] = "Welcome. The projects you were invited to are listed here.",
        ["surplus"] = "Saved. The task had already been given to someone else, so your answer counts as an extra one.",
    };

    public static string? Find(string name) => Sentences.GetValueOrDefault(name);
}
