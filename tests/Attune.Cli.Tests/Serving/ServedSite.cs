using System.ClientModel;
using System.Net.Http.Json;
using System.Text.Json;
using Attune.Models.Files;
using Attune.Testing;
using Attune.Training.Serving;
using Attune.Training.Tokens;
using Attune.Web;
using Attune.Web.Configuration;
using OpenAI;
using OpenAI.Chat;

namespace Attune.Cli.Tests.Serving;

/// <summary>The embedded model behind a real server, open to programs on this machine.</summary>
public sealed class ServedSite : IAsyncLifetime
{
    public const string Name = "embedded";
    private readonly TemporaryFolder _folder = new();
    private WebServer? _server;

    public ServedModel Model { get; } = Load(new ServingOptions { Slots = 4, Workers = 1 });
    public WebServer Server => _server!;
    public Uri Endpoint => new(Server.Address + "/v1");
    public HttpClient Http { get; private set; } = null!;

    public OpenAIClientOptions ClientOptions =>
        new() { Endpoint = Endpoint, RetryPolicy = new System.ClientModel.Primitives.ClientRetryPolicy(0) };
    public ChatClient Chat => new(Name, new ApiKeyCredential("none"), ClientOptions);

    public static ServedModel Load(ServingOptions options)
    {
        var folder = EmbeddedModel.Resolve(Name);
        using var model = ModelFiles.LoadLanguageModel(folder);
        return new ServedModel(Name, ModelTokenizer.Load(folder), model, options);
    }

    public static WebOptions Options(string data, ServedModel model) =>
        new()
        {
            DataFolder = data,
            Urls = "http://127.0.0.1:0",
            PasswordRounds = 1000,
            Model = model,
        };

    public async ValueTask InitializeAsync()
    {
        _server = await WebServer.StartAsync(Options(_folder.File("data"), Model) with { OpenModel = true }, CancellationToken.None);
        Http = new HttpClient { BaseAddress = new Uri(Server.Address) };
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Server.DisposeAsync();
        Model.Dispose();
        _folder.Dispose();
    }

    public async Task<(int Status, JsonElement Body)> PostAsync(string path, object body)
    {
        using var answer = await Http.PostAsJsonAsync(path, body, TestContext.Current.CancellationToken);
        return ((int)answer.StatusCode, await answer.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken));
    }

    /// <summary>The data of the events, without the last, which is [DONE].</summary>
    public async Task<JsonElement[]> StreamAsync(string path, object body)
    {
        using var answer = await Http.PostAsJsonAsync(path, body, TestContext.Current.CancellationToken);
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType?.MediaType);
        var events = (await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Split(
            "\n\n",
            StringSplitOptions.RemoveEmptyEntries
        );
        Assert.All(events, e => Assert.StartsWith("data: ", e, StringComparison.Ordinal));
        Assert.Equal("data: [DONE]", events[^1]);
        return [.. events[..^1].Select(e => JsonSerializer.Deserialize<JsonElement>(e["data: ".Length..]))];
    }
}

[CollectionDefinition(nameof(ServedCollection))]
public sealed class ServedCollection : ICollectionFixture<ServedSite>;
