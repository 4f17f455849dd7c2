using System.Collections.Immutable;
using Attune.Core.Tokens;

namespace Attune.Methods.Policy;

/// <summary>One answer of a group as RLOO and GRPO learn from it.</summary>
/// <param name="OldLogProbs">Of the policy that sampled, recomputed by the trainer, one per answer token, nats.</param>
/// <param name="Reference">log pi_ref, one per answer token, nats.</param>
/// <param name="Advantage">Of the whole answer.</param>
/// <param name="Beta">KL coefficient of the round.</param>
public sealed record GroupItem(
    TokenSequence Sequence,
    ImmutableArray<float> OldLogProbs,
    ImmutableArray<float> Reference,
    double Advantage,
    double Beta
)
{
    /// <summary>True in the round's first update, before any weight has changed: there the ratio must be 1.</summary>
    public bool Unchanged { get; init; }
}
