namespace Attune.Feedback.Storage;

internal enum ResponseState
{
    Submitted,
    Retracted,
    Skipped,
    Flagged,
}

/// <summary>The state of one person's work on one task, as its newest revision says.</summary>
internal sealed class ResponseRow
{
    public Guid Id { get; set; }
    public Guid ProjectId { get; set; }
    public Guid TaskId { get; set; }
    public Guid PersonId { get; set; }
    public ResponseState State { get; set; }
    public Guid CurrentRevisionId { get; set; }
    public int Revision { get; set; }
    public bool Surplus { get; set; }
    public long UpdatedAt { get; set; }
}

internal enum RevisionKind
{
    Submit,
    Retract,
    Skip,
    Flag,
    Import,
}

/// <summary>
/// Never changed and never deleted. Only erasing a person empties <see cref="ValueJson"/>, and the audit records it.
/// </summary>
internal sealed class RevisionRow
{
    /// <summary>Chosen by the sender, so that a repeated submit is recognised.</summary>
    public Guid Id { get; set; }
    public Guid ResponseId { get; set; }
    public int Number { get; set; }
    public Guid ProjectId { get; set; }
    public Guid TaskId { get; set; }
    public Guid PersonId { get; set; }
    public Guid? PresentationId { get; set; }
    public RevisionKind Kind { get; set; }

    /// <summary>The judgement in the item's positions, or the reason of a skip or flag.</summary>
    public required string ValueJson { get; set; }

    /// <summary>The hash of the judgement as it was sent.</summary>
    public required string BodySha256 { get; set; }
    public string? ExtrasJson { get; set; }
    public bool Surplus { get; set; }
    public bool Redacted { get; set; }
    public long? ClientAt { get; set; }
    public long ServerAt { get; set; }
    public long? ActiveMs { get; set; }
    public long? ElapsedMs { get; set; }
    public string? UiVersion { get; set; }
}

/// <summary>What a person has typed so far; the only part of a label that is overwritten.</summary>
internal sealed class DraftRow
{
    public Guid TaskId { get; set; }
    public Guid PersonId { get; set; }
    public required string ValueJson { get; set; }
    public long UpdatedAt { get; set; }
}

/// <summary>A turn of a chat: what the person wrote and the replies the model gave, in the order it gave them.</summary>
internal sealed class ChatTurnRow
{
    public Guid TaskId { get; set; }
    public Guid PersonId { get; set; }
    public int Number { get; set; }
    public required string UserJson { get; set; }
    public required string RepliesJson { get; set; }
    public required string OrderJson { get; set; }

    /// <summary>The reply the conversation goes on with, in the model's order; null while undecided.</summary>
    public int? Chosen { get; set; }
    public long At { get; set; }
}

/// <summary>A manager's decision on a task; the newest counts.</summary>
internal sealed class AdjudicationRow
{
    public Guid Id { get; set; }
    public Guid ProjectId { get; set; }
    public Guid TaskId { get; set; }
    public Guid PersonId { get; set; }
    public required string ValueJson { get; set; }
    public required string Reason { get; set; }
    public long At { get; set; }
}

internal sealed class AuditRow
{
    public long Sequence { get; set; }
    public long At { get; set; }
    public required string Actor { get; set; }
    public required string Action { get; set; }
    public required string Subject { get; set; }
    public required string DetailJson { get; set; }
    public required string PreviousHash { get; set; }
    public required string Hash { get; set; }
}

/// <summary>The newest link of the audit: one row, which every writer locks.</summary>
internal sealed class ChainHeadRow
{
    public int Id { get; set; }
    public long Sequence { get; set; }
    public required string Hash { get; set; }
}
