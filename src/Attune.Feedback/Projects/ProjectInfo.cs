using Attune.Feedback.Labels;
using Attune.Feedback.Storage;

namespace Attune.Feedback.Projects;

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
