using System.Collections.Immutable;
using System.Text;
using Attune.Core.Completions;
using Attune.Core.Conversations;
using Attune.Core.Rollouts;

namespace Attune.Web.Completions;

/// <summary>The tokens of an answer, or of a part of it.</summary>
/// <param name="Prompt">The prompt's tokens, before the first part, if they were requested.</param>
internal sealed record TokenDetails(ImmutableArray<AnswerToken> Prompt, ImmutableArray<AnswerToken> Answer);

/// <summary>The JSON of answers, whole and in chunks.</summary>
internal abstract class AnswerShape
{
    // JSON has no infinity; OpenAI uses this value for tokens that cannot be sampled.
    private const double Impossible = -9999;

    /// <summary>The prefix of response ids.</summary>
    public abstract string IdPrefix { get; }
    public abstract string Object { get; }
    public abstract string ChunkObject { get; }

    /// <summary>A whole answer.</summary>
    /// <param name="echo">The text before the answer.</param>
    /// <param name="tokens">Null if they were not requested.</param>
    public abstract object Choice(int index, string echo, string text, TokenDetails? tokens, string finish);

    /// <summary>A part of an answer.</summary>
    /// <param name="isFirst">Whether this is the first part.</param>
    /// <param name="finish">Null if more parts follow.</param>
    public abstract object Chunk(int index, string echo, bool isFirst, string text, TokenDetails? tokens, string? finish);

    public static string Finish(StopReason reason) => reason == StopReason.Length ? "length" : "stop";

    /// <summary>Null for the very first token, which has no probability.</summary>
    protected static double? LogProb(float value) => float.IsNaN(value) ? null : Math.Max(value, Impossible);
}

/// <summary>The responses of <c>/v1/chat/completions</c>.</summary>
internal sealed class ChatShape : AnswerShape
{
    public override string IdPrefix => "chatcmpl-";
    public override string Object => "chat.completion";
    public override string ChunkObject => "chat.completion.chunk";

    public override object Choice(int index, string echo, string text, TokenDetails? tokens, string finish) =>
        new
        {
            index,
            message = new
            {
                role = "assistant",
                content = text,
                refusal = (string?)null,
            },
            logprobs = LogProbs(tokens),
            finish_reason = finish,
        };

    public override object Chunk(int index, string echo, bool isFirst, string text, TokenDetails? tokens, string? finish) =>
        new
        {
            index,
            delta = isFirst ? (object)new { role = "assistant", content = text }
            : finish is not null && text.Length == 0 ? new { }
            : new { content = text },
            logprobs = LogProbs(tokens),
            finish_reason = finish,
        };

    private static object? LogProbs(TokenDetails? tokens) =>
        tokens is null
            ? null
            : new
            {
                content = tokens.Answer.Select(t => new
                {
                    token = t.Text,
                    logprob = LogProb(t.LogProb),
                    bytes = Bytes(t.Text),
                    top_logprobs = t.Alternatives.Select(a => new
                    {
                        token = a.Text,
                        logprob = LogProb(a.LogProb),
                        bytes = Bytes(a.Text),
                    }),
                }),
                refusal = (object?)null,
            };

    /// <summary>Null for a token that is only part of a character.</summary>
    private static int[]? Bytes(string text) =>
        text.Contains('\uFFFD', StringComparison.Ordinal) ? null : [.. Encoding.UTF8.GetBytes(text).Select(b => (int)b)];
}

/// <summary>The responses of <c>/v1/completions</c>.</summary>
internal sealed class TextShape : AnswerShape
{
    public override string IdPrefix => "cmpl-";
    public override string Object => "text_completion";
    public override string ChunkObject => "text_completion";

    public override object Choice(int index, string echo, string text, TokenDetails? tokens, string finish) =>
        Chunk(index, echo, true, text, tokens, finish);

    public override object Chunk(int index, string echo, bool isFirst, string text, TokenDetails? tokens, string? finish) =>
        new
        {
            index,
            text = isFirst ? echo + text : text,
            logprobs = LogProbs(tokens, CodePoints.Count(echo)),
            finish_reason = finish,
        };

    private static object? LogProbs(TokenDetails? tokens, int before)
    {
        if (tokens is null)
        {
            return null;
        }
        // Positions of an answer's tokens count from its own start.
        ImmutableArray<AnswerToken> some = [.. tokens.Prompt, .. tokens.Answer.Select(t => t with { Position = before + t.Position })];
        return new
        {
            tokens = some.Select(t => t.Text),
            token_logprobs = some.Select(t => LogProb(t.LogProb)),
            // Like OpenAI, includes the token itself, so there may be one more than requested. Different tokens can have the same text,
            // such as halves of characters; the more likely one is kept.
            top_logprobs = some.Select(t =>
                t.Alternatives.IsEmpty
                    ? null
                    : t
                        .Alternatives.Append(new TokenText(t.Text, t.LogProb))
                        .DistinctBy(a => a.Text, StringComparer.Ordinal)
                        .ToDictionary(a => a.Text, a => LogProb(a.LogProb), StringComparer.Ordinal)
            ),
            text_offset = some.Select(t => t.Position),
        };
    }
}
