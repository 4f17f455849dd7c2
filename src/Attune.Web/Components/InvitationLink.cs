namespace Attune.Web.Components;

/// <summary>A link that was just made.</summary>
/// <param name="IsPublic">Whether it uses the configured address, and not the one the server listens on.</param>
public sealed record InvitationLink(string Address, bool IsPublic);
