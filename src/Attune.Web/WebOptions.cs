using System.Net;
using Attune.Core.Completions;

namespace Attune.Web;

/// <summary>What a server is started with.</summary>
public sealed record WebOptions
{
    /// <summary>Where the database (unless named), keys, snapshots and uploads are kept.</summary>
    public required string DataFolder { get; init; }

    /// <summary>A SQLite file or a PostgreSQL connection string; null for <c>feedback.db</c> in <see cref="DataFolder"/>.</summary>
    public string? Database { get; init; }

    /// <summary>Addresses to listen at. Port 0 takes any that is free.</summary>
    public string Urls { get; init; } = "http://localhost:5100";

    /// <summary>A folder of run folders to show; null for none.</summary>
    public string? RunsFolder { get; init; }

    /// <summary>The model that people chat with; null where there is none.</summary>
    public IChatPolicy? Policy { get; init; }

    /// <summary>The model behind <c>/v1</c>; null where there is none.</summary>
    public ICompletionModel? Model { get; init; }

    /// <summary>Programs on this machine may use the model without a key.</summary>
    public bool OpenModel { get; init; }

    /// <summary>
    /// Requests that a person or an address may put to the model in a minute; how many answers wait at once is the model's to limit.
    /// </summary>
    public int ModelRequestsPerMinute { get; init; } = 6000;

    /// <summary>The largest file that may be uploaded, bytes.</summary>
    public long LargestUpload { get; init; } = 256L << 20;

    /// <summary>Requests a person may make in a minute; pages save drafts and beat while they are open.</summary>
    public int RequestsPerMinute { get; init; } = 600;

    /// <summary>Tries to sign in from one address in a minute.</summary>
    public int SignInsPerMinute { get; init; } = 20;

    /// <summary>PBKDF2 rounds of new passwords; null for the store's default. Tests lower it.</summary>
    public int? PasswordRounds { get; init; }

    /// <summary>How long a request waits for a busy database before it is answered 503; null for the store's default.</summary>
    public TimeSpan? Patience { get; init; }

    /// <summary>Proxies whose X-Forwarded-For and -Proto are believed; none by default, as anyone can write them.</summary>
    public IReadOnlyList<IPAddress> TrustedProxies { get; init; } = [];

    public TimeProvider Time { get; init; } = TimeProvider.System;

    internal DateTimeOffset Started { get; } = DateTimeOffset.UtcNow;
    internal string DatabasePlace => Database ?? Path.Combine(DataFolder, "feedback.db");
    internal string KeyFolder => Path.Combine(DataFolder, "keys");
    internal string SnapshotFolder => Path.Combine(DataFolder, "snapshots");
}
