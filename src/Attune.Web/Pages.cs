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
        Problems.Result(context, StatusCodes.Status404NotFound, "There is no such page, or it is not yours to see.");
}

/// <summary>Sentences that an address may name; a text in an address is never shown itself.</summary>
internal static class Notices
{
    private static readonly Dictionary<string, string> Sentences = new(StringComparer.Ordinal)
    {
        ["saved"] = "Saved.",
        ["skipped"] = "Skipped; here is the next one.",
        ["flagged"] = "Flagged; here is the next one. Thank you.",
        ["undone"] = "Taken back: change it, then submit again.",
        ["nothing"] = "There was nothing to take back.",
        ["signed-out"] = "Signed out.",
        ["password"] = "Your password is changed.",
        ["snapshot"] = "The snapshot is made.",
        ["revoked"] = "The key is revoked.",
        ["alike"] = "Made. Some prompts were left out: the model had only one answer to them.",
        ["joined"] = "Welcome: what you were invited to is here now.",
        ["surplus"] = "Kept. Your answer came after the task had gone to somebody else; it counts as an extra one.",
    };

    public static string? Find(string name) => Sentences.GetValueOrDefault(name);
}
