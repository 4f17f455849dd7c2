namespace Attune.Feedback.Snapshots;

/// <summary>A model that learned from someone's labels.</summary>
/// <param name="Labels">The number of their labels in the snapshot.</param>
public sealed record ShapedModel(string Model, string Run, string Stage, string SnapshotSha256, int Labels, DateTimeOffset At);
