namespace Attune.Feedback;

public enum ProjectState
{
    Open,

    /// <summary>No task is handed out; labels under way are taken.</summary>
    Paused,
    Closed,
}

public sealed record ProjectInfo(
    Guid Id,
    string Name,
    ProjectKind Kind,
    ProjectState State,
    ProjectSettings Settings,
    int GuidelineVersion,
    DateTimeOffset CreatedAt
);

/// <summary>One version of a project's guidelines; versions are never changed, only followed by others.</summary>
public sealed record GuidelineVersion(Guid Id, int Number, string Markdown, string Sha256, DateTimeOffset CreatedAt);

/// <summary>What adding items did.</summary>
/// <param name="Duplicates">Items that were there already, by name or by content.</param>
/// <param name="Labels">Labels that came with new items.</param>
public sealed record AddedItems(int Items, int Duplicates, int Labels);

/// <summary>How far a project is.</summary>
/// <param name="Wanted">Labels that its tasks have places for, gold and repeats left out.</param>
public sealed record ProjectProgress(int Tasks, int Wanted, int Done, int InHand, int Surplus, int Skipped, int Flagged, int Held)
{
    public double Share => Wanted == 0 ? 0 : (double)Done / Wanted;
}

/// <summary>A task as managers see it, with everything said about it.</summary>
/// <param name="Kind">normal, gold or repeat.</param>
/// <param name="State">open, held or retired.</param>
public sealed record ManagerTask(
    Guid Id,
    long Position,
    string Kind,
    string State,
    int Quota,
    ItemContent Content,
    Judgement? Expected,
    IReadOnlyList<ManagerLabel> Labels,
    Judgement? Adjudicated,
    string? AdjudicationReason
);

/// <summary>Where one person stands with a task.</summary>
/// <param name="State">submitted, retracted, skipped or flagged.</param>
/// <param name="Judgement">In the item's positions; null where it was skipped, flagged, taken back or erased.</param>
public sealed record ManagerLabel(
    Guid ResponseId,
    Guid PersonId,
    string Pseudonym,
    string State,
    bool Surplus,
    Judgement? Judgement,
    string? Reason,
    int Revision,
    DateTimeOffset At,
    TimeSpan? Active
);
