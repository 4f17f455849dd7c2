using System.Text.Json;
using Attune.Feedback.Labels;
using Attune.Feedback.Queue;
using Attune.Feedback.Storage;

namespace Attune.Feedback.Bench;

/// <summary>A request to the host: a claim where there is no judgement, else a submit.</summary>
/// <param name="Number">Comes back with the reply.</param>
public sealed record HostRequest(int Number, Guid Project, Guid Person, Guid Id, Guid Lease, Judgement? Judgement);

/// <param name="Outcome">claimed, nothing, accepted, repeated, failed, or what was refused.</param>
public sealed record HostReply(int Number, string Outcome, Guid Lease, Guid Task, bool Surplus)
{
    /// <summary>A fault of the server's.</summary>
    public const string Failed = "failed";
}

/// <summary>
/// The services behind a pipe: a line of JSON in, a line out, many at once. As small a server as there can be, to be killed at any moment.
/// </summary>
public static class Host
{
    public static async Task<int> RunAsync(string database)
    {
        await using var store = await FeedbackStore.OpenAsync(new StoreOptions(database), default);
        var output = TextWriter.Synchronized(Console.Out);
        await output.WriteLineAsync("ready");
        while (await Console.In.ReadLineAsync() is { } line)
        {
            var request = JsonSerializer.Deserialize<HostRequest>(line, StoreJson.Options)!;
            _ = Task.Run(async () =>
                await output.WriteLineAsync(JsonSerializer.Serialize(await TryAsync(store, request), StoreJson.Options))
            );
        }

        return 0;
    }

    /// <summary>What a web server answers with status 500: the client asks again.</summary>
    private static async Task<HostReply> TryAsync(FeedbackStore store, HostRequest request)
    {
        try
        {
            return await AnswerAsync(store, request);
        }
        catch (Exception problem)
        {
            await Console.Error.WriteLineAsync($"host: {problem.GetType().Name}: {problem.GetBaseException().Message}");
            return new HostReply(request.Number, HostReply.Failed, request.Lease, default, false);
        }
    }

    private static async Task<HostReply> AnswerAsync(FeedbackStore store, HostRequest request)
    {
        if (request.Judgement is null)
        {
            return await store.Queue.ClaimAsync(request.Project, request.Person, default) is ClaimResult.Claimed { Task: var task }
                ? new HostReply(request.Number, "claimed", task.LeaseId, task.TaskId, false)
                : new HostReply(request.Number, "nothing", default, default, false);
        }

        var result = await store.Queue.SubmitAsync(request.Person, new Submission(request.Id, request.Lease, request.Judgement), default);
        return result switch
        {
            SubmitResult.Accepted accepted => new HostReply(
                request.Number,
                accepted.Repeated ? "repeated" : "accepted",
                request.Lease,
                accepted.Receipt.TaskId,
                accepted.Receipt.Surplus
            ),
            _ => new HostReply(request.Number, result.GetType().Name, request.Lease, default, false),
        };
    }
}
