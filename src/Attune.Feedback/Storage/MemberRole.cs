namespace Attune.Feedback.Storage;

/// <summary>What a person may do; each role may do everything that the roles before it may do.</summary>
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
