using System.Collections.Immutable;
using Attune.Core;
using Attune.Core.Conversations;
using Attune.Data.Judging;
using OpenAI.Chat;

namespace Attune.Training.Serving;

/// <summary>
/// The log-probabilities of the replies A and B at an OpenAI-compatible endpoint, from the twenty likeliest first tokens. Many servers
/// tell none; then there are no odds, and votes are counted instead.
/// </summary>
/// <param name="name">For messages.</param>
/// <param name="parallel">Requests at a time.</param>
public sealed class EndpointOdds(ChatClient client, string name, int parallel) : IOptionOdds
{
    private const int Alternatives = 20;

    public async Task<ImmutableArray<(double First, double Second)?>> OfAsync(
        IReadOnlyList<Prompt.Chat> questions,
        IProgress<int>? finished,
        CancellationToken cancel
    )
    {
        var (odds, done) = (new (double First, double Second)?[questions.Count], 0);
        await Parallel.ForAsync(
            0,
            questions.Count,
            new ParallelOptions { MaxDegreeOfParallelism = parallel, CancellationToken = cancel },
            async (i, stop) =>
            {
                odds[i] = await AskAsync(questions[i], stop);
                lock (odds)
                {
                    finished?.Report(++done);
                }
            }
        );
        return [.. odds];
    }

    /// <summary>The odds in the likeliest first tokens: those that are the letter but for blanks and brackets count together.</summary>
    /// <returns>Null where neither option is among them; one that is not has the probability of the least likely.</returns>
    public static (double First, double Second)? Read(IReadOnlyList<(string Token, double LogProb)> likeliest)
    {
        double Of(string letter) =>
            likeliest.Where(t => t.Token.Trim(' ', '\n', '(', ')', '.', '"') == letter).Sum(t => Math.Exp(t.LogProb));
        var (first, second) = (Of("A"), Of("B"));
        if (first + second == 0)
        {
            return null;
        }

        var least = Math.Exp(likeliest.Min(t => t.LogProb));
        return (Math.Log(first > 0 ? first : least), Math.Log(second > 0 ? second : least));
    }

    private async Task<(double First, double Second)?> AskAsync(Prompt.Chat question, CancellationToken cancel)
    {
        var options = new ChatCompletionOptions
        {
            IncludeLogProbabilities = true,
            TopLogProbabilityCount = Alternatives,
            MaxOutputTokenCount = 1,
            Temperature = 1,
        };
        try
        {
            var reply = await client.CompleteChatAsync(question.Messages.Select(Said), options, cancel);
            return reply.Value.ContentTokenLogProbabilities is [var token, ..]
                ? Read([.. token.TopLogProbabilities.Select(t => (t.Token, (double)t.LogProbability))])
                : null;
        }
        catch (Exception problem) when (problem is not (OperationCanceledException or AttuneException))
        {
            throw new AttuneException(
                $"{name} cannot be asked to judge: {problem.Message.ReplaceLineEndings(" ").TrimEnd('.')}. Check the model's name, its "
                    + "endpoint and its key.",
                problem
            );
        }
    }

    private static ChatMessage Said(Message message) =>
        message.Role switch
        {
            Role.System => new SystemChatMessage(message.Content),
            Role.Assistant => new AssistantChatMessage(message.Content),
            _ => new UserChatMessage(message.Content),
        };
}
