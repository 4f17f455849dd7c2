using System.Collections.Immutable;
using Attune.Core.Conversations;
using Attune.Core.Rollouts;
using Attune.Core.Runs;

namespace Attune.Core.Completions;

/// <summary>
/// A language model that answers many callers at once, in this process. Callers see texts and plain data; where the weights lie, and what
/// computes, is behind it.
/// </summary>
public interface ICompletionModel
{
    /// <summary>What callers ask for it by.</summary>
    string Name { get; }

    /// <summary>Most tokens of a prompt and its answer.</summary>
    int ContextLength { get; }

    /// <summary>A prompt as the model reads it; conversations in its chat template.</summary>
    /// <exception cref="DataException">The template cannot say the conversation.</exception>
    EncodedPrompt Encode(Prompt prompt);

    /// <summary>Text of ids, as a text of its own.</summary>
    /// <exception cref="DataException">An id is not in the vocabulary.</exception>
    string Decode(ImmutableArray<int> tokens);

    /// <summary>
    /// Draws the answers to a request. Pieces of several answers come in any order, those of one in theirs; each answer's last piece has an
    /// end. To stop reading, or to cancel, is to take the request back. Errors of the request are thrown at once, not while the pieces are
    /// read.
    /// </summary>
    /// <exception cref="ModelBusyException">Too many others wait.</exception>
    /// <exception cref="AttuneException">The request cannot work.</exception>
    IAsyncEnumerable<CompletionPiece> CompleteAsync(CompletionRequest request, CancellationToken cancel);
}

/// <summary>A prompt in tokens.</summary>
/// <param name="AnswerPrefix">What stands between the prompt and the answer's own text, and is no part of either; often empty.</param>
/// <param name="IsEmpty">Nothing stands before the answer: it begins a text.</param>
public sealed record EncodedPrompt(ImmutableArray<int> Tokens, string AnswerPrefix = "", bool IsEmpty = false);

/// <summary>Answers wanted to one prompt.</summary>
/// <param name="Sampling">The end token is the model's own where none is given. An answer's text ends before its stop sequence.</param>
/// <param name="Seed">Decides the answers, whatever else the model is asked meanwhile.</param>
public sealed record CompletionRequest(EncodedPrompt Prompt, SamplingOptions Sampling, Seed Seed)
{
    /// <summary>Answers to draw.</summary>
    public int Count { get; init; } = 1;

    /// <summary>Likeliest tokens to tell beside each drawn one; null where not even the drawn ones are of interest.</summary>
    public int? Alternatives { get; init; }

    /// <summary>
    /// Where tokens are of interest, whether those of the prompt are told too, and an end token: all that was read and drawn, as programs
    /// that measure models count on it.
    /// </summary>
    public bool ReportsPrompt { get; init; }
}

/// <summary>What an answer goes on with.</summary>
/// <param name="Answer">Which of the answers, from 0.</param>
/// <param name="Text">Whole characters; may be empty.</param>
/// <param name="Tokens">Those that the text came of, where they were asked for. The end token and a stop sequence are not among
/// them.</param>
/// <param name="End">In the last piece alone.</param>
public sealed record CompletionPiece(int Answer, string Text, ImmutableArray<AnswerToken> Tokens, CompletionEnd? End)
{
    /// <summary>
    /// In an answer's first piece, where they were asked for: the prompt's tokens. The first one's log-probability is not a number, since
    /// nothing stands before it.
    /// </summary>
    public ImmutableArray<AnswerToken> Prompt { get; init; } = [];
}

/// <summary>How an answer ended.</summary>
/// <param name="Tokens">Drawn, the end token included.</param>
public sealed record CompletionEnd(StopReason Reason, int Tokens);

/// <summary>A token by its text.</summary>
/// <param name="LogProb">Nats, with the temperature applied and before any cut.</param>
public readonly record struct TokenText(string Text, float LogProb);

/// <summary>A token of an answer or a prompt.</summary>
/// <param name="Position">Where in it the token begins, in code points.</param>
/// <param name="Alternatives">The likeliest in its place, likeliest first.</param>
public sealed record AnswerToken(string Text, float LogProb, int Position, ImmutableArray<TokenText> Alternatives);

/// <summary>There is no room for another request at the moment.</summary>
public sealed class ModelBusyException(string message) : AttuneException(message);
