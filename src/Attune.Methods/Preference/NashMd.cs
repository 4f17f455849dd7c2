using Attune.Models.Architecture;
using Attune.Numerics;
using static TorchSharp.torch;

namespace Attune.Methods.Preference;

/// <summary>
/// Nash-MD, Munos et al. 2023 (arXiv:2312.00886, section 7): the policy learns to be preferred to a geometric mixture of itself and the
/// reference, not to earn a reward, so preferences need not be transitive. With mixture 0 it comes to rest where no other policy does
/// better against it, each paying beta for a nat of divergence: at pi = pi_ref exp(P(y preferred to pi) / beta) / Z.
/// </summary>
public static class NashMd
{
    /// <summary>
    /// -(P - 1/2 - beta log(pi / pi_ref)) log pi(y), the bracket without gradient: on answers of the policy its gradient is that of
    /// beta KL(pi || pi_ref) - P(pi preferred to the opponent). The half is a baseline.
    /// </summary>
    /// <param name="logProb">log pi of the policy's answer, [pairs], nats</param>
    /// <param name="reference">log pi_ref of it, [pairs], nats</param>
    /// <param name="preferred">how likely it is preferred to the opponent's, [pairs]; 1/2 where the two are alike</param>
    /// <returns>[pairs]</returns>
    public static Tensor Loss(Tensor logProb, Tensor reference, Tensor preferred, double beta)
    {
        reference.Require(logProb.Require([-1]).shape);
        preferred.Require(logProb.shape);
        using var scope = NewDisposeScope();
        var worth = preferred - 0.5 - beta * (logProb.detach() - reference);
        return (-worth * logProb).MoveToOuterDisposeScope();
    }

    /// <summary>The loss over judged pairs; every pair carries its reference, and says which answer the opponent wrote.</summary>
    public sealed class Objective(OnlineDpoOptions options, LanguageModel policy) : PairObjective(policy, null)
    {
        protected override Tensor Loss(ScoredPairs pairs)
        {
            var isRejected = pairs.Numbers(p => p.Explored == ExploredSide.Chosen ? 1 : 0);
            Tensor Own(Tensor chosen, Tensor rejected) => isRejected * rejected + (1 - isRejected) * chosen;
            var preferred = pairs.Numbers(p => p.Explored == ExploredSide.Chosen ? 1 - p.Pair.Probability : p.Pair.Probability);
            return NashMd.Loss(
                Own(pairs.Chosen.LogProbs, pairs.Rejected.LogProbs),
                Own(pairs.Chosen.Reference, pairs.Rejected.Reference),
                preferred,
                options.Beta
            );
        }

        protected override Tensor Reward(ScoredAnswers answers) => options.Beta * answers.LogRatio;
    }
}
