using System.Collections.Immutable;
using Attune.Feedback.Snapshots;

namespace Attune.Feedback.Privacy;

/// <summary>What erasing a person did, and what it cannot undo.</summary>
/// <param name="Revisions">Emptied.</param>
/// <param name="Snapshots">Folders that still hold labels of theirs.</param>
public sealed record ErasureReport(int Revisions, IReadOnlyList<string> Snapshots, IReadOnlyList<ShapedModel> Models);
