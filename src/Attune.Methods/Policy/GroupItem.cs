using System.Collections.Immutable;
using Attune.Core.Tokens;

namespace Attune.Methods.Policy;

/// <summary>One answer of a group as RLOO and GRPO learn from it. Arrays have one number per answer token.</summary>
/// <param name="OldLogProbs">Of the policy that sampled, recomputed by the trainer, nats.</param>
/// <param name="Reference">log pi_ref, nats.</param>
/// <param name="Advantage">Of the whole answer.</param>
/// <param name="Beta">KL coefficient of the loss in this round.</param>
public sealed record GroupItem(
    TokenSequence Sequence,
    ImmutableArray<float> OldLogProbs,
    ImmutableArray<float> Reference,
    double Advantage,
    double Beta
)
{
    /// <summary>Ids that each token was drawn from; default where nothing was cut.</summary>
    public ImmutableArray<ImmutableArray<int>> Support { get; init; }

    /// <summary>True in the round's first update, before any weight has changed: there the ratio must be 1.</summary>
    public bool Unchanged { get; init; }

    /// <summary>Advantages that differ from token to token; default where all are <see cref="Advantage"/>.</summary>
    public ImmutableArray<float> TokenAdvantages { get; init; }

    /// <summary>Tokens that count in the loss and in its divisor; default for all.</summary>
    public ImmutableArray<bool> Counted { get; init; }

    /// <summary>Of those, tokens whose policy term is kept (the divisor stays); default for all.</summary>
    public ImmutableArray<bool> Kept { get; init; }

    /// <summary>As the sampler reported them, nats; default where they are not used.</summary>
    public ImmutableArray<float> SamplerLogProbs { get; init; }

    /// <summary>What multiplies the policy term of each token (<see cref="SamplerCorrection"/>); default for 1.</summary>
    public ImmutableArray<float> SamplerRatios { get; init; }

    /// <summary>Mean of the counted tokens over the round's answers.</summary>
    public double RoundTokens { get; init; }

    /// <summary>Weight of the entropy bonus.</summary>
    public double EntropyCoefficient { get; init; }

    /// <summary>The share of the minibatch's weight that one counted token has in the mean of the entropy.</summary>
    public double EntropyShare { get; init; }

    /// <summary>Tokens that count.</summary>
    public int CountedTokens => Counted.IsDefault ? OldLogProbs.Length : Counted.Count(c => c);

    public bool Counts(int token) => Counted.IsDefault || Counted[token];

    public bool Keeps(int token) => Kept.IsDefault || Kept[token];
}
