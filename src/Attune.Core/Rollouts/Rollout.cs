using System.Collections.Immutable;
using System.Text.Json;
using Attune.Core.Tokens;

namespace Attune.Core.Rollouts;

/// <summary>Why sampling ended.</summary>
public enum StopReason
{
    /// <summary>The end token was drawn; it is the last answer token.</summary>
    EndToken,

    /// <summary>A stop sequence appeared; the answer ends with it.</summary>
    StopSequence,

    /// <summary>The longest allowed answer was reached.</summary>
    Length,
}

/// <summary>One sampled answer. Plain data: it can wait, be stored, or cross a process.</summary>
/// <param name="Sequence">Prompt and answer.</param>
/// <param name="LogProbs">One per answer token, nats, under the distribution sampled from before top-k, top-p and min-p cut it (temperature
/// applied); with <see cref="SamplingOptions.ReportSupport"/> under what the cuts leave, renormalised.</param>
/// <param name="Stop">Why it ended.</param>
/// <param name="WeightVersion">The policy's update count when it was drawn.</param>
public sealed record Rollout(TokenSequence Sequence, ImmutableArray<float> LogProbs, StopReason Stop, long WeightVersion)
{
    /// <summary>
    /// The ids that each answer token was drawn from, in rising order, where cuts left a part of the vocabulary and
    /// <see cref="SamplingOptions.ReportSupport"/> asks for them; default otherwise.
    /// </summary>
    public ImmutableArray<ImmutableArray<int>> Support { get; init; }

    /// <summary>The other columns of the prompt's row, for rewards.</summary>
    public IReadOnlyDictionary<string, JsonElement> Columns { get; init; } = ImmutableSortedDictionary<string, JsonElement>.Empty;
}

/// <summary>A reward on one answer token.</summary>
/// <param name="Position">Index into the answer, 0 for its first token.</param>
/// <param name="Value">Reward, in the reward's own unit.</param>
/// <param name="Source">Which reward said it, for logs.</param>
public readonly record struct TokenReward(int Position, double Value, string Source);

/// <summary>One of the rewards that a score is the weighted sum of.</summary>
/// <param name="Name">Unique within the score, the same for every answer.</param>
/// <param name="Value">In the reward's own unit, before the weight.</param>
public readonly record struct RewardPart(string Name, double Value, double Weight);

/// <summary>
/// Reward as marks on answer tokens: one at the end for an outcome, several for steps or spans. Marks add up where they meet.
/// </summary>
public sealed record Score(ImmutableArray<TokenReward> TokenRewards)
{
    public double Total => TokenRewards.Sum(m => m.Value);

    /// <summary>Standard deviation between the members of an ensemble; null where one voice scored.</summary>
    public double? Spread { get; init; }

    /// <summary>
    /// The rewards that it is the weighted sum of, for curves and for normalising each before they are added (GDPO, arXiv:2601.05242);
    /// empty where there is one. A reward that gave this answer nothing is absent.
    /// </summary>
    public ImmutableArray<RewardPart> Parts { get; init; } = [];

    /// <summary>A single mark on the last answer token.</summary>
    public static Score Outcome(Rollout rollout, double value, string source) =>
        new([new TokenReward(rollout.Sequence.AnswerLength - 1, value, source)]);

    public static Score operator +(Score left, Score right) =>
        new(left.TokenRewards.AddRange(right.TokenRewards))
        {
            Spread = left.Spread is null && right.Spread is null ? null : (left.Spread ?? 0) + (right.Spread ?? 0),
            Parts = left.Parts.AddRange(right.Parts),
        };

    public static Score Add(Score left, Score right) => left + right;

    public Score Scale(double weight) =>
        new([.. TokenRewards.Select(m => m with { Value = weight * m.Value })])
        {
            Spread = Math.Abs(weight) * Spread,
            Parts = [.. Parts.Select(p => p with { Weight = weight * p.Weight })],
        };
}
