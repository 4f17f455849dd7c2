using Attune.Core;
using Attune.Core.Feedback;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Attune.Feedback.Storage;

/// <summary>The store's location and behaviour.</summary>
/// <param name="Database">A file name for SQLite, or a PostgreSQL connection string ("Host=...;Database=...") or address
/// ("postgres://...").</param>
public sealed record StoreOptions(string Database)
{
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Rounds of PBKDF2-HMAC-SHA256 for new passwords; OWASP's advice of 2023 by default.</summary>
    public int PasswordRounds { get; init; } = 600_000;

    /// <summary>How long an operation waits for its turn, or is retried while the database is too busy, before it fails.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(45);

    /// <summary>Make a missing SQLite file; otherwise a missing file is an error.</summary>
    public bool Create { get; init; } = true;

    public bool IsPostgreSql => DatabaseAddress.IsPostgreSql(Database);

    /// <summary>The location without secrets, for manifests and messages.</summary>
    public string Place
    {
        get
        {
            if (!IsPostgreSql)
            {
                return Path.GetFullPath(SqliteFile);
            }
            var parts = new NpgsqlConnectionStringBuilder(PostgreSql());
            return $"postgres://{parts.Host}:{parts.Port}/{parts.Database}";
        }
    }

    /// <summary>
    /// How long SQLite waits for another process that writes; PostgreSQL's is the connection string's "Command Timeout", 30 seconds by
    /// default.
    /// </summary>
    internal TimeSpan LockWait => Patience < TimeSpan.FromSeconds(30) ? Patience : TimeSpan.FromSeconds(30);

    internal string SqliteFile =>
        Database.StartsWith("Data Source=", StringComparison.OrdinalIgnoreCase)
            ? new SqliteConnectionStringBuilder(Database).DataSource
            : Database;

    internal string Sqlite(bool readOnly = false) =>
        new SqliteConnectionStringBuilder
        {
            DataSource = SqliteFile,
            Mode = readOnly ? SqliteOpenMode.ReadOnly : SqliteOpenMode.ReadWriteCreate,
            DefaultTimeout = (int)Math.Ceiling(LockWait.TotalSeconds),
        }.ToString();

    internal string PostgreSql()
    {
        if (!Database.Contains("://", StringComparison.Ordinal))
        {
            return Database;
        }
        if (!Uri.TryCreate(Database, UriKind.Absolute, out var address) || address.AbsolutePath.Length < 2)
        {
            throw new AttuneException("the PostgreSQL address is not whole; expected postgres://USER:PASSWORD@HOST:PORT/DATABASE.");
        }
        var user = address.UserInfo.Split(':', 2);
        return new NpgsqlConnectionStringBuilder
        {
            Host = address.Host,
            Port = address.Port > 0 ? address.Port : 5432,
            Database = address.AbsolutePath[1..],
            Username = user[0].Length > 0 ? Uri.UnescapeDataString(user[0]) : null,
            Password = user.Length > 1 ? Uri.UnescapeDataString(user[1]) : null,
        }.ToString();
    }
}
