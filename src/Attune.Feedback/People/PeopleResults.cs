using System.Collections.Immutable;
using Attune.Feedback.Storage;

namespace Attune.Feedback.People;

/// <summary>What an API key may be used for.</summary>
public enum KeyScope
{
    ReadProjects,
    WriteItems,
    ReadLabels,
    Annotate,
    Snapshots,
    UseModel,
}

/// <param name="Pseudonym">The name in exports.</param>
/// <param name="State">active, paused (disabled everywhere) or erased.</param>
/// <param name="Imported">Known only from imported labels.</param>
public sealed record PersonInfo(
    Guid Id,
    string Name,
    string Pseudonym,
    MemberRole Role,
    string State,
    bool Imported,
    DateTimeOffset CreatedAt
);

/// <summary>A person's role in a project.</summary>
public sealed record Member(PersonInfo Person, MemberRole Role, string? PausedBecause);

/// <summary>A sign-in. The token goes into a cookie; the store keeps only its hash.</summary>
public sealed record SignedIn(PersonInfo Person, string Token, DateTimeOffset ExpiresAt);

/// <summary>The result of signing in.</summary>
public abstract record SignInResult
{
    private SignInResult() { }

    public sealed record Welcome(SignedIn Session) : SignInResult;

    /// <summary>Wrong name or wrong password; which of them is not revealed.</summary>
    public sealed record Refused : SignInResult;

    /// <summary>The password is right, but an owner has disabled the account.</summary>
    public sealed record Disabled : SignInResult;

    /// <summary>Too many wrong passwords.</summary>
    public sealed record Wait(DateTimeOffset Until) : SignInResult;
}

/// <summary>The result of redeeming a set-up link or an invitation.</summary>
public abstract record JoinResult
{
    private JoinResult() { }

    public sealed record Joined(SignedIn Session) : JoinResult;

    /// <summary>The link was used, has expired, or never existed.</summary>
    public sealed record BadLink : JoinResult;

    public sealed record Invalid(ImmutableArray<string> Problems) : JoinResult;
}

/// <param name="Token">Shown once; the store keeps its hash.</param>
public sealed record Invitation(string Token, MemberRole Role, Guid? Project, DateTimeOffset ExpiresAt);

/// <summary>A valid API key.</summary>
public sealed record KeyHolder(Guid KeyId, PersonInfo Person, ImmutableArray<KeyScope> Scopes);

public sealed record KeyInfo(
    Guid Id,
    string Name,
    ImmutableArray<KeyScope> Scopes,
    DateTimeOffset CreatedAt,
    DateTimeOffset? ExpiresAt,
    bool Revoked
);

/// <param name="Key">Shown once; the store keeps its hash.</param>
public sealed record NewKey(KeyInfo Info, string Key);
