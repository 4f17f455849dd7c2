using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;

[assembly: AssemblyFixture(typeof(Attune.Feedback.Tests.PostgreSqlServer))]

namespace Attune.Feedback.Tests;

/// <summary>
/// A PostgreSQL server of the tests' own: a cluster in a temporary folder, on a free port, stopped and deleted when the tests end. Tests
/// that need it skip, saying so, where PostgreSQL is not installed.
/// </summary>
public sealed class PostgreSqlServer : IAsyncDisposable
{
    private static readonly Lazy<Task<string?>> Shared = new(StartAsync);
    private static int _databases;
    private static Func<Task>? _stop;

    /// <summary>Connection string of an empty database; skips the running test where there is no PostgreSQL.</summary>
    public static async Task<string> NewDatabaseAsync()
    {
        var server = await Shared.Value;
        Assert.SkipUnless(server is not null, "needs PostgreSQL (apt-get install postgresql), which is not installed");
        var name = "test_" + Interlocked.Increment(ref _databases).ToString(CultureInfo.InvariantCulture);
        await using var connection = new NpgsqlConnection(server + "Database=postgres");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand($"CREATE DATABASE {name}", connection);
        await command.ExecuteNonQueryAsync();
        return server + $"Database={name};Maximum Pool Size=60";
    }

    public async ValueTask DisposeAsync()
    {
        if (_stop is not null)
        {
            await _stop();
        }
    }

    private static async Task<string?> StartAsync()
    {
        var programs = Directory.Exists("/usr/lib/postgresql")
            ? Directory
                .GetDirectories("/usr/lib/postgresql")
                .Select(d => Path.Combine(d, "bin"))
                .LastOrDefault(d => File.Exists(Path.Combine(d, "initdb")))
            : null;
        if (programs is null)
        {
            return null;
        }
        var folder = Directory.CreateTempSubdirectory("attune-postgresql-").FullName;
        var port = FreePort();
        // The server refuses to run as root; the package made a user for it.
        if (Environment.UserName == "root")
        {
            await RunAsync("chown", ["postgres", folder], asServer: false);
        }
        var data = Path.Combine(folder, "data");
        await RunAsync(
            Path.Combine(programs, "initdb"),
            ["-D", data, "-U", "postgres", "--auth=trust", "-E", "UTF8", "--no-sync"],
            asServer: true
        );
        var options = $"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c max_connections=200 -c shared_buffers=64MB";
        await RunAsync(
            Path.Combine(programs, "pg_ctl"),
            ["-D", data, "-o", options, "-l", Path.Combine(folder, "log"), "-w", "start"],
            asServer: true
        );
        _stop = () => StopAsync(programs, data, folder);
        return $"Host=127.0.0.1;Port={port};Username=postgres;";
    }

    private static async Task StopAsync(string programs, string data, string folder)
    {
        await RunAsync(Path.Combine(programs, "pg_ctl"), ["-D", data, "-m", "immediate", "stop"], asServer: true);
        Directory.Delete(folder, recursive: true);
    }

    private static async Task RunAsync(string program, string[] arguments, bool asServer)
    {
        var start =
            asServer && Environment.UserName == "root"
                ? new ProcessStartInfo("runuser", ["-u", "postgres", "--", program, .. arguments])
                : new ProcessStartInfo(program, arguments);
        // The server inherits what is open: without a file of its own it would keep this program's output open for ever.
        (start.RedirectStandardOutput, start.RedirectStandardError, start.WorkingDirectory) = (true, true, "/");
        using var process = Process.Start(start)!;
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} failed: {await process.StandardError.ReadToEndAsync()}");
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
