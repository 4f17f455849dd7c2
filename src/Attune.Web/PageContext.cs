using Attune.Feedback.Storage;

namespace Attune.Web;

/// <summary>Who looks at a page; null members where nobody is signed in.</summary>
/// <param name="Id">The person.</param>
/// <param name="Name">What they sign in with.</param>
/// <param name="Role">The role over the whole installation; for whoever was invited to a project alone it is annotator, which opens
/// nothing.</param>
public sealed record Viewer(Guid Id, string Name, MemberRole Role)
{
    /// <summary>May see more than tasks: projects, runs, people.</summary>
    public bool SeesRuns => Role is MemberRole.Owner or MemberRole.Manager or MemberRole.Reader;
    public bool IsManager => Role is MemberRole.Owner or MemberRole.Manager;
    public bool IsOwner => Role is MemberRole.Owner;
}

/// <summary>What every page needs besides its own contents.</summary>
/// <param name="Viewer">Null where nobody is signed in.</param>
/// <param name="Token">The antiforgery token that forms send back.</param>
/// <param name="Path">Of the request, to mark where one is.</param>
public sealed record PageContext(Viewer? Viewer, string Token, string Path)
{
    /// <summary>A sentence about what was just done, shown once.</summary>
    public string? Notice { get; init; }
}
