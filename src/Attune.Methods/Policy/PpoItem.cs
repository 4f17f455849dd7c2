using System.Collections.Immutable;
using Attune.Core.Tokens;

namespace Attune.Methods.Policy;

/// <summary>One rollout as PPO learns from it: plain numbers, one per answer token.</summary>
/// <param name="OldLogProbs">Of the policy that sampled, recomputed by the trainer, nats.</param>
/// <param name="OldValues">V before each token.</param>
/// <param name="Advantages">After whitening.</param>
/// <param name="Returns">Advantages before whitening plus values: the value function's target.</param>
public sealed record PpoItem(
    TokenSequence Sequence,
    ImmutableArray<float> OldLogProbs,
    ImmutableArray<float> OldValues,
    ImmutableArray<float> Advantages,
    ImmutableArray<float> Returns
)
{
    /// <summary>Ids that each token was drawn from; default where nothing was cut.</summary>
    public ImmutableArray<ImmutableArray<int>> Support { get; init; }

    /// <summary>True in the round's first update, before any weight has changed: there the ratio must be 1.</summary>
    public bool Unchanged { get; init; }

    /// <summary>Whether the value function alone learns from it.</summary>
    public bool CriticOnly { get; init; }

    /// <summary>log pi_ref of each token, nats; default where the divergence is paid in the reward.</summary>
    public ImmutableArray<float> Reference { get; init; }

    /// <summary>Price of a nat of divergence in the loss.</summary>
    public double Beta { get; init; }

    /// <summary>Weight of the entropy bonus.</summary>
    public double EntropyCoefficient { get; init; }

    /// <summary>Pretraining texts learned beside the rollout (PPO-ptx); empty without.</summary>
    public ImmutableArray<PretrainingText> Pretraining { get; init; } = [];
}
