using System.Text.Json;
using Attune.Core.Runs;
using Attune.Reports.Tracking;
using Attune.Testing;
using Microsoft.Data.Sqlite;

namespace Attune.Reports.Tests.Tracking;

/// <summary>The database holds what trackio 0.43 keeps of a run of its own (exports/trackio/own.db of the shared data).</summary>
public sealed class TrackioFileTests : IDisposable
{
    private static readonly DateTimeOffset Began = new(2026, 12, 1, 3, 55, 23, TimeSpan.Zero);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_stage_is_a_run_with_all_metrics_of_an_event_in_one_object()
    {
        var file = TrackioFile.Write(
            _folder.Path,
            "my project/1",
            [
                Event(1, "sft", 10, ("loss", 0.5), ("eval_loss", double.NaN)),
                Event(2, "sft", 20, ("loss", double.PositiveInfinity)),
                Event(3, "dpo", 1, ("rewards/a metric of a long name", 0.1)),
                Event(4, "dpo", 1),
            ]
        );
        Assert.Equal(_folder.File("myproject1.db"), file);
        using var database = Open(file);
        Assert.Equal(
            [
                ("sft", 10L, "2026-12-01T03:55:24.000000+00:00", """{"eval_loss":"NaN","loss":0.5}"""),
                ("sft", 20L, "2026-12-01T03:55:25.000000+00:00", """{"loss":"Infinity"}"""),
                ("dpo", 1L, "2026-12-01T03:55:26.000000+00:00", """{"rewards/a metric of a long name":0.1}"""),
            ],
            Rows(
                database,
                "SELECT run_name, step, timestamp, metrics FROM metrics ORDER BY id",
                r => (r.GetString(0), r.GetInt64(1), r.GetString(2), r.GetString(3))
            )
        );
        Assert.Equal(["sft", "dpo"], Rows(database, "SELECT run_name FROM configs ORDER BY id", r => r.GetString(0)));
        Assert.Equal(
            [0L],
            Rows(database, "SELECT count(*) FROM metrics WHERE run_id NOT IN (SELECT run_id FROM configs)", r => r.GetInt64(0))
        );
        Assert.Equal(3, Rows(database, "SELECT DISTINCT log_id FROM metrics", r => r.GetString(0)).Count);
    }

    [Fact]
    public void A_file_written_again_holds_the_same_runs_once()
    {
        RunEvent[] events = [Event(1, "sft", 10, ("loss", 0.5))];
        TrackioFile.Write(_folder.Path, "p", events);
        var (before, again) = (RunId(), TrackioFile.Write(_folder.Path, "p", [.. events, Event(2, "sft", 20, ("loss", 0.4))]));
        Assert.Equal(before, RunId());
        using var database = Open(again);
        Assert.Equal([10L, 20L], Rows(database, "SELECT step FROM metrics ORDER BY id", r => r.GetInt64(0)));
        Assert.Equal([Path.GetFileName(again)], Directory.GetFiles(_folder.Path).Select(f => Path.GetFileName(f)));

        string RunId()
        {
            using var database = Open(_folder.File("p.db"));
            return Assert.Single(Rows(database, "SELECT DISTINCT run_id FROM metrics", r => r.GetString(0)));
        }
    }

    /// <summary>The same columns, with the same kinds of texts in them, as trackio's own file.</summary>
    [Fact]
    public void Columns_and_forms_are_those_of_trackios_own_file()
    {
        var own = SharedData.Require("exports/trackio/own.db");
        File.Copy(own, _folder.File("own.db"));
        TrackioFile.Write(_folder.Path, "p", [Event(1, "sft", 10, ("loss", 0.5))]);
        using var theirs = Open(_folder.File("own.db"));
        using var ours = Open(_folder.File("p.db"));
        foreach (var table in new[] { "metrics", "configs" })
        {
            var columns = $"SELECT name || ' ' || type || ' ' || \"notnull\" FROM pragma_table_info('{table}') ORDER BY cid";
            Assert.Equal(Rows(theirs, columns, r => r.GetString(0)), Rows(ours, columns, r => r.GetString(0)));
        }

        const string Forms =
            "SELECT length(run_id), length(timestamp), typeof(step), length(log_id), space_id IS NULL FROM metrics LIMIT 1";
        Assert.Equal(Rows(theirs, Forms, Form), Rows(ours, Forms, Form));
        const string Config = "SELECT CAST(config AS TEXT) FROM configs";
        var keys = JsonDocument.Parse(Rows(ours, Config, r => r.GetString(0))[0]).RootElement.EnumerateObject().Select(p => p.Name);
        var known = JsonDocument.Parse(Rows(theirs, Config, r => r.GetString(0))[0]).RootElement.EnumerateObject().Select(p => p.Name);
        Assert.Subset(known.ToHashSet(), keys.ToHashSet());

        static string Form(SqliteDataReader row) => string.Join(' ', Enumerable.Range(0, row.FieldCount).Select(row.GetValue));
    }

    private static RunEvent Event(long number, string stage, long updates, params (string Name, double Value)[] metrics) =>
        new(number, stage, "update", 0, updates, 8, metrics.ToDictionary(m => m.Name, m => m.Value)) { Time = Began.AddSeconds(number) };

    private static SqliteConnection Open(string path)
    {
        var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        return connection;
    }

    private static List<T> Rows<T>(SqliteConnection database, string query, Func<SqliteDataReader, T> read)
    {
        using var command = database.CreateCommand();
        command.CommandText = query;
        using var reader = command.ExecuteReader();
        var rows = new List<T>();
        while (reader.Read())
        {
            rows.Add(read(reader));
        }

        return rows;
    }
}
