using System.Collections.Immutable;
using Attune.Core.Tokens;

namespace Attune.Methods.Policy;

/// <summary>One rollout as PPO learns from it: plain numbers, one per answer token.</summary>
/// <param name="Sequence">Prompt and answer.</param>
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
    /// <summary>True in the round's first update, before any weight has changed: there the ratio must be 1.</summary>
    public bool Unchanged { get; init; }

    /// <summary>A text of the pretraining distribution, learned beside the rollout (PPO-ptx); null without.</summary>
    public TokenSequence? Pretraining { get; init; }

    /// <summary>
    /// What the text's summed loss is multiplied by, so that after the loop's division the minibatch sees
    /// coefficient * mean pretraining loss per token.
    /// </summary>
    public double PretrainingScale { get; init; }
}
