using Attune.Feedback.Labels;

namespace Attune.Feedback.Storage;

// Times are Unix milliseconds, UTC, which both databases order and compare alike. Ids are UUIDs of version 7, which grow with time.

internal sealed class ProjectRow
{
    public Guid Id { get; set; }
    public required string Name { get; set; }
    public ProjectKind Kind { get; set; }
    public required string SettingsJson { get; set; }
    public Guid GuidelineVersionId { get; set; }
    public ProjectState State { get; set; }
    public long CreatedAt { get; set; }

    /// <summary>Position of the next task.</summary>
    public long NextPosition { get; set; }

    public ProjectSettings ReadSettings() => StoreJson.Read<ProjectSettings>(SettingsJson);
}

/// <summary>Never changed: new guidelines are a new row.</summary>
internal sealed class GuidelineVersionRow
{
    public Guid Id { get; set; }
    public Guid ProjectId { get; set; }
    public int Number { get; set; }
    public required string Markdown { get; set; }
    public required string Sha256 { get; set; }
    public long CreatedAt { get; set; }
}

internal sealed class ItemRow
{
    public Guid Id { get; set; }
    public Guid ProjectId { get; set; }
    public string? ExternalId { get; set; }
    public required string PromptJson { get; set; }
    public string? PassagesJson { get; set; }
    public string? ExtrasJson { get; set; }

    /// <summary>The hash of prompt, passages and candidates.</summary>
    public required string ContentSha256 { get; set; }
}

internal sealed class CandidateRow
{
    public Guid ItemId { get; set; }
    public int Ordinal { get; set; }

    /// <summary>Text and steps.</summary>
    public required string ContentJson { get; set; }
    public string? Policy { get; set; }
    public string? ExtrasJson { get; set; }
}

internal enum TaskKind
{
    Normal,
    Gold,
    Repeat,
}

internal enum TaskState
{
    Open,

    /// <summary>Held back for the manager because people flagged it.</summary>
    Held,
    Retired,
}

internal sealed class TaskRow
{
    public Guid Id { get; set; }
    public Guid ProjectId { get; set; }
    public Guid ItemId { get; set; }
    public TaskKind Kind { get; set; }
    public TaskState State { get; set; }
    public int Priority { get; set; }

    /// <summary>Order within the project.</summary>
    public long Position { get; set; }
    public int Quota { get; set; }

    /// <summary>For gold tasks: the expected judgement and the kind of gold.</summary>
    public string? ExpectedJson { get; set; }
    public GoldKind? GoldKind { get; set; }

    /// <summary>For repeats: the task that the same person labelled before.</summary>
    public Guid? RepeatOf { get; set; }
}

internal enum SlotState
{
    Free,
    Leased,
    Done,
}

/// <summary>
/// A place for one label of a task. A task has as many rows as its quota, and a person has at most one row
/// of a task, so more labels than asked for cannot be stored.
/// </summary>
internal sealed class SlotRow
{
    public Guid TaskId { get; set; }
    public int Number { get; set; }
    public Guid ProjectId { get; set; }
    public SlotState State { get; set; }
    public Guid? PersonId { get; set; }
    public Guid? LeaseId { get; set; }
    public long ExpiresAt { get; set; }

    /// <summary>
    /// Copied from the task, so that one index finds the next slot. Slots of held tasks and slots made for one person are not open.
    /// </summary>
    public int Priority { get; set; }
    public long Position { get; set; }
    public bool Open { get; set; }
}

/// <summary>What was shown to whom, when and in which order. Its id is the lease's id.</summary>
internal sealed class PresentationRow
{
    public Guid Id { get; set; }
    public Guid TaskId { get; set; }
    public Guid ProjectId { get; set; }
    public Guid PersonId { get; set; }
    public long Seed { get; set; }
    public required string OrderJson { get; set; }

    /// <summary>The newest guidelines when it was shown.</summary>
    public Guid GuidelineVersionId { get; set; }

    /// <summary>The guidelines that the person had acknowledged when they submitted; null for none.</summary>
    public Guid? AcknowledgedVersionId { get; set; }
    public long ShownAt { get; set; }
}

/// <summary>That a person says to have read a version of the guidelines.</summary>
internal sealed class AcknowledgementRow
{
    public Guid PersonId { get; set; }
    public Guid GuidelineVersionId { get; set; }
    public Guid ProjectId { get; set; }
    public long At { get; set; }
}

/// <summary>A file that items show. Never changed.</summary>
internal sealed class ProjectFileRow
{
    public Guid ProjectId { get; set; }
    public required string Name { get; set; }
    public required string Type { get; set; }
    public required string Sha256 { get; set; }
    public required byte[] Content { get; set; }
    public long CreatedAt { get; set; }
}
