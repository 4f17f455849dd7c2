using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Attune.Core;
using Attune.Core.Runs;
using Microsoft.Data.Sqlite;

namespace Attune.Reports.Tracking;

/// <summary>
/// A project's database as trackio keeps it (its documentation, "Storage Schema"): a run a stage, a row an event, all metrics of an event
/// as one JSON object.
/// </summary>
public static class TrackioFile
{
    // The two tables that trackio reads runs from; it adds the others itself when it opens the file.
    private const string Tables = """
        CREATE TABLE metrics (
            id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL, timestamp TEXT NOT NULL, run_name TEXT NOT NULL,
            step INTEGER NOT NULL, metrics TEXT NOT NULL, log_id TEXT, space_id TEXT);
        CREATE TABLE configs (
            id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL, run_name TEXT NOT NULL, config TEXT NOT NULL,
            created_at TEXT NOT NULL, UNIQUE(run_id));
        """;

    /// <summary>Writes <c>PROJECT.db</c> into a folder, for trackio to find by <c>TRACKIO_DIR</c>, whole or not at all.</summary>
    /// <param name="project">The letters, digits, hyphens and underscores of it name the file, as trackio would look for it.</param>
    /// <returns>The file.</returns>
    /// <exception cref="AttuneException">It cannot be written.</exception>
    public static string Write(string folder, string project, IReadOnlyList<RunEvent> events)
    {
        var path = Path.Combine(folder, FileName(project));
        var temporary = path + ".unfinished";
        try
        {
            Directory.CreateDirectory(folder);
            File.Delete(temporary);
            Fill(temporary, project, events);
            File.Move(temporary, path, overwrite: true);
            return path;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or SqliteException)
        {
            File.Delete(temporary);
            throw new AttuneException($"{path} could not be written: {problem.Message.TrimEnd('.')}.", problem);
        }
    }

    /// <summary>What trackio calls the file of a project.</summary>
    public static string FileName(string project)
    {
        var kept = string.Concat(project.Where(c => char.IsLetterOrDigit(c) || c is '-' or '_'));
        return (kept.Length > 0 ? kept : "default") + ".db";
    }

    private static void Fill(string path, string project, IReadOnlyList<RunEvent> events)
    {
        // Without a pool, so that the file is closed when it is moved.
        using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        using var transaction = connection.BeginTransaction();
        Run(connection, Tables);
        foreach (var stage in events.GroupBy(e => e.Stage))
        {
            var id = Id(project, stage.Key, Time(stage.First()));
            Run(
                connection,
                "INSERT INTO configs (run_id, run_name, config, created_at) VALUES ($0, $1, $2, $3)",
                id,
                stage.Key,
                Config(Time(stage.First())),
                Time(stage.First())
            );
            foreach (var entry in stage.Where(e => e.Metrics.Count > 0))
            {
                Run(
                    connection,
                    "INSERT INTO metrics (run_id, timestamp, run_name, step, metrics, log_id) VALUES ($0, $1, $2, $3, $4, $5)",
                    id,
                    Time(entry),
                    stage.Key,
                    entry.Updates,
                    Json(entry),
                    Id(id, entry.Sequence.ToString(CultureInfo.InvariantCulture))
                );
            }
        }

        transaction.Commit();
    }

    private static void Run(SqliteConnection connection, string text, params ReadOnlySpan<object> values)
    {
        using var command = connection.CreateCommand();
        command.CommandText = text;
        for (var i = 0; i < values.Length; i++)
        {
            command.Parameters.AddWithValue(string.Create(CultureInfo.InvariantCulture, $"${i}"), values[i]);
        }

        command.ExecuteNonQuery();
    }

    /// <summary>The same each time the file is written: 32 hexadecimal digits, as trackio's own.</summary>
    private static string Id(params string[] parts) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', parts))))[..32];

    private static string Time(RunEvent entry) => entry.Time?.ToString("yyyy-MM-ddTHH:mm:ss.ffffffzzz", CultureInfo.InvariantCulture) ?? "";

    private static string Config(string created) =>
        Written(json =>
        {
            json.WriteNull("_Username");
            json.WriteString("_Created", created);
            json.WriteNull("_Group");
        });

    /// <summary>What is not finite is a text, as trackio has it.</summary>
    private static string Json(RunEvent entry) =>
        Written(json =>
        {
            foreach (var (name, value) in entry.Metrics.OrderBy(m => m.Key, StringComparer.Ordinal))
            {
                if (double.IsFinite(value))
                {
                    json.WriteNumber(name, value);
                }
                else
                {
                    json.WriteString(
                        name,
                        double.IsNaN(value) ? "NaN"
                            : value > 0 ? "Infinity"
                            : "-Infinity"
                    );
                }
            }
        });

    private static string Written(Action<Utf8JsonWriter> fill)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            fill(json);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
