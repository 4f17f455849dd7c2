using System.Collections.Immutable;

namespace Attune.Feedback.Storage;

/// <summary>What someone may do; each may do what those before may.</summary>
public enum MemberRole
{
    /// <summary>Look at projects and their figures.</summary>
    Reader,

    /// <summary>Label.</summary>
    Annotator,

    /// <summary>Change projects, see labels, decide disputes, make snapshots.</summary>
    Manager,

    /// <summary>Everything, in every project.</summary>
    Owner,
}
