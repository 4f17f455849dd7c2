using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Npgsql;

namespace Attune.Feedback.Storage;

/// <summary>Opens each kind of database.</summary>
internal static class StoreContexts
{
    public static StoreDatabase Sqlite(StoreOptions options)
    {
        if (Path.GetDirectoryName(Path.GetFullPath(options.SqliteFile)) is { } folder)
        {
            Directory.CreateDirectory(folder);
        }
        var built = new DbContextOptionsBuilder<SqliteContext>()
            .UseSqlite(options.Sqlite())
            .AddInterceptors(new SqliteSettings(options.LockWait))
            .Options;
        var pool = new PooledDbContextFactory<SqliteContext>(built);
        return new StoreDatabase(options, pool.CreateDbContext, () => SqliteConnection.ClearPool(new SqliteConnection(options.Sqlite())));
    }

    public static StoreDatabase PostgreSql(StoreOptions options)
    {
        var source = new NpgsqlDataSourceBuilder(options.PostgreSql()).Build();
        var pool = new PooledDbContextFactory<PostgreSqlContext>(
            new DbContextOptionsBuilder<PostgreSqlContext>().UseNpgsql(source).Options
        );
        return new StoreDatabase(options, pool.CreateDbContext, source.Dispose);
    }

    /// <summary>Settings of a connection, not of the file.</summary>
    private sealed class SqliteSettings(TimeSpan lockWait) : DbConnectionInterceptor
    {
        // Write-ahead log: readers and the writer do not wait for each other. Full: a commit is on disk, also after a power cut. Secure
        // delete: what is deleted is overwritten.
        private readonly string _settings =
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; "
            + FormattableString.Invariant($"PRAGMA busy_timeout = {lockWait.TotalMilliseconds:F0};");

        public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData)
        {
            using var command = connection.CreateCommand();
            command.CommandText = _settings;
            command.ExecuteNonQuery();
        }

        public override Task ConnectionOpenedAsync(
            DbConnection connection,
            ConnectionEndEventData eventData,
            CancellationToken cancellationToken = default
        )
        {
            ConnectionOpened(connection, eventData);
            return Task.CompletedTask;
        }
    }
}
