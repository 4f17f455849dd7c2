using System.Collections.Immutable;
using System.Text;
using Attune.Core.Completions;
using Attune.Core.Conversations;
using Attune.Core.Rollouts;

namespace Attune.Web.Completions;

/// <summary>The tokens of an answer, or of a part of one.</summary>
/// <param name="Prompt">Before the first part, where they were asked for.</param>
internal sealed record ToldTokens(ImmutableArray<AnswerToken> Prompt, ImmutableArray<AnswerToken> Answer);

/// <summary>How answers are written: whole, and in chunks.</summary>
internal abstract class AnswerShape
{
    // JSON has no infinity; OpenAI writes this for what cannot be drawn.
    private const double Impossible = -9999;

    /// <summary>Begins the ids.</summary>
    public abstract string IdPrefix { get; }
    public abstract string Object { get; }
    public abstract string ChunkObject { get; }

    /// <summary>One of the answers, whole.</summary>
    /// <param name="echo">Stands before it.</param>
    /// <param name="tokens">Null where they were not asked for.</param>
    public abstract object Choice(int index, string echo, string text, ToldTokens? tokens, string finish);

    /// <summary>A part of an answer.</summary>
    /// <param name="isFirst">The answer begins with it.</param>
    /// <param name="finish">Null where it goes on.</param>
    public abstract object Chunk(int index, string echo, bool isFirst, string text, ToldTokens? tokens, string? finish);

    public static string Finish(StopReason reason) => reason == StopReason.Length ? "length" : "stop";

    /// <summary>Null for the first token of all.</summary>
    protected static double? LogProb(float value) => float.IsNaN(value) ? null : Math.Max(value, Impossible);
}

/// <summary>As <c>/v1/chat/completions</c> answers.</summary>
internal sealed class ChatShape : AnswerShape
{
    public override string IdPrefix => "chatcmpl-";
    public override string Object => "chat.completion";
    public override string ChunkObject => "chat.completion.chunk";

    public override object Choice(int index, string echo, string text, ToldTokens? tokens, string finish) =>
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

    public override object Chunk(int index, string echo, bool isFirst, string text, ToldTokens? tokens, string? finish) =>
        new
        {
            index,
            delta = isFirst ? (object)new { role = "assistant", content = text }
            : finish is not null && text.Length == 0 ? new { }
            : new { content = text },
            logprobs = LogProbs(tokens),
            finish_reason = finish,
        };

    private static object? LogProbs(ToldTokens? tokens) =>
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

    /// <summary>Null for a token that is a part of a character alone.</summary>
    private static int[]? Bytes(string text) =>
        text.Contains('\uFFFD', StringComparison.Ordinal) ? null : [.. Encoding.UTF8.GetBytes(text).Select(b => (int)b)];
}

/// <summary>As <c>/v1/completions</c> answers.</summary>
internal sealed class TextShape : AnswerShape
{
    public override string IdPrefix => "cmpl-";
    public override string Object => "text_completion";
    public override string ChunkObject => "text_completion";

    public override object Choice(int index, string echo, string text, ToldTokens? tokens, string finish) =>
        Chunk(index, echo, true, text, tokens, finish);

    public override object Chunk(int index, string echo, bool isFirst, string text, ToldTokens? tokens, string? finish) =>
        new
        {
            index,
            text = isFirst ? echo + text : text,
            logprobs = LogProbs(tokens, CodePoints.Count(echo)),
            finish_reason = finish,
        };

    private static object? LogProbs(ToldTokens? tokens, int before)
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
            // As OpenAI does, with the token itself, so there may be one more than was asked for. Tokens may read alike, such as halves of
            // characters: the likelier one has the name.
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
