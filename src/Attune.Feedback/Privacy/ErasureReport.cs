using Attune.Feedback.Snapshots;

namespace Attune.Feedback.Privacy;

/// <summary>The effect of erasing a person, and what it cannot undo.</summary>
/// <param name="Revisions">Emptied.</param>
/// <param name="Snapshots">Folders that still hold their labels.</param>
/// <param name="Backups">Backup files that were written since the person came, and still hold their name and texts.</param>
public sealed record ErasureReport(
    int Revisions,
    IReadOnlyList<string> Snapshots,
    IReadOnlyList<ShapedModel> Models,
    IReadOnlyList<EarlierBackup> Backups
)
{
    /// <summary>Where the old text may still be in the database's own files, as a sentence; null for nowhere.</summary>
    public string? Remains { get; init; }
}

/// <summary>A backup that holds what was erased later.</summary>
/// <param name="IsThere">Whether the file is still at its place, seen from this machine.</param>
public sealed record EarlierBackup(string File, DateTimeOffset At, bool IsThere);
