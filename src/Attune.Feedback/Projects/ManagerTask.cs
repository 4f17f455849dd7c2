using Attune.Feedback.Labels;

namespace Attune.Feedback.Projects;

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
