using System.Collections.Immutable;
using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Core.Tokens;
using Attune.Numerics;

namespace Attune.Methods.Policy;

/// <summary>
/// A sampled answer with everything measured on it: plain numbers, one per answer token unless noted. What divergence from the reference
/// costs is the method's own matter.
/// </summary>
/// <param name="LogProbs">Of the policy that sampled, recomputed by the trainer, nats.</param>
/// <param name="Reference">log pi_ref, nats.</param>
/// <param name="Values">V before each token; empty without a critic.</param>
/// <param name="TokenRewards">The score's rewards, each at an answer token.</param>
/// <param name="Score">Their sum: the reward of the whole answer.</param>
public sealed record ScoredAnswer(
    Rollout Rollout,
    float[] LogProbs,
    float[] Reference,
    float[] Values,
    (int Position, double Value)[] TokenRewards,
    double Score
)
{
    public TokenSequence Sequence => Rollout.Sequence;

    /// <summary>The rewards that the score is the weighted sum of, before any rule for scores; empty where there is one.</summary>
    public ImmutableArray<RewardPart> Parts { get; init; } = [];

    /// <summary>Of the distribution that each token was drawn from, nats; empty where the method does not read it.</summary>
    public float[] Entropy { get; init; } = [];

    /// <summary>KL(pi || pi_ref) of those distributions, nats; empty where the method does not read it.</summary>
    public float[] FullKl { get; init; } = [];

    /// <summary>
    /// What a method that draws further answers to the prompt compares this one's score with (the greedy answer's score, say); 0 for other
    /// methods.
    /// </summary>
    public double Baseline { get; init; }

    /// <summary>Adds this answer to the means that a round logs.</summary>
    internal void Measure(Metrics measured)
    {
        double kl = 0,
            k3 = 0,
            surprise = 0;
        for (var t = 0; t < LogProbs.Length; t++)
        {
            var difference = (double)LogProbs[t] - Reference[t];
            kl += Divergence.K1(difference);
            k3 += Divergence.K3(difference);
            surprise -= LogProbs[t];
        }

        measured.Add("objective/kl", kl);
        measured.Add("objective/kl_k3", k3);
        measured.Add("objective/entropy", surprise);
        measured.Add("objective/scores", Score);
        measured.Add("response_length/mean", LogProbs.Length);
        measured.Add("response_length/clip_ratio", Rollout.Stop == StopReason.Length ? 1 : 0);
    }
}
