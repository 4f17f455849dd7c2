using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using Attune.Core.Conversations;
using Attune.Feedback;
using Attune.Feedback.Labels;
using Attune.Feedback.People;
using Attune.Feedback.Projects;
using Attune.Feedback.Storage;
using Attune.Testing;

namespace Attune.Cli.Tests;

/// <summary>The real server, as it is started by hand, killed in the middle of people's work and started again.</summary>
public sealed class ServeTests : IDisposable
{
    private const int People = 4;
    private const int Tasks = 30;
    private const int Quota = 2;
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Without_any_configuration_it_starts_and_prints_the_link_for_the_first_owner()
    {
        var address = $"http://localhost:{FreePort()}";
        using (var server = AttuneProgram.Start(_folder.Path, "serve", "--urls", address))
        {
            using var client = new HttpClient { BaseAddress = new Uri(address) };
            await WaitAsync(server, client);
            Assert.True(server.WaitUntil(() => server.Output.Contains("/set-up/", StringComparison.Ordinal)), server.Errors);
            var link = server.Output[server.Output.IndexOf(address + "/set-up/", StringComparison.Ordinal)..].Split('\n')[0];
            Assert.Contains("Set up Attune", await client.GetStringAsync(new Uri(link), Cancel), StringComparison.Ordinal);
            // A second one at the same address is told so.
            AttuneProgram.Run(_folder.Path, "serve", "--urls", address, "--data", "other").Refused("cannot listen on", "--port");
            server.Interrupt();
            Assert.Equal(0, server.WaitForEnd().ExitCode);
            // It trains nothing, so it promises no checkpoint.
            Assert.Contains("Stopping after the open requests", server.Errors, StringComparison.Ordinal);
        }

        Assert.True(File.Exists(_folder.File("attune-data/feedback.db")));
    }

    [Fact]
    public async Task Killed_between_request_and_answer_it_loses_no_acknowledged_label_and_stores_none_twice()
    {
        await using var store = await FeedbackStore.OpenAsync(
            new StoreOptions(_folder.File("data/feedback.db")) { PasswordRounds = 1000 },
            Cancel
        );
        var project = await store.Projects.CreateAsync(
            null,
            "killed",
            ProjectKind.Comparison,
            new ProjectSettings { Quota = Quota, Shuffle = false },
            "",
            Cancel
        );
        await store.Tasks.AddItemsAsync(
            null,
            project.Id,
            [
                .. Enumerable
                    .Range(0, Tasks)
                    .Select(i => new NewItem(new ItemContent(new Prompt.Text($"q{i}"), [new Candidate("a"), new Candidate("b")]))),
            ],
            Cancel
        );
        var keys = new List<string>();
        for (var i = 0; i < People; i++)
        {
            var person = await store.People.AddAsync(null, $"person {i}", MemberRole.Annotator, Cancel);
            await store.People.SetMemberAsync(person.Id, project.Id, person.Id, MemberRole.Annotator, Cancel);
            keys.Add((await store.Keys.CreateAsync(person.Id, "key", [KeyScope.Annotate], null, Cancel)).Key);
        }

        var address = $"http://localhost:{FreePort()}";
        var acknowledged = new ConcurrentDictionary<Guid, string>();
        var work = Task.WhenAll(keys.Select(key => Task.Run(() => LabelAsync(address, key, project.Id, acknowledged), Cancel)));
        var kills = 0;
        while (!work.IsCompleted)
        {
            using var server = AttuneProgram.Start(_folder.Path, "serve", "--urls", address, "--data", "data");
            using var client = new HttpClient { BaseAddress = new Uri(address) };
            await WaitAsync(server, client);
            var enough = acknowledged.Count + 7;
            while (!work.IsCompleted && (kills >= 3 || acknowledged.Count < enough))
            {
                await Task.Delay(2, Cancel);
            }

            if (!work.IsCompleted)
            {
                server.Kill();
                kills++;
            }
        }

        await work;
        Assert.Equal(3, kills);
        var labels = (await store.Tasks.ListAsync(project.Id, -1, Tasks, Cancel))
            .SelectMany(t => t.Labels.Select(l => (Task: t.Id, Label: l)))
            .ToArray();
        Assert.Equal(Tasks * Quota, labels.Count(l => !l.Label.Surplus));
        Assert.All(labels.GroupBy(l => l.Task), g => Assert.Equal(Quota, g.Count(l => !l.Label.Surplus)));
        var submitted = (await store.Audit.ReadAsync(0, int.MaxValue, Cancel))
            .Where(a => a.Action == "label.submitted")
            .Select(a => Guid.Parse(a.Subject))
            .ToArray();
        Assert.Equal(acknowledged.Keys.Order(), submitted.Order());
        Assert.Null((await store.Audit.VerifyAsync(Cancel)).FirstBroken);
    }

    /// <summary>One person's program: sends each label until the server has acknowledged it, then an earlier one again.</summary>
    private static async Task LabelAsync(string address, string key, Guid project, ConcurrentDictionary<Guid, string> acknowledged)
    {
        using var client = new HttpClient { BaseAddress = new Uri(address) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        (string Path, object Body, string Receipt)? earlier = null;
        while (true)
        {
            var (status, text) = await InsistAsync(() =>
                client.PostAsync(new Uri($"/api/projects/{project}/work/claim", UriKind.Relative), null, Cancel)
            );
            if (status == HttpStatusCode.NoContent)
            {
                return;
            }
            using var claim = JsonDocument.Parse(text);
            var id = Guid.CreateVersion7();
            var path = $"/api/projects/{project}/work/responses/{id}";
            object body = new
            {
                lease_id = claim.RootElement.GetProperty("lease_id").GetGuid(),
                judgement = new
                {
                    kind = "comparison",
                    pick = "first",
                    strength = 2,
                },
            };
            var receipt = await PutAsync(client, path, body);
            acknowledged[id] = receipt;
            if (earlier is { } old)
            {
                Assert.Equal(old.Receipt, await PutAsync(client, old.Path, old.Body));
            }
            earlier = (path, body, receipt);
        }
    }

    private static async Task<string> PutAsync(HttpClient client, string path, object body)
    {
        var (status, text) = await InsistAsync(() => client.PutAsJsonAsync(new Uri(path, UriKind.Relative), body, Cancel));
        Assert.True(status == HttpStatusCode.OK, $"{status}: {text}");
        return text;
    }

    /// <summary>As pages do: a lost line and a busy server are no answer.</summary>
    private static async Task<(HttpStatusCode Status, string Text)> InsistAsync(Func<Task<HttpResponseMessage>> ask)
    {
        while (true)
        {
            try
            {
                using var answer = await ask();
                if ((int)answer.StatusCode < 500)
                {
                    return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancel));
                }
            }
            catch (Exception problem) when (problem is HttpRequestException or IOException)
            {
                // The server was killed.
            }

            await Task.Delay(20, Cancel);
        }
    }

    private static async Task WaitAsync(AttuneProgram server, HttpClient client)
    {
        while (true)
        {
            Assert.False(server.HasExited, server.Errors);
            try
            {
                using var answer = await client.GetAsync(new Uri("/sign-in", UriKind.Relative), Cancel);
                if (answer.IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                await Task.Delay(20, Cancel);
            }
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
