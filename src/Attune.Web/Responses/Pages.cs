using Attune.Web.Components;
using Attune.Web.Identity;
using Attune.Web.Rendering;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.DependencyInjection;

namespace Attune.Web.Responses;

/// <summary>Builds the pages that answer requests.</summary>
internal static class Pages
{
    public static PageData Context(HttpContext context) =>
        new(
            context.User.SignedInUser(),
            context.RequestServices.GetRequiredService<IAntiforgery>().GetAndStoreTokens(context).RequestToken ?? "",
            context.Request.Path.Value ?? "/"
        )
        {
            Raw = TextView.IsRaw(context),
            Notice = StatusMessages.Find(context.Request.Query["done"].ToString()),
        };

    /// <summary>A page whose parameters are the properties of <paramref name="parameters"/>, which include Page.</summary>
    public static IResult Show<TPage>(object parameters)
        where TPage : IComponent => new RazorComponentResult<TPage>(parameters);

    public static IResult NotFound(HttpContext context) =>
        Problems.Result(context, StatusCodes.Status404NotFound, "There is no such page, or you do not have access to it.");
}
