namespace Attune.Core.Feedback;

/// <summary>Addresses of feedback stores: the name of a SQLite file, or a PostgreSQL database.</summary>
public static class DatabaseAddress
{
    /// <summary>Whether it is a PostgreSQL connection string ("Host=...;Database=...") or address ("postgres://...").</summary>
    public static bool IsPostgreSql(string database) =>
        database.StartsWith("postgres://", StringComparison.OrdinalIgnoreCase)
        || database.StartsWith("postgresql://", StringComparison.OrdinalIgnoreCase)
        || database.Contains("host=", StringComparison.OrdinalIgnoreCase);
}
