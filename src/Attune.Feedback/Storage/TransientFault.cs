using System.Net.Sockets;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Attune.Feedback.Storage;

/// <summary>Why a transaction did not complete.</summary>
internal enum TransientFault
{
    /// <summary>Not a transient fault: repeating the transaction would not help.</summary>
    None,

    /// <summary>Another transaction wrote the row first; repeated, this one will find it.</summary>
    Duplicate,

    /// <summary>Another transaction held a lock that this one needed. This one was rolled back.</summary>
    Conflict,

    /// <summary>A statement timed out, no connection was free, or the connection broke.</summary>
    Overload,
}

/// <summary>The commit of a transaction got no answer: it may have been committed or rolled back.</summary>
internal sealed class UnknownCommitException(Exception cause) : Exception("The commit got no answer.", cause);

internal static class TransientFaults
{
    /// <summary>
    /// Looks for the database's own exception in the chain, because the layers above wrap it in different ways.
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
            // Unique constraint: another row came first.
            SqliteException { SqliteErrorCode: 19 } => TransientFault.Duplicate,
            // Busy or locked by another process.
            SqliteException { SqliteErrorCode: 5 or 6 } => TransientFault.Conflict,
            _ => TransientFault.None,
        };
}
