using Attune.Core;

namespace Attune.Feedback.Storage;

/// <summary>
/// The database was overloaded or unreachable for longer than <see cref="StoreOptions.Patience"/>. Nothing is wrong with the request:
/// try it again later.
/// </summary>
public sealed class StoreBusyException : AttuneException
{
    internal StoreBusyException(string place, StoredState stored, Exception cause)
        : base(Words(place, stored, cause), cause) => Stored = stored;

    /// <summary>Whether the write may have been stored.</summary>
    public StoredState Stored { get; }

    /// <summary>How long to wait before the next attempt.</summary>
    public TimeSpan RetryAfter { get; } = TimeSpan.FromSeconds(5);

    private static string Words(string place, StoredState stored, Exception cause) =>
        $"{place}: the store is too busy or cannot be reached ({cause.GetBaseException().Message.TrimEnd('.')}). "
        + (
            stored == StoredState.Not
                ? "Nothing was stored; try again in a few seconds."
                : "It is unknown whether this was stored; check before you do it again."
        );
}

/// <summary>The outcome of a write that failed.</summary>
public enum StoredState
{
    /// <summary>It was rolled back.</summary>
    Not,

    /// <summary>The connection broke, or time ran out, during the commit.</summary>
    Unknown,
}
