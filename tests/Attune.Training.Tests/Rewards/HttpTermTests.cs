using System.Net;
using System.Net.Sockets;
using System.Text;
using Attune.Core;
using Attune.Training.Rewards;
using static Attune.Training.Tests.Rewards.RewardSamples;

namespace Attune.Training.Tests.Rewards;

/// <summary>Against a real server on this machine.</summary>
public sealed class HttpTermTests : IDisposable
{
    private readonly HttpListener _server = new();
    private readonly List<string> _bodies = [];
    private readonly string _address;

    /// <summary>Status and body of each response in turn; the last one again and again.</summary>
    private readonly Queue<(int Status, string Body)> _responses = new();

    public HttpTermTests()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        _address = $"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}/";
        probe.Stop();
        _server.Prefixes.Add(_address);
        _server.Start();
        _ = ServeAsync();
    }

    private HttpTerm Term => new() { Http = _address + "reward", Backoff = 0.01 };

    public void Dispose() => _server.Close();

    [Fact]
    public async Task A_batch_is_posted_as_a_list_and_its_rewards_come_back_bare_or_under_rewards()
    {
        Respond((200, "[1, {\"reward\": 2.5}]"), (200, "{\"rewards\": [-3]}"));
        var totals = await (Term with { BatchSize = 2 }).TotalsAsync(Rollout("a", """{"n": 1}"""), Rollout("b"), Rollout("c"));
        Assert.Equal([1, 2.5, -3], totals);
        Assert.Equal(
            [
                """[{"prompt":"the","answer":"a","ended":true,"columns":{"n":1}},{"prompt":"the","answer":"b","ended":true,"columns":{}}]""",
                """[{"prompt":"the","answer":"c","ended":true,"columns":{}}]""",
            ],
            _bodies
        );
    }

    [Fact]
    public async Task A_busy_endpoint_is_asked_again_and_then_given_up()
    {
        Respond((503, ""), (429, ""), (200, "[4]"));
        Assert.Equal((double[])[4], await Term.TotalsAsync(Rollout("a")));
        Assert.Equal(3, _bodies.Count);

        Respond((503, ""));
        var problem = await Assert.ThrowsAsync<AttuneException>(() => (Term with { Retries = 1 }).TotalsAsync(Rollout("a")));
        Assert.StartsWith(
            $"the http endpoint {_address}reward answered with status 503, 2 times.",
            problem.Message,
            StringComparison.Ordinal
        );
        Assert.Equal(5, _bodies.Count);
    }

    [Theory]
    [InlineData(404, "", "answered with status 404.")]
    [InlineData(200, "[1, 2]", "answered with a list of 2; expected a list of 1 rewards")]
    [InlineData(200, "oops", "answered with no JSON")]
    public async Task What_no_new_try_mends_is_told_at_once_or_counted(int status, string body, string problem)
    {
        Respond((status, body));
        var failure = await Assert.ThrowsAsync<AttuneException>(() => Term.TotalsAsync(Rollout("a")));
        Assert.Contains(problem, failure.Message, StringComparison.Ordinal);
        Assert.Single(_bodies);
        var reward = (Term with { OnError = RewardErrors.Skip }).Build(Context);
        Assert.Empty((await reward.ScoreAsync([Rollout("a")], TestContext.Current.CancellationToken))[0].TokenRewards);
        Assert.StartsWith("the http gave no reward for 1 of 1 answers, which adds nothing; first: endpoint", Assert.Single(reward.Notes));
    }

    [Fact]
    public async Task Nobody_there_and_a_wrong_address_say_so()
    {
        _server.Stop();
        var problem = await Assert.ThrowsAsync<AttuneException>(() => (Term with { Retries = 0 }).TotalsAsync(Rollout("a")));
        Assert.Contains("cannot be reached", problem.Message, StringComparison.Ordinal);
        var wrong = new HttpTerm { Http = "localhost", ApiKeyEnv = "NO_SUCH_KEY_HERE" };
        Assert.Equal(2, wrong.Missing(new RewardPlan("grpo", HasTrainedModel: false)).Count());
    }

    private void Respond(params (int Status, string Body)[] responses)
    {
        _responses.Clear();
        foreach (var response in responses)
        {
            _responses.Enqueue(response);
        }
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                var context = await _server.GetContextAsync();
                using (var reader = new StreamReader(context.Request.InputStream, Encoding.UTF8))
                {
                    _bodies.Add(await reader.ReadToEndAsync());
                }

                var (status, body) = _responses.Count > 1 ? _responses.Dequeue() : _responses.Peek();
                context.Response.StatusCode = status;
                await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(body));
                context.Response.Close();
            }
        }
        catch (Exception closed) when (closed is HttpListenerException or ObjectDisposedException)
        {
            // The test is over.
        }
    }
}
