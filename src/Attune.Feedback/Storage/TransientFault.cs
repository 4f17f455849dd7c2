using System.Net.Sockets;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Attune.Feedback.Storage;

/// <summary>What kept a transaction from its end.</summary>
internal enum TransientFault
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

internal static class TransientFaults
{
    /// <summary>
    /// Read from whichever exception in the chain is the database's own: the layers between wrap it, each in its own way.
    /// </summary>
    public static TransientFault Of(Exception problem)
    {
        for (var cause = problem; cause is not null; cause = cause.InnerException)
        {
            if (cause is OperationCanceledException)
            {
                return TransientFault.None;
            }
            if (Own(cause) is not TransientFault.None and var found)
            {
                return found;
            }
        }

        return TransientFault.None;
    }

    private static TransientFault Own(Exception cause) =>
        cause switch
        {
            PostgresException { SqlState: PostgresErrorCodes.UniqueViolation } => TransientFault.Duplicate,
            PostgresException
            {
                SqlState: PostgresErrorCodes.SerializationFailure
                    or PostgresErrorCodes.DeadlockDetected
                    or PostgresErrorCodes.LockNotAvailable
            } => TransientFault.Conflict,
            PostgresException { SqlState: PostgresErrorCodes.QueryCanceled } => TransientFault.Overload,
            // 08: connections; 53: too many of them, no memory, no disk; 57P: shutting down or starting up.
            PostgresException { SqlState: var state } => state.StartsWith("08", StringComparison.Ordinal)
            || state.StartsWith("53", StringComparison.Ordinal)
            || state.StartsWith("57P", StringComparison.Ordinal)
                ? TransientFault.Overload
                : TransientFault.None,
            NpgsqlException { InnerException: TimeoutException or IOException or SocketException }
            or NpgsqlException { IsTransient: true } => TransientFault.Overload,
            // Its row came first.
            SqliteException { SqliteErrorCode: 19 } => TransientFault.Duplicate,
            // Busy or locked by another process.
            SqliteException { SqliteErrorCode: 5 or 6 } => TransientFault.Conflict,
            _ => TransientFault.None,
        };
}
