using Attune.Web.Identity;

namespace Attune.Web.Components;

/// <summary>What every page needs besides its own contents.</summary>
/// <param name="User">Null for visitors who are not signed in.</param>
/// <param name="Token">The antiforgery token that forms send back.</param>
/// <param name="Path">The path of the request, which marks the current page in the menu.</param>
public sealed record PageData(SignedInUser? User, string Token, string Path)
{
    /// <summary>Whether texts are shown as they are, not rendered: this device's choice.</summary>
    public bool Raw { get; init; }

    /// <summary>A sentence about the action that led to this page, shown once.</summary>
    public string? Notice { get; init; }
}
