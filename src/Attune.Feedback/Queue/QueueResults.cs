using System.Collections.Immutable;
using System.Text.Json;
using Attune.Core.Conversations;
using Attune.Feedback.Labels;

namespace Attune.Feedback.Queue;

// What annotators' pages receive. Nothing here reveals a policy, a score, another person's label, or whether a task is gold.

/// <summary>An answer as shown.</summary>
/// <param name="Steps">Empty except in projects that rate steps.</param>
public sealed record ShownCandidate(string Text, ImmutableArray<string> Steps);

/// <summary>A turn of a chat as shown: what the person wrote and two replies, in the order drawn for them.</summary>
/// <param name="Chosen">Position of the reply with which the conversation continued; null while undecided.</param>
public sealed record ShownTurn(int Number, string User, ImmutableArray<string> Replies, int? Chosen);

/// <summary>One person's progress in a project.</summary>
/// <param name="Done">Tasks they have labelled.</param>
/// <param name="Left">Tasks still open to them, including the one in hand.</param>
public sealed record OwnProgress(int Done, int Left);

/// <summary>A task in hand.</summary>
/// <param name="LeaseId">Identifies the task in all further calls.</param>
/// <param name="Candidates">In the order to show; positions in judgements count in this order.</param>
/// <param name="GuidelineVersion">The newest; the label records which one the person has acknowledged.</param>
public sealed record AssignedTask(
    Guid LeaseId,
    Guid TaskId,
    Guid ProjectId,
    ProjectKind Kind,
    string Instruction,
    Prompt Prompt,
    ImmutableArray<ShownCandidate> Candidates,
    ImmutableArray<ImmutableArray<string>> Passages,
    ImmutableArray<ShownTurn> Turns,
    int GuidelineVersion,
    DateTimeOffset ExpiresAt,
    OwnProgress Progress
)
{
    /// <summary>
    /// What the person had typed before; null for nothing. Its form is up to the page, or a <see cref="Judgement"/> after an undo.
    /// </summary>
    public JsonElement? Draft { get; init; }
}

/// <summary>The result of claiming a task.</summary>
public abstract record ClaimResult
{
    private ClaimResult() { }

    public sealed record Claimed(AssignedTask Task) : ClaimResult;

    /// <summary>Every task is labelled, in another person's hands, or was seen by this person.</summary>
    public sealed record NothingLeft(OwnProgress Progress) : ClaimResult;

    /// <summary>The person or the project is paused.</summary>
    public sealed record Paused(string Reason) : ClaimResult;

    /// <summary>No such project, or not one of this person's; which of them is not revealed.</summary>
    public sealed record NotAllowed : ClaimResult;
}

/// <summary>The result of a heartbeat.</summary>
public abstract record HeartbeatResult
{
    private HeartbeatResult() { }

    public sealed record Alive(DateTimeOffset ExpiresAt) : HeartbeatResult;

    /// <summary>The task went to someone else or is finished. The answer can still be submitted and may count as surplus.</summary>
    public sealed record Lost : HeartbeatResult;
}

/// <summary>A judgement to store.</summary>
/// <param name="Id">Made by the page (preferably a UUID of version 7) and kept until the receipt arrives: an id is never stored
/// twice.</param>
/// <param name="Judgement">In the positions shown.</param>
public sealed record Submission(Guid Id, Guid LeaseId, Judgement Judgement)
{
    public DateTimeOffset? ClientTime { get; init; }

    /// <summary>Time with the page visible and in use.</summary>
    public TimeSpan? Active { get; init; }

    /// <summary>Time from shown to submitted.</summary>
    public TimeSpan? Elapsed { get; init; }

    public string? UiVersion { get; init; }
}

/// <summary>Proof that something is stored. The same submit gives the same receipt again.</summary>
/// <param name="Revision">1 for the first revision of a response.</param>
/// <param name="Surplus">The label came after its place had gone to someone else: it is kept, but not counted in the quota.</param>
/// <param name="Sha256">The hash of the judgement as it was sent.</param>
public sealed record Receipt(Guid SubmissionId, Guid ResponseId, Guid TaskId, int Revision, bool Surplus, DateTimeOffset At, string Sha256);

/// <summary>The result of a submit, skip, flag or undo.</summary>
public abstract record SubmitResult
{
    private SubmitResult() { }

    /// <param name="Repeated">It had been stored before; nothing was changed.</param>
    public sealed record Accepted(Receipt Receipt, bool Repeated) : SubmitResult;

    /// <summary>The task already has another label of this person; undo that first.</summary>
    public sealed record AlreadySubmitted(Receipt Earlier) : SubmitResult;

    /// <summary>The id was used for something else.</summary>
    public sealed record Conflict(string Reason) : SubmitResult;

    /// <summary>The judgement does not answer the task.</summary>
    public sealed record Invalid(ImmutableArray<string> Problems) : SubmitResult;

    /// <summary>The person does not hold this lease, or there is nothing to undo.</summary>
    public sealed record NotFound : SubmitResult;
}

/// <summary>The result of an undo.</summary>
/// <param name="Task">The task again, with the retracted answer as its draft; null where its place went to someone else, or there was
/// nothing to undo.</param>
public sealed record UndoResult(SubmitResult Result, AssignedTask? Task);
