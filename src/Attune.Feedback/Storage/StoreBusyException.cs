using Attune.Core;

namespace Attune.Feedback.Storage;

/// <summary>
/// The database had too much to do, or could not be reached, for as long as the store was patient. Nothing is wrong with what was asked:
/// ask again a little later.
/// </summary>
public sealed class StoreBusyException : AttuneException
{
    internal StoreBusyException(string place, StoredState stored, Exception cause)
        : base(Words(place, stored, cause), cause) => Stored = stored;

    /// <summary>Whether what was to be written may be there.</summary>
    public StoredState Stored { get; }

    /// <summary>When it is worth to ask again.</summary>
    public TimeSpan RetryAfter { get; } = TimeSpan.FromSeconds(5);

    private static string Words(string place, StoredState stored, Exception cause) =>
        $"{place}: the store is too busy or cannot be reached ({cause.GetBaseException().Message.TrimEnd('.')}). "
        + (
            stored == StoredState.Not
                ? "Nothing was stored; try again in a few seconds."
                : "It is not known whether this was stored; look before you do it again."
        );
}

/// <summary>What became of a write that failed.</summary>
public enum StoredState
{
    /// <summary>All of it was taken back.</summary>
    Not,

    /// <summary>The line broke, or the time was up, while it was being made final.</summary>
    Unknown,
}
