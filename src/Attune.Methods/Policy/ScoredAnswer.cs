using Attune.Core.Rollouts;
using Attune.Core.Tokens;

namespace Attune.Methods.Policy;

/// <summary>A sampled answer with all that was measured of it: plain numbers, one per answer token where not said otherwise.</summary>
/// <param name="LogProbs">Of the policy that sampled, recomputed by the trainer, nats.</param>
/// <param name="Reference">log pi_ref, nats.</param>
/// <param name="Values">V before each token; empty without a critic.</param>
/// <param name="Rewards">KL penalty and the score's marks.</param>
/// <param name="Score">Sum of the marks: the reward of the whole answer before the penalty.</param>
public sealed record ScoredAnswer(Rollout Rollout, float[] LogProbs, float[] Reference, float[] Values, double[] Rewards, double Score)
{
    public TokenSequence Sequence => Rollout.Sequence;
}
