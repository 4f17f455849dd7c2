using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using Attune.Core.Runs;
using Attune.Feedback.Bench;
using Attune.Feedback.Labels;

namespace Attune.Feedback.Tests;

/// <summary>
/// Fifty people at once, servers killed between request and reply, repeated and reordered submits: nothing lost, nothing twice, nothing too
/// much. ATTUNE_LOAD_TASKS asks for more than the suite has time for, with a kill for every fifteen tasks.
/// </summary>
public sealed class LoadTests
{
    private const int People = 50;
    private const int Quota = 3;
    private static readonly int Tasks = int.TryParse(Environment.GetEnvironmentVariable("ATTUNE_LOAD_TASKS"), out var tasks) ? tasks : 15;
    private static readonly int Kills = Math.Max(2, Tasks / 15);

    [Theory]
    [MemberData(nameof(TestStore.Databases), MemberType = typeof(TestStore))]
    public async Task Nothing_acknowledged_is_lost_when_servers_are_killed(string database)
    {
        await using var test = await TestStore.OpenAsync(database, settings: new ProjectSettings { Quota = Quota }, people: People);
        await test.AddPairsAsync(Tasks);
        await using var servers = new Servers(test.Options.Database, 2);
        var acknowledged = new ConcurrentDictionary<Guid, HostReply>();
        using var done = new CancellationTokenSource();
        var killing = servers.KillAsync(Kills, done.Token);
        await Task.WhenAll(
                test.People.Select(
                    (person, i) =>
                        Task.Run(() => WorkAsync(servers, test.Project.Id, person, new Seed(5).For("person", i).Rng(), acknowledged))
                )
            )
            .WaitAsync(TimeSpan.FromMinutes(5));
        var killed = await killing;

        Assert.True(killed > 0, "no server was killed while people worked");
        var labels = (await test.Store.Tasks.ListAsync(test.Project.Id, -1, Tasks, default))
            .SelectMany(t => t.Labels.Select(l => (Task: t.Id, Label: l)))
            .ToArray();
        Assert.All(labels.GroupBy(l => l.Task), g => Assert.Equal(Quota, g.Count(l => !l.Label.Surplus)));
        Assert.All(labels.GroupBy(l => (l.Task, l.Label.PersonId)), g => Assert.Single(g));
        Assert.All(labels, l => Assert.Equal((1, "submitted"), (l.Label.Revision, l.Label.State)));
        Assert.Equal(Tasks * Quota, labels.Count(l => !l.Label.Surplus));
        // Every acknowledged submit is in the audit, once; every label was acknowledged in the end.
        var trail = (await test.Store.Audit.ReadAsync(0, int.MaxValue, default))
            .Where(a => a.Action == "label.submitted")
            .Select(a => Guid.Parse(a.Subject))
            .ToArray();
        Assert.Equal(acknowledged.Keys.Order(), trail.Order());
        Assert.Equal(acknowledged.Count, labels.Length);
        Assert.Null((await test.Store.Audit.VerifyAsync(default)).FirstBroken);
    }

    /// <summary>
    /// One person's page: claims, labels, and sends each submit until it is acknowledged; sometimes twice at once, sometimes an old one
    /// again.
    /// </summary>
    private static async Task WorkAsync(
        Servers servers,
        Guid project,
        Guid person,
        Rng rng,
        ConcurrentDictionary<Guid, HostReply> acknowledged
    )
    {
        HostRequest? earlier = null;
        var idle = 0;
        while (true)
        {
            var claim = await servers.AskAsync(new HostRequest(0, project, person, default, default, null));
            if (claim.Outcome != "claimed")
            {
                // A place that somebody else is just taking, or whose server was just killed, counts as taken: look again before going
                // home.
                if (++idle == 5)
                {
                    return;
                }
                await Task.Delay(100);
                continue;
            }

            idle = 0;
            var submit = new HostRequest(
                0,
                project,
                person,
                Guid.CreateVersion7(),
                claim.Lease,
                ComparisonJudgement.OfStrength(1 + rng.NextInt(8))
            );
            if (earlier is not null && rng.NextInt(4) == 0)
            {
                Assert.Equal("repeated", (await servers.AskAsync(earlier)).Outcome);
            }
            var replies = await Task.WhenAll(Enumerable.Range(0, rng.NextInt(4) == 0 ? 2 : 1).Select(_ => servers.AskAsync(submit)));
            Assert.All(replies, r => Assert.Contains(r.Outcome, new[] { "accepted", "repeated" }));
            Assert.Single(replies.Select(r => r.Surplus).Distinct());
            acknowledged[submit.Id] = replies[0];
            earlier = submit;
        }
    }

    /// <summary>Host processes; a request whose server dies before the reply is sent again to another one.</summary>
    private sealed class Servers : IAsyncDisposable
    {
        private readonly string _database;
        private readonly Server[] _servers;
        private int _next;

        public Servers(string database, int count)
        {
            _database = database;
            _servers = [.. Enumerable.Range(0, count).Select(_ => Server.Start(database))];
        }

        public async Task<HostReply> AskAsync(HostRequest request)
        {
            while (true)
            {
                if (
                    await _servers[(uint)Interlocked.Increment(ref _next) % _servers.Length].AskAsync(request) is
                    { Outcome: not HostReply.Failed } reply
                )
                {
                    return reply;
                }
                await Task.Delay(20);
            }
        }

        /// <summary>Kills one after another, each as soon as it has answered some requests, and starts another in its place.</summary>
        public async Task<int> KillAsync(int times, CancellationToken cancel)
        {
            for (var i = 0; i < times; i++)
            {
                var victim = _servers[i % _servers.Length];
                if (!await victim.WaitForRepliesAsync(15 + (5 * i), cancel))
                {
                    return i;
                }
                victim.Kill();
                _servers[i % _servers.Length] = Server.Start(_database);
            }

            return times;
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var server in _servers)
            {
                server.Kill();
            }

            await Task.CompletedTask;
        }
    }

    private sealed class Server
    {
        private readonly Process _process;
        private readonly ConcurrentDictionary<int, TaskCompletionSource<HostReply?>> _waiting = new();
        private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _number;
        private int _replies;
        private volatile bool _dead;

        private Server(Process process) => _process = process;

        public static Server Start(string database)
        {
            var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "Attune.Feedback.Bench"), ["host", database])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            };
            var server = new Server(Process.Start(start)!);
            _ = Task.Run(server.ReadAsync);
            return server;
        }

        /// <summary>Null where the server died before it replied.</summary>
        public async Task<HostReply?> AskAsync(HostRequest request)
        {
            await _ready.Task;
            var number = Interlocked.Increment(ref _number);
            var waiting = _waiting[number] = new TaskCompletionSource<HostReply?>(TaskCreationOptions.RunContinuationsAsynchronously);
            try
            {
                lock (_process)
                {
                    _process.StandardInput.WriteLine(JsonSerializer.Serialize(request with { Number = number }, StoreJson.Options));
                    _process.StandardInput.Flush();
                }
            }
            catch (Exception problem) when (problem is IOException or InvalidOperationException)
            {
                return null;
            }

            if (_dead)
            {
                waiting.TrySetResult(null);
            }
            return await waiting.Task;
        }

        public async Task<bool> WaitForRepliesAsync(int count, CancellationToken cancel)
        {
            var clock = Stopwatch.StartNew();
            while (Volatile.Read(ref _replies) < count && clock.Elapsed < TimeSpan.FromSeconds(30) && !cancel.IsCancellationRequested)
            {
                await Task.Delay(1, CancellationToken.None);
            }

            return Volatile.Read(ref _replies) >= count;
        }

        public void Kill()
        {
            _process.Kill();
            _process.WaitForExit();
        }

        private async Task ReadAsync()
        {
            while (await _process.StandardOutput.ReadLineAsync() is { } line)
            {
                if (line == "ready")
                {
                    _ready.TrySetResult();
                    continue;
                }

                HostReply reply;
                try
                {
                    reply = JsonSerializer.Deserialize<HostReply>(line, StoreJson.Options)!;
                }
                catch (JsonException)
                {
                    // Killed in the middle of a line: no acknowledgement.
                    break;
                }

                Interlocked.Increment(ref _replies);
                if (_waiting.TryRemove(reply.Number, out var waiting))
                {
                    waiting.TrySetResult(reply);
                }
            }

            _dead = true;
            _ready.TrySetResult();
            foreach (var waiting in _waiting.Values)
            {
                waiting.TrySetResult(null);
            }
        }
    }
}
