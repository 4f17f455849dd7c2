using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Attune.Data.Sources;
using Attune.Training.Contracts;

namespace Attune.Training.Rewards;

/// <summary>
/// An endpoint that is posted a JSON list of answers and returns a JSON list of rewards (<see cref="ProgramReward"/>), bare or under
/// <c>"rewards"</c>.
/// </summary>
[Reward("http", "what an endpoint says: it is posted a JSON list of answers and returns a list of rewards")]
public sealed record HttpTerm : RewardTerm
{
    [Description("the endpoint, such as http://localhost:8000/reward")]
    public required string Http { get; init; }

    [Description("environment variable that holds a key, sent as a bearer token; none for an endpoint without keys")]
    public string? ApiKeyEnv { get; init; }

    [Description("answers for each request")]
    [Range(1, 1_000_000)]
    public int BatchSize { get; init; } = 64;

    [Description("seconds that a request may take")]
    [Range(0.01, 1e6)]
    public double Timeout { get; init; } = 60;

    [Description("times to try again where the endpoint cannot be reached, takes too long or is busy (429, 5xx)")]
    [Range(0, 100)]
    public int Retries { get; init; } = 3;

    [Description("seconds before the first new try; doubled for each further one")]
    [Range(0, 3600)]
    public double Backoff { get; init; } = 1;

    [Description("where it gives no reward: fail (stop the run), zero (the reward is 0) or skip (the reward adds nothing)")]
    public RewardErrors OnError { get; init; } = RewardErrors.Fail;

    public override IEnumerable<string> Missing(RewardPlan plan)
    {
        if (!(Uri.TryCreate(Http, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"))
        {
            yield return $"{plan.Stage}.reward.http is '{Http}'; expected an address such as http://localhost:8000/reward.";
        }
        if (ApiKeyEnv is not null && string.IsNullOrEmpty(Environment.GetEnvironmentVariable(ApiKeyEnv)))
        {
            yield return $"{plan.Stage}.reward.api_key_env: the environment variable {ApiKeyEnv} is not set; "
                + "expected the endpoint's key in it.";
        }
    }

    public override IReward Build(RewardContext context)
    {
        var client = new HttpClient { Timeout = System.Threading.Timeout.InfiniteTimeSpan };
        if (ApiKeyEnv is not null)
        {
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
                "Bearer",
                Environment.GetEnvironmentVariable(ApiKeyEnv)
            );
        }

        context.Owned.Add(client);
        return new ProgramReward("http", new Endpoint(this, client), context.Encoder, BatchSize, OnError);
    }

    private sealed class Endpoint(HttpTerm options, HttpClient client) : IRewardProgram
    {
        public async Task<JsonElement[]> JudgeAsync(IReadOnlyList<byte[]> rows, CancellationToken cancel)
        {
            byte[] body = [(byte)'[', .. rows.SelectMany((row, i) => i == 0 ? row : row.Prepend((byte)',')), (byte)']'];
            for (var attempt = 0; ; attempt++)
            {
                var (reply, problem) = await TryAsync(body, cancel);
                if (reply is not null)
                {
                    return Values(reply, rows.Count);
                }
                if (attempt == options.Retries)
                {
                    throw new RewardProgramException($"endpoint {options.Http} {problem}, {attempt + 1} times.");
                }

                await Task.Delay(TimeSpan.FromSeconds(options.Backoff * Math.Pow(2, attempt)), cancel);
            }
        }

        /// <returns>The body of a good response, or why it is worth another try.</returns>
        private async Task<(byte[]? Reply, string Problem)> TryAsync(byte[] body, CancellationToken cancel)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            limit.CancelAfter(TimeSpan.FromSeconds(options.Timeout));
            using var content = new ByteArrayContent(body);
            content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            try
            {
                using var response = await client.PostAsync(options.Http, content, limit.Token);
                if (response.IsSuccessStatusCode)
                {
                    return (await response.Content.ReadAsByteArrayAsync(limit.Token), "");
                }

                var status = $"answered with status {(int)response.StatusCode}";
                return
                    response.StatusCode
                        is HttpStatusCode.TooManyRequests
                            or HttpStatusCode.RequestTimeout
                            or >= HttpStatusCode.InternalServerError
                    ? (null, status)
                    : throw new RewardProgramException($"endpoint {options.Http} {status}.");
            }
            catch (HttpRequestException problem)
            {
                return (null, $"cannot be reached ({problem.Message.TrimEnd('.')})");
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                return (null, $"took longer than {options.Timeout:g6} s (timeout)");
            }
        }

        private JsonElement[] Values(byte[] reply, int rows)
        {
            try
            {
                using var document = JsonDocument.Parse(reply);
                var root = document.RootElement;
                var list = root.ValueKind == JsonValueKind.Object && root.TryGetProperty("rewards", out var inner) ? inner : root;
                return list.ValueKind == JsonValueKind.Array && list.GetArrayLength() == rows
                    ? [.. list.EnumerateArray().Select(v => v.Clone())]
                    : throw new RewardProgramException(
                        $"endpoint {options.Http} answered with {ValueDescription.Of(list)}; expected a list of "
                            + $"{rows} rewards, or such a list under \"rewards\"."
                    );
            }
            catch (JsonException)
            {
                throw new RewardProgramException($"endpoint {options.Http} answered with no JSON; expected a list of {rows} rewards.");
            }
        }
    }
}
