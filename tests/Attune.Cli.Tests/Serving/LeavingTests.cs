using System.ClientModel;
using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Attune.Core.Completions;
using Attune.Core.Conversations;
using Attune.Testing;
using Attune.Web;
using Attune.Web.Configuration;
using OpenAI;
using OpenAI.Chat;

namespace Attune.Cli.Tests.Serving;

/// <summary>Clients and servers that go before an answer is complete.</summary>
public sealed class LeavingTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private readonly Endless _model = new();
    private WebServer _server = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() =>
        _server = await WebServer.StartAsync(
            new WebOptions
            {
                DataFolder = _folder.File("data"),
                Urls = "http://127.0.0.1:0",
                PasswordRounds = 1000,
                Model = _model,
                OpenModel = true,
            },
            Cancel
        );

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    private ChatClient Client() =>
        new(
            "endless",
            new ApiKeyCredential("none"),
            new OpenAIClientOptions
            {
                Endpoint = new Uri(_server.Address + "/v1"),
                RetryPolicy = new System.ClientModel.Primitives.ClientRetryPolicy(0),
            }
        );

    [Fact]
    public async Task A_client_that_leaves_a_stream_ends_its_answers()
    {
        using var leave = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (
                var update in Client().CompleteChatStreamingAsync([new UserChatMessage("Go on.")], cancellationToken: leave.Token)
            )
            {
                await leave.CancelAsync();
            }
        });
        await _model.Left.WaitAsync(TimeSpan.FromSeconds(30), Cancel);
    }

    [Fact]
    public async Task A_client_that_waits_for_the_whole_and_leaves_ends_it_too()
    {
        using var leave = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var answer = Client().CompleteChatAsync([new UserChatMessage("Go on.")], cancellationToken: leave.Token);
        await _model.Begun.WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answer);
        await _model.Left.WaitAsync(TimeSpan.FromSeconds(30), Cancel);
    }

    [Fact]
    public async Task A_server_that_stops_does_not_wait_for_long_answers_and_says_so()
    {
        var answer = Client().CompleteChatAsync([new UserChatMessage("Go on.")], cancellationToken: Cancel);
        await _model.Begun.WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        await _server.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20), Cancel);
        var problem = await Assert.ThrowsAsync<ClientResultException>(() => answer);
        Assert.Equal(503, problem.Status);
        Assert.Contains("The server is stopping.", problem.Message, StringComparison.Ordinal);
    }

    /// <summary>Says a word every few milliseconds until nobody listens.</summary>
    private sealed class Endless : ICompletionModel
    {
        private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously),
            _left = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public string Name => "endless";
        public int ContextLength => 1000;
        public Task Begun => _begun.Task;
        public Task Left => _left.Task;

        public EncodedPrompt Encode(Prompt prompt) => new([1]);

        public string Decode(ImmutableArray<int> tokens) => "";

        public async IAsyncEnumerable<CompletionPiece> CompleteAsync(
            CompletionRequest request,
            [EnumeratorCancellation] CancellationToken cancel
        )
        {
            try
            {
                while (true)
                {
                    yield return new CompletionPiece(0, "on ", [], null);
                    _begun.TrySetResult();
                    await Task.Delay(5, cancel);
                }
            }
            finally
            {
                _left.TrySetResult();
            }
        }
    }
}
