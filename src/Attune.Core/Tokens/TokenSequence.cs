using System.Collections.Immutable;
using Attune.Core.Runs;

namespace Attune.Core.Tokens;

/// <summary>
/// A prompt and its answer as token ids. The answer begins at <see cref="AnswerStart"/> and includes the end token, if any.
/// </summary>
/// <param name="Tokens">Ids, without padding.</param>
/// <param name="AnswerStart">Index of the first answer token; the length of the sequence where there is no answer yet.</param>
public sealed record TokenSequence(ImmutableArray<int> Tokens, int AnswerStart)
{
    public int Length => Tokens.Length;
    public int AnswerLength => Tokens.Length - AnswerStart;
    public ReadOnlySpan<int> Prompt => Tokens.AsSpan()[..AnswerStart];
    public ReadOnlySpan<int> Answer => Tokens.AsSpan()[AnswerStart..];

    /// <summary>The sequence without its end token, where it has one and another answer token before it.</summary>
    /// <param name="endToken">null leaves everything as it is.</param>
    public TokenSequence WithoutEnd(int? endToken) =>
        endToken is { } end && AnswerLength > 1 && Tokens[^1] == end ? this with { Tokens = Tokens[..^1] } : this;

    /// <summary>
    /// The sequence with each answer token left out by chance: word dropout (Iyyer et al. 2015, Deep Averaging Networks), which keeps a
    /// small classifier from learning sentences by heart. One answer token always stays.
    /// </summary>
    /// <param name="share">Probability that a token is left out, 0 to 1.</param>
    public TokenSequence WithTokenDropout(double share, Rng rng)
    {
        if (share == 0 || AnswerLength < 2)
        {
            return this;
        }

        var kept = ImmutableArray.CreateBuilder<int>(Length);
        kept.AddRange(Prompt);
        foreach (var token in Answer)
        {
            if (rng.NextDouble() >= share)
            {
                kept.Add(token);
            }
        }

        return kept.Count > AnswerStart
            ? this with
            {
                Tokens = kept.ToImmutable(),
            }
            : this with
            {
                Tokens = [.. Prompt, Answer[rng.NextInt(AnswerLength)]],
            };
    }

    public bool Equals(TokenSequence? other) =>
        other is not null && AnswerStart == other.AnswerStart && Tokens.AsSpan().SequenceEqual(other.Tokens.AsSpan());

    public override int GetHashCode() => Tokens.Aggregate(AnswerStart, HashCode.Combine);
}

/// <summary>Two answers to one prompt.</summary>
/// <param name="Margin">Added inside the Bradley-Terry loss: how much better the chosen one must be; 0 for none.</param>
public sealed record TokenPair(TokenSequence Chosen, TokenSequence Rejected, double Margin = 0)
{
    /// <summary>That the chosen answer is better; one half is a tie.</summary>
    public double Probability { get; init; } = 1;

    /// <summary>A third answer to the prompt, written to be imitated; null where there is none.</summary>
    public TokenSequence? Gold { get; init; }
}

/// <summary>K answers to one prompt, with the index of the best.</summary>
public sealed record TokenChoice(ImmutableArray<TokenSequence> Answers, int Best);

/// <summary>K answers to one prompt with their ranks, 1 best, ties equal.</summary>
public sealed record TokenRanking(ImmutableArray<TokenSequence> Answers, ImmutableArray<int> Ranks);
