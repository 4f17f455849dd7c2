using System.Security.Claims;
using Attune.Feedback.Storage;

namespace Attune.Web.Security;

/// <summary>Between a request's claims and the person they speak of.</summary>
internal static class Viewers
{
    public static ClaimsPrincipal Principal(Guid id, string name, MemberRole role, string scheme) =>
        new(
            new ClaimsIdentity(
                [new(ClaimTypes.NameIdentifier, id.ToString()), new(ClaimTypes.Name, name), new(ClaimTypes.Role, role.ToString())],
                scheme
            )
        );

    public static Viewer? Viewer(this ClaimsPrincipal user) =>
        Guid.TryParse(user.FindFirstValue(ClaimTypes.NameIdentifier), out var id)
        && Enum.TryParse<MemberRole>(user.FindFirstValue(ClaimTypes.Role), out var role)
            ? new Viewer(id, user.Identity?.Name ?? "", role)
            : null;

    /// <summary>For endpoints that only people who are signed in can reach.</summary>
    public static Guid PersonId(this ClaimsPrincipal user) => Guid.Parse(user.FindFirstValue(ClaimTypes.NameIdentifier)!);
}
