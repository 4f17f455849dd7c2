using System.Collections.Immutable;
using Attune.Core.Conversations;
using Attune.Core.Rollouts;
using Attune.Core.Runs;

namespace Attune.Core.Completions;

/// <summary>
/// A language model in this process that serves many callers at once. Callers see only texts and plain data, not where the weights are or
/// what computes.
/// </summary>
public interface ICompletionModel
{
    /// <summary>The name by which callers request the model.</summary>
    string Name { get; }

    /// <summary>The largest number of tokens of a prompt with its answer.</summary>
    int ContextLength { get; }

    /// <summary>A prompt as the model reads it; conversations in its chat template.</summary>
    /// <exception cref="DataException">The template cannot express the conversation.</exception>
    EncodedPrompt Encode(Prompt prompt);

    /// <summary>Decodes ids as a separate text.</summary>
    /// <exception cref="DataException">An id is not in the vocabulary.</exception>
    string Decode(ImmutableArray<int> tokens);

    /// <summary>
    /// Draws the answers to a request. Pieces of several answers come in any order, those of one in theirs; each answer's last piece has an
    /// end. Cancelling, or no longer reading, withdraws the request. Errors of the request are thrown at once, not while the pieces are
    /// read.
    /// </summary>
    /// <exception cref="ModelBusyException">Too many requests are waiting.</exception>
    /// <exception cref="AttuneException">The request cannot work.</exception>
    IAsyncEnumerable<CompletionPiece> CompleteAsync(CompletionRequest request, CancellationToken cancel);
}

/// <summary>A prompt in tokens.</summary>
/// <param name="AnswerPrefix">The text between prompt and answer, part of neither; often empty.</param>
/// <param name="IsEmpty">The prompt is empty: the answer begins a text.</param>
public sealed record EncodedPrompt(ImmutableArray<int> Tokens, string AnswerPrefix = "", bool IsEmpty = false)
{
    /// <summary>What ends an answer to it; null for the model's own end token.</summary>
    public int? EndToken { get; init; }
}

/// <summary>Answers wanted to one prompt.</summary>
/// <param name="Sampling">The end token is the model's own where none is given. An answer's text ends before its stop sequence.</param>
/// <param name="Seed">Determines the answers, regardless of other requests.</param>
public sealed record CompletionRequest(EncodedPrompt Prompt, SamplingOptions Sampling, Seed Seed)
{
    /// <summary>Answers to draw.</summary>
    public int Count { get; init; } = 1;

    /// <summary>The number of most likely tokens to report beside each sampled one; null to report no tokens.</summary>
    public int? Alternatives { get; init; }

    /// <summary>
    /// Whether tokens of the prompt and the end token are reported too: everything that was read and sampled, as programs
    /// that evaluate models expect.
    /// </summary>
    public bool ReportsPrompt { get; init; }
}

/// <summary>The next piece of an answer.</summary>
/// <param name="Answer">The index of the answer, from 0.</param>
/// <param name="Text">Whole characters; may be empty.</param>
/// <param name="Tokens">The text's tokens, where they were requested. The end token and a stop sequence are not among
/// them.</param>
/// <param name="End">Only in the last piece.</param>
public sealed record CompletionPiece(int Answer, string Text, ImmutableArray<AnswerToken> Tokens, CompletionEnd? End)
{
    /// <summary>
    /// The prompt's tokens, in an answer's first piece where they were requested. The first one's log-probability is NaN, because
    /// nothing precedes it.
    /// </summary>
    public ImmutableArray<AnswerToken> Prompt { get; init; } = [];
}

/// <summary>How an answer ended.</summary>
/// <param name="Tokens">Sampled tokens, including the end token.</param>
public sealed record CompletionEnd(StopReason Reason, int Tokens);

/// <summary>A token by its text.</summary>
/// <param name="LogProb">Nats, with the temperature applied and before any cut.</param>
public readonly record struct TokenText(string Text, float LogProb);

/// <summary>A token of an answer or a prompt.</summary>
/// <param name="Position">Where the token begins, in code points.</param>
/// <param name="Alternatives">The most likely tokens in its place, most likely first.</param>
public sealed record AnswerToken(string Text, float LogProb, int Position, ImmutableArray<TokenText> Alternatives);

/// <summary>There is currently no room for another request.</summary>
public sealed class ModelBusyException(string message) : AttuneException(message);
