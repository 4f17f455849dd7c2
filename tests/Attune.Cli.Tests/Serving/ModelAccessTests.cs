using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Attune.Feedback.Labels;
using Attune.Feedback.People;
using Attune.Feedback.Storage;
using Attune.Testing;
using Attune.Web;

namespace Attune.Cli.Tests.Serving;

/// <summary>Who may ask the model.</summary>
[Collection(nameof(ServedCollection))]
public sealed class ModelAccessTests(ServedSite site) : IAsyncLifetime
{
    private const string Password = "correct horse battery";
    private readonly TemporaryFolder _folder = new();
    private WebServer _closed = null!;
    private Guid _owner;
    private string _session = "";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _closed = await WebServer.StartAsync(ServedSite.Options(_folder.File("data"), site.Model), Cancel);
        var joined = Assert.IsType<JoinResult.Joined>(
            await _closed.Store.Accounts.JoinAsync(_closed.SetUpLink!.Split('/')[^1], "Olga Owner", Password, Cancel)
        );
        (_owner, _session) = (joined.Session.Person.Id, joined.Session.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _closed.DisposeAsync();
        _folder.Dispose();
    }

    private static async Task<(HttpStatusCode Status, string Type)> AskAsync(string server, Action<HttpRequestMessage> change)
    {
        using var client = new HttpClient(new HttpClientHandler { UseCookies = false });
        using var request = new HttpRequestMessage(HttpMethod.Post, server + "/v1/completions")
        {
            Content = new StringContent("""{"model": "embedded", "prompt": "The", "max_tokens": 2}""", Encoding.UTF8, "application/json"),
        };
        change(request);
        using var answer = await client.SendAsync(request, Cancel);
        var body = JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync(Cancel));
        return (answer.StatusCode, body.TryGetProperty("error", out var error) ? error.GetProperty("type").GetString()! : "");
    }

    private Task<(HttpStatusCode Status, string Type)> WithKeyAsync(string key) =>
        AskAsync(_closed.Address, r => r.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key));

    [Fact]
    public async Task It_takes_a_key_for_the_model_from_someone_who_is_more_than_an_annotator()
    {
        Assert.Equal((HttpStatusCode.Unauthorized, "authentication_error"), await AskAsync(_closed.Address, _ => { }));
        Assert.Equal((HttpStatusCode.Unauthorized, "authentication_error"), await WithKeyAsync("attune_nonsense"));
        var key = await _closed.Store.Keys.CreateAsync(_owner, "model", [KeyScope.UseModel], null, Cancel);
        Assert.Equal((HttpStatusCode.OK, ""), await WithKeyAsync(key.Key));
        var other = await _closed.Store.Keys.CreateAsync(_owner, "labels", [KeyScope.ReadLabels, KeyScope.Annotate], null, Cancel);
        Assert.Equal((HttpStatusCode.Forbidden, "permission_error"), await WithKeyAsync(other.Key));
        await _closed.Store.Keys.RevokeAsync(_owner, key.Info.Id, Cancel);
        Assert.Equal((HttpStatusCode.Unauthorized, "authentication_error"), await WithKeyAsync(key.Key));

        var project = await _closed.Store.Projects.CreateAsync(
            _owner,
            "A project",
            ProjectKind.Comparison,
            new ProjectSettings(),
            "Judge.",
            Cancel
        );
        var invitation = await _closed.Store.Accounts.InviteAsync(_owner, MemberRole.Annotator, project.Id, TimeSpan.FromDays(1), Cancel);
        var anna = Assert.IsType<JoinResult.Joined>(await _closed.Store.Accounts.JoinAsync(invitation.Token, "Anna", Password, Cancel));
        var hers = await _closed.Store.Keys.CreateAsync(anna.Session.Person.Id, "model", [KeyScope.UseModel], null, Cancel);
        Assert.Equal((HttpStatusCode.Forbidden, "permission_error"), await WithKeyAsync(hers.Key));
    }

    [Fact]
    public async Task A_session_is_worth_nothing_there() =>
        Assert.Equal(
            (HttpStatusCode.Unauthorized, "authentication_error"),
            await AskAsync(_closed.Address, r => r.Headers.Add("Cookie", $"attune_session={_session}"))
        );

    [Fact]
    public async Task Where_it_is_open_it_is_so_to_programs_on_this_machine_alone()
    {
        var open = site.Server.Address;
        Assert.Equal((HttpStatusCode.OK, ""), await AskAsync(open, _ => { }));
        Assert.Equal(
            (HttpStatusCode.OK, ""),
            await AskAsync(open, r => r.Headers.Authorization = new AuthenticationHeaderValue("Bearer", "anything"))
        );
        // A page in a browser of this machine, a name that someone else has pointed here, a proxy.
        foreach (
            var (header, value) in new[]
            {
                ("Origin", "https://evil.example"),
                ("Origin", "null"),
                ("Host", "evil.example"),
                ("X-Forwarded-For", "203.0.113.7"),
                ("Forwarded", "for=203.0.113.7"),
                ("Via", "1.1 proxy"),
            }
        )
        {
            Assert.Equal((header, HttpStatusCode.Unauthorized), (header, (await AskAsync(open, r => r.Headers.Add(header, value))).Status));
        }

        // Open is the model, nothing else.
        Assert.Equal(HttpStatusCode.Unauthorized, (await site.Http.GetAsync("/api/projects", Cancel)).StatusCode);
    }

    [Fact]
    public async Task Too_much_in_a_minute_is_told_in_the_clients_words()
    {
        using var folder = new TemporaryFolder();
        await using var server = await WebServer.StartAsync(
            ServedSite.Options(folder.File("data"), site.Model) with
            {
                OpenModel = true,
                ModelRequestsPerMinute = 2,
            },
            Cancel
        );
        Assert.Equal((HttpStatusCode.OK, ""), await AskAsync(server.Address, _ => { }));
        Assert.Equal((HttpStatusCode.OK, ""), await AskAsync(server.Address, _ => { }));
        Assert.Equal((HttpStatusCode.TooManyRequests, "rate_limit_error"), await AskAsync(server.Address, _ => { }));
    }

    [Fact]
    public async Task Without_a_model_the_answer_says_how_to_have_one()
    {
        using var folder = new TemporaryFolder();
        await using var server = await WebServer.StartAsync(
            ServedSite.Options(folder.File("data"), site.Model) with
            {
                Model = null,
                OpenModel = true,
            },
            Cancel
        );
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "server_error"), await AskAsync(server.Address, _ => { }));
    }

    [Theory]
    [InlineData("is open to a network", "--model", "embedded", "--open-model", "--urls", "http://0.0.0.0:0")]
    [InlineData("is open to a network", "--model", "embedded", "--open-model", "--urls", "http://localhost:0;http://*:0")]
    [InlineData("needs a model", "--open-model")]
    [InlineData("--batch is 0", "--model", "embedded", "--batch", "0")]
    [InlineData("is not a folder", "--model", "no-such-model")]
    public void What_cannot_be_served_is_refused_at_the_start(string message, params string[] arguments) =>
        AttuneProgram.Run(_folder.Path, ["serve", .. arguments]).Refused(message);
}
