namespace Attune.Feedback.Storage;

internal enum PersonState
{
    Active,
    Paused,
    Erased,
}

internal sealed class PersonRow
{
    public Guid Id { get; set; }

    /// <summary>The name to sign in with; unique regardless of case.</summary>
    public required string Name { get; set; }
    public required string NormalizedName { get; set; }

    /// <summary>The name in exports and snapshots.</summary>
    public required string Pseudonym { get; set; }
    public MemberRole Role { get; set; }
    public PersonState State { get; set; }
    public string? PasswordHash { get; set; }
    public int FailedSignIns { get; set; }
    public long LockedUntil { get; set; }
    public long CreatedAt { get; set; }

    /// <summary>Known only from imported labels; cannot sign in.</summary>
    public bool Imported { get; set; }
}

/// <summary>A person's role in a project. Owners need none.</summary>
internal sealed class MembershipRow
{
    public Guid PersonId { get; set; }
    public Guid ProjectId { get; set; }
    public MemberRole Role { get; set; }
    public string? PausedBecause { get; set; }
}

internal sealed class InviteRow
{
    public Guid Id { get; set; }
    public required string TokenHash { get; set; }
    public MemberRole Role { get; set; }
    public Guid? ProjectId { get; set; }
    public Guid? InvitedBy { get; set; }
    public long ExpiresAt { get; set; }
    public long? UsedAt { get; set; }
}

internal sealed class SessionRow
{
    public required string TokenHash { get; set; }
    public Guid PersonId { get; set; }
    public long CreatedAt { get; set; }
    public long ExpiresAt { get; set; }
}

internal sealed class ApiKeyRow
{
    public Guid Id { get; set; }
    public Guid PersonId { get; set; }
    public required string Name { get; set; }
    public required string KeyHash { get; set; }
    public required string ScopesJson { get; set; }
    public long CreatedAt { get; set; }
    public long? ExpiresAt { get; set; }
    public long? RevokedAt { get; set; }
}

/// <summary>A frozen set of labels.</summary>
internal sealed class SnapshotRow
{
    public Guid Id { get; set; }
    public Guid ProjectId { get; set; }
    public required string Sha256 { get; set; }
    public required string Folder { get; set; }
    public long HighWater { get; set; }
    public int Labels { get; set; }
    public long CreatedAt { get; set; }
}

internal sealed class SnapshotPersonRow
{
    public Guid SnapshotId { get; set; }
    public Guid PersonId { get; set; }
    public int Labels { get; set; }
}

/// <summary>A run that learned from a snapshot.</summary>
internal sealed class SnapshotUseRow
{
    public Guid Id { get; set; }
    public required string SnapshotSha256 { get; set; }
    public required string Run { get; set; }
    public required string Stage { get; set; }
    public required string Model { get; set; }
    public long At { get; set; }
}
