using System.Collections.Immutable;
using Attune.Core;
using Attune.Core.Completions;
using Attune.Core.Conversations;
using Attune.Core.Runs;
using Microsoft.Extensions.AI;

namespace Attune.Data.Judging;

/// <summary>Samples answers of a chat model. A prompt that is a text becomes the user's message.</summary>
/// <param name="name">For messages.</param>
/// <param name="parallel">Requests at a time.</param>
public sealed class ChatAnswers(IChatClient client, string name, ChatOptions options, int parallel)
{
    /// <summary>One answer for each prompt, in order.</summary>
    /// <param name="requests">Prompts, each with the seed of its answer, which servers follow as far as they can.</param>
    /// <exception cref="AttuneException">The model cannot be asked.</exception>
    public async Task<ImmutableArray<SampledText>> SampleAsync(
        IReadOnlyList<(Prompt Prompt, Seed Seed)> requests,
        IProgress<int>? finished,
        CancellationToken cancel
    )
    {
        var (answers, done) = (new SampledText[requests.Count], 0);
        await Parallel.ForAsync(
            0,
            requests.Count,
            new ParallelOptions { MaxDegreeOfParallelism = parallel, CancellationToken = cancel },
            async (i, stop) =>
            {
                answers[i] = await AnswerAsync(requests[i].Prompt, requests[i].Seed, stop);
                lock (answers)
                {
                    finished?.Report(++done);
                }
            }
        );
        return [.. answers];
    }

    private async Task<SampledText> AnswerAsync(Prompt prompt, Seed seed, CancellationToken cancel)
    {
        var own = options.Clone();
        own.Seed = (long)(seed.Value >> 1);
        try
        {
            var response = await client.GetResponseAsync(
                prompt is Prompt.Chat chat ? [.. chat.Messages.Select(Said)] : [new ChatMessage(ChatRole.User, prompt.Key)],
                own,
                cancel
            );
            return new SampledText(response.Text, response.FinishReason == ChatFinishReason.Length);
        }
        catch (Exception problem) when (problem is not OperationCanceledException)
        {
            throw new AttuneException($"{name} cannot be asked to answer: {problem.Message.ReplaceLineEndings(" ")}", problem);
        }
    }

    private static ChatMessage Said(Message message) =>
        new(
            message.Role switch
            {
                Role.System => ChatRole.System,
                Role.User => ChatRole.User,
                Role.Assistant => ChatRole.Assistant,
                _ => ChatRole.Tool,
            },
            message.Content
        );
}
