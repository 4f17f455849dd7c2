using System.Net;
using Attune.Core.Completions;

namespace Attune.Web.Configuration;

/// <summary>The options of a server.</summary>
public sealed record WebOptions
{
    /// <summary>The folder for the database (unless set elsewhere), keys, snapshots and uploads.</summary>
    public required string DataFolder { get; init; }

    /// <summary>A SQLite file or a PostgreSQL connection string; null for <c>feedback.db</c> in <see cref="DataFolder"/>.</summary>
    public string? Database { get; init; }

    /// <summary>Addresses to listen on. Port 0 chooses a free port.</summary>
    public string Urls { get; init; } = "http://localhost:5100";

    /// <summary>Where people reach the server, for links, such as https://attune.example; null for the address it listens on.</summary>
    public Uri? PublicAddress { get; init; }

    /// <summary>A folder that contains run folders to show; null for none.</summary>
    public string? RunsFolder { get; init; }

    /// <summary>The model that people chat with; null where there is none.</summary>
    public IChatPolicy? Policy { get; init; }

    /// <summary>The model behind <c>/v1</c>; null where there is none.</summary>
    public ICompletionModel? Model { get; init; }

    /// <summary>Programs on this machine may use the model without a key.</summary>
    public bool OpenModel { get; init; }

    /// <summary>
    /// Requests per minute that a person or an address may send to the model. The model itself limits how many answers wait at once.
    /// </summary>
    public int ModelRequestsPerMinute { get; init; } = 6000;

    /// <summary>The largest file that may be uploaded, bytes.</summary>
    public long LargestUpload { get; init; } = 256L << 20;

    /// <summary>What an uploaded file may hold unpacked, bytes: while it is read it takes some ten times as much memory.</summary>
    public long LargestUnpacked { get; init; } = 64L << 20;

    /// <summary>Requests per minute for each person; open pages save drafts and send heartbeats.</summary>
    public int RequestsPerMinute { get; init; } = 600;

    /// <summary>Requests per minute from one address by people who have not signed in; many may share it.</summary>
    public int RequestsPerAddress { get; init; } = 6000;

    /// <summary>Attempts to sign in to one account per minute.</summary>
    public int SignInsPerMinute { get; init; } = 20;

    /// <summary>Attempts to sign in or to join per minute from one address, with a wide margin: a class may share it.</summary>
    public int SignInsPerAddress { get; init; } = 600;

    /// <summary>PBKDF2 rounds of new passwords; null for the store's default. Tests lower it.</summary>
    public int? PasswordRounds { get; init; }

    /// <summary>How long a request waits for a busy database before the server answers 503; null for the store's default.</summary>
    public TimeSpan? Patience { get; init; }

    /// <summary>Proxies whose X-Forwarded-For and -Proto headers are trusted; none by default, because anyone can send them.</summary>
    public IReadOnlyList<IPAddress> TrustedProxies { get; init; } = [];

    public TimeProvider Time { get; init; } = TimeProvider.System;

    internal DateTimeOffset Started { get; } = DateTimeOffset.UtcNow;
    internal string DatabasePlace => Database ?? Path.Combine(DataFolder, "feedback.db");
    internal string KeyFolder => Path.Combine(DataFolder, "keys");
    internal string SnapshotFolder => Path.Combine(DataFolder, "snapshots");
}
