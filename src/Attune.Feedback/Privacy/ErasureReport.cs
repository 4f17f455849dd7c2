using Attune.Feedback.Snapshots;

namespace Attune.Feedback.Privacy;

/// <summary>The effect of erasing a person, and what it cannot undo.</summary>
/// <param name="Revisions">Emptied.</param>
/// <param name="Snapshots">Folders that still hold their labels.</param>
public sealed record ErasureReport(int Revisions, IReadOnlyList<string> Snapshots, IReadOnlyList<ShapedModel> Models);
