using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Attune.Core.Completions;
using Attune.Core.Conversations;
using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Microsoft.Extensions.AI;

namespace Attune.Training.Serving;

/// <summary>
/// A model of this process wherever an <see cref="IChatClient"/> is wanted. What it cannot do (tools, images, answers in a schema) is
/// refused with <see cref="NotSupportedException"/>.
/// </summary>
/// <param name="owned">Disposed with the client; null where others use the model too.</param>
public sealed class ModelChatClient(ICompletionModel model, IDisposable? owned = null) : IChatClient
{
    private readonly ChatClientMetadata _metadata = new("attune", null, model.Name);

    public async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        var updates = new List<ChatResponseUpdate>();
        await foreach (var update in GetStreamingResponseAsync(messages, options, cancellationToken))
        {
            updates.Add(update);
        }

        return updates.ToChatResponse();
    }

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default
    )
    {
        var request = Request(messages, options);
        var id = Guid.NewGuid().ToString("N");
        await foreach (var piece in model.CompleteAsync(request, cancellationToken))
        {
            var update = new ChatResponseUpdate(ChatRole.Assistant, piece.Text)
            {
                ResponseId = id,
                MessageId = id,
                ModelId = model.Name,
                CreatedAt = DateTimeOffset.UtcNow,
            };
            if (piece.End is { } end)
            {
                update.FinishReason = end.Reason == StopReason.Length ? ChatFinishReason.Length : ChatFinishReason.Stop;
                var read = request.Prompt.Tokens.Length;
                update.Contents.Add(
                    new UsageContent(
                        new UsageDetails
                        {
                            InputTokenCount = read,
                            OutputTokenCount = end.Tokens,
                            TotalTokenCount = read + end.Tokens,
                        }
                    )
                );
            }

            yield return update;
        }
    }

    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is not null ? null
        : serviceType == typeof(ChatClientMetadata) ? _metadata
        : serviceType.IsInstanceOfType(this) ? this
        : serviceType.IsInstanceOfType(model) ? model
        : null;

    public void Dispose() => owned?.Dispose();

    private CompletionRequest Request(IEnumerable<ChatMessage> messages, ChatOptions? options)
    {
        Refuse(options);
        var said = messages.Select(ToMessage);
        var prompt = model.Encode(
            new Prompt.Chat([.. options?.Instructions is { Length: > 0 } first ? said.Prepend(new Message(Role.System, first)) : said])
        );
        var sampling = new SamplingOptions
        {
            Temperature = options?.Temperature ?? 1,
            TopP = options?.TopP ?? 1,
            TopK = options?.TopK ?? 0,
            MaxNewTokens = options?.MaxOutputTokens ?? Math.Max(1, model.ContextLength - prompt.Tokens.Length),
            StopSequences = [.. options?.StopSequences ?? []],
        };
        var seed = options?.Seed is { } given ? unchecked((ulong)given) : BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8));
        return new CompletionRequest(prompt, sampling, new Seed(seed));
    }

    private void Refuse(ChatOptions? options)
    {
        var unsupported =
            options is null ? null
            : options.Tools is { Count: > 0 } ? "tools"
            : options.ResponseFormat is not (null or ChatResponseFormatText) ? "an answer in JSON"
            : options.FrequencyPenalty is not (null or 0) || options.PresencePenalty is not (null or 0) ? "penalties on tokens"
            : options.ModelId is { } other && other != model.Name ? $"the model '{other}' (here is '{model.Name}')"
            : options.ConversationId is not null ? "conversations that the model keeps"
            : null;
        if (unsupported is not null)
        {
            throw new NotSupportedException($"{model.Name} was asked for {unsupported}, which it does not have.");
        }
    }

    private static Message ToMessage(ChatMessage message)
    {
        if (message.Contents.FirstOrDefault(c => c is not TextContent) is { } other)
        {
            throw new NotSupportedException($"A message holds {other.GetType().Name}; there is only text here.");
        }

        var role =
            message.Role == ChatRole.System ? Role.System
            : message.Role == ChatRole.User ? Role.User
            : message.Role == ChatRole.Assistant ? Role.Assistant
            : message.Role == ChatRole.Tool ? Role.Tool
            : throw new NotSupportedException($"A message is said by '{message.Role}'; expected system, user, assistant or tool.");
        return new Message(role, message.Text);
    }
}
