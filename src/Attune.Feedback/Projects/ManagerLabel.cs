using Attune.Feedback.Labels;

namespace Attune.Feedback.Projects;

/// <summary>The state of one person's work on a task.</summary>
/// <param name="State">submitted, retracted, skipped or flagged.</param>
/// <param name="Judgement">In the item's positions; null where it was skipped, flagged, retracted or erased.</param>
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
