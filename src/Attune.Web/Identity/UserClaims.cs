using System.Security.Claims;
using Attune.Feedback.Storage;

namespace Attune.Web.Identity;

/// <summary>Converts between claims and the signed-in person.</summary>
internal static class UserClaims
{
    public static ClaimsPrincipal Principal(Guid id, string name, MemberRole role, string scheme) =>
        new(
            new ClaimsIdentity(
                [new(ClaimTypes.NameIdentifier, id.ToString()), new(ClaimTypes.Name, name), new(ClaimTypes.Role, role.ToString())],
                scheme
            )
        );

    public static SignedInUser? SignedInUser(this ClaimsPrincipal user) =>
        Guid.TryParse(user.FindFirstValue(ClaimTypes.NameIdentifier), out var id)
        && Enum.TryParse<MemberRole>(user.FindFirstValue(ClaimTypes.Role), out var role)
            ? new SignedInUser(id, user.Identity?.Name ?? "", role)
            : null;

    /// <summary>For endpoints that require signing in.</summary>
    public static Guid PersonId(this ClaimsPrincipal user) => Guid.Parse(user.FindFirstValue(ClaimTypes.NameIdentifier)!);
}
