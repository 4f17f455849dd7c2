using Attune.Feedback.Storage;

namespace Attune.Web.Identity;

/// <summary>The person who is signed in.</summary>
/// <param name="Name">The name used for signing in.</param>
/// <param name="Role">
/// The role in the whole installation. People invited only to single projects are annotators here, which gives access to nothing else.
/// </param>
public sealed record SignedInUser(Guid Id, string Name, MemberRole Role)
{
    /// <summary>May see more than tasks: projects, runs and people.</summary>
    public bool SeesRuns => Role is MemberRole.Owner or MemberRole.Manager or MemberRole.Reader;
    public bool IsManager => Role is MemberRole.Owner or MemberRole.Manager;
    public bool IsOwner => Role is MemberRole.Owner;
}
