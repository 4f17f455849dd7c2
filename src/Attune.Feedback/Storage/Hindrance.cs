using System.Net.Sockets;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Attune.Feedback.Storage;

/// <summary>What kept a transaction from its end.</summary>
internal enum Hindrance
{
    /// <summary>A fault: doing it again changes nothing.</summary>
    None,

    /// <summary>Another transaction wrote the row first; looked at afresh, this one will find it.</summary>
    Duplicate,

    /// <summary>Another transaction held what this one wanted. It was taken back whole.</summary>
    Conflict,

    /// <summary>A statement waited too long, no connection was free, or the line broke.</summary>
    Overload,
}

/// <summary>A transaction's commit got no answer: it may be final or taken back.</summary>
internal sealed class UnknownCommitException(Exception cause) : Exception("The commit got no answer.", cause);

internal static class Hindrances
{
    /// <summary>
    /// Read from whichever exception in the chain is the database's own: the layers between wrap it, each in its own way.
    /// </summary>
    public static Hindrance Of(Exception problem)
    {
        for (var cause = problem; cause is not null; cause = cause.InnerException)
        {
            if (cause is OperationCanceledException)
            {
                return Hindrance.None;
            }
            if (Own(cause) is not Hindrance.None and var found)
            {
                return found;
            }
        }

        return Hindrance.None;
    }

    private static Hindrance Own(Exception cause) =>
        cause switch
        {
            PostgresException { SqlState: PostgresErrorCodes.UniqueViolation } => Hindrance.Duplicate,
            PostgresException
            {
                SqlState: PostgresErrorCodes.SerializationFailure
                    or PostgresErrorCodes.DeadlockDetected
                    or PostgresErrorCodes.LockNotAvailable
            } => Hindrance.Conflict,
            PostgresException { SqlState: PostgresErrorCodes.QueryCanceled } => Hindrance.Overload,
            // 08: connections; 53: too many of them, no memory, no disk; 57P: shutting down or starting up.
            PostgresException { SqlState: var state } => state.StartsWith("08", StringComparison.Ordinal)
            || state.StartsWith("53", StringComparison.Ordinal)
            || state.StartsWith("57P", StringComparison.Ordinal)
                ? Hindrance.Overload
                : Hindrance.None,
            NpgsqlException { InnerException: TimeoutException or IOException or SocketException }
            or NpgsqlException { IsTransient: true } => Hindrance.Overload,
            // Its row came first.
            SqliteException { SqliteErrorCode: 19 } => Hindrance.Duplicate,
            // Busy or locked by another process.
            SqliteException { SqliteErrorCode: 5 or 6 } => Hindrance.Conflict,
            _ => Hindrance.None,
        };
}
