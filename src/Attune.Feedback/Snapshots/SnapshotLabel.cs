using Attune.Core.Feedback;
using Attune.Feedback.Labels;
using Attune.Feedback.Quality;

namespace Attune.Feedback.Snapshots;

/// <summary>One label of a snapshot, with how it came about.</summary>
/// <param name="Id">The id of the revision, or of the manager's decision.</param>
/// <param name="Annotator">The pseudonym.</param>
/// <param name="Label">What training reads.</param>
/// <param name="Judgement">What the person said, in the item's positions.</param>
/// <param name="Standing">The stored label; null for a manager's decision.</param>
/// <param name="Guideline">The version of the guidelines that the person had acknowledged; null for none.</param>
/// <param name="Reason">Why a manager decided so; null for a label.</param>
internal sealed record SnapshotLabel(
    Guid Id,
    Guid Task,
    Guid Person,
    string Annotator,
    Label Label,
    Judgement Judgement,
    StandingLabel? Standing,
    (int Number, string Sha256)? Guideline,
    string? Reason
);
