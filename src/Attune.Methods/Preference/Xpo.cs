using Attune.Models.Architecture;
using Attune.Numerics;
using static TorchSharp.torch;

namespace Attune.Methods.Preference;

/// <summary>
/// XPO, Xie et al. 2024 (arXiv:2405.21046): online DPO on pairs of one answer of the policy and one of the reference, with a bonus for
/// exploring: the policy is paid for finding the reference's answer less likely, so that it goes where neither has been.
/// </summary>
public static class Xpo
{
    /// <summary>The loss of a pair plus alpha log pi(y_ref), per pair.</summary>
    /// <param name="loss">DPO's or IPO's, [pairs]</param>
    /// <param name="logProb">log pi of the answer that the reference wrote, [pairs], nats</param>
    /// <returns>[pairs]</returns>
    public static Tensor WithBonus(Tensor loss, Tensor logProb, double alpha)
    {
        logProb.Require(loss.Require([-1]).shape);
        return loss + alpha * logProb;
    }

    /// <summary>Online DPO's or online IPO's loss with the bonus; every pair carries its reference.</summary>
    public sealed class Objective(OnlineDpoOptions options, LanguageModel policy) : PairObjective(policy, null)
    {
        protected override Tensor Loss(ScoredPairs pairs)
        {
            var loss =
                options.LossType == OnlineLoss.Ipo
                    ? Ipo.Loss(pairs.Margin, options.Beta)
                    : Dpo.Conservative(pairs.Margin, options.Beta, options.LabelSmoothing);
            var isChosen = pairs.Numbers(p => p.Explored == ExploredSide.Chosen ? 1 : 0);
            return WithBonus(loss, isChosen * pairs.Chosen.LogProbs + (1 - isChosen) * pairs.Rejected.LogProbs, options.XpoAlpha);
        }

        protected override Tensor Reward(ScoredAnswers answers) => options.Beta * answers.LogRatio;
    }
}
