using System.Data.Common;
using Microsoft.EntityFrameworkCore;

namespace Attune.Feedback.Storage;

/// <summary>
/// Rewrites the database, so that what was emptied or deleted is in none of its files. An update alone leaves the old bytes: in free pages
/// and the write-ahead log of SQLite, in dead rows of PostgreSQL.
/// </summary>
internal static class DatabaseScrub
{
    private const int Attempts = 20;

    /// <returns>What could not be rewritten, as a sentence; null where everything was.</returns>
    public static async Task<string?> RunAsync(FeedbackContext db, CancellationToken cancel)
    {
        await db.Database.OpenConnectionAsync(cancel);
        try
        {
            return db is SqliteContext ? await SqliteAsync(db, cancel) : await PostgreSqlAsync(db, cancel);
        }
        catch (DbException problem) when (!cancel.IsCancellationRequested)
        {
            return $"The database could not be rewritten ({problem.Message.TrimEnd('.')}), so the old text may still be in its files. "
                + "Run the erasure again when fewer people work in it.";
        }
    }

    private static async Task<string?> SqliteAsync(FeedbackContext db, CancellationToken cancel)
    {
        await db.Database.ExecuteSqlRawAsync("VACUUM", cancel);
        for (var attempt = 1; attempt <= Attempts; attempt++)
        {
            // Whoever reads at the moment needs the log; it can be cut once they are done.
            await using var command = db.Database.GetDbConnection().CreateCommand();
            command.CommandText = "PRAGMA wal_checkpoint(TRUNCATE)";
            if (Convert.ToInt64(await command.ExecuteScalarAsync(cancel), System.Globalization.CultureInfo.InvariantCulture) == 0)
            {
                return null;
            }
            await Task.Delay(100, cancel);
        }

        return "The write-ahead log beside the database file was in use and may still hold the old text. It is overwritten when the server "
            + "stops; or run the erasure again.";
    }

    private static async Task<string?> PostgreSqlAsync(FeedbackContext db, CancellationToken cancel)
    {
        await db.Database.ExecuteSqlRawAsync("SET lock_timeout = '10s'", cancel);
        await db.Database.ExecuteSqlRawAsync(
            "VACUUM (FULL, ANALYZE) response_revision, draft, chat_turn, adjudication, person, membership, api_key, session",
            cancel
        );
        return "PostgreSQL's own write-ahead log and base backups may still hold the old text; they are the server's to delete.";
    }
}
