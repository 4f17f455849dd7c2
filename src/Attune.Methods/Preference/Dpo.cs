using System.Diagnostics;
using Attune.Models.Architecture;
using Attune.Numerics;
using static TorchSharp.torch;

namespace Attune.Methods.Preference;

/// <summary>
/// Direct preference optimisation, Rafailov et al. 2023 (arXiv:2305.18290): the policy is its own reward model,
/// r(x, y) = beta log(pi / pi_ref) + a constant of x, fitted to the preferences by Bradley and Terry. Its optimum on them is
/// pi_ref exp(r / beta) / Z, the same as that of PPO with a KL penalty.
/// </summary>
public static class Dpo
{
    /// <summary>-log sigma(beta margin), eq. 7, per pair.</summary>
    /// <param name="margin">log ratio of the chosen answer minus that of the rejected one, [pairs], nats</param>
    /// <returns>[pairs], nats</returns>
    public static Tensor Loss(Tensor margin, double beta)
    {
        margin.Require([-1]);
        using var scope = NewDisposeScope();
        return (-nn.functional.logsigmoid(beta * margin)).MoveToOuterDisposeScope();
    }

    /// <summary>DPO and its kin by <see cref="DpoOptions.LossType"/>.</summary>
    public sealed class Objective(DpoOptions options, LanguageModel policy, LanguageModel? reference) : PairObjective(policy, reference)
    {
        protected override Tensor Loss(ScoredPairs pairs)
        {
            var margin = Score(pairs.Chosen) - Score(pairs.Rejected);
            var loss = options.LossType switch
            {
                DpoLoss.Sigmoid => ConservativeDpo.Loss(margin, options.Beta, options.LabelSmoothing),
                DpoLoss.Robust => RobustDpo.Loss(margin, options.Beta, options.LabelSmoothing),
                DpoLoss.Hinge => Slic.Loss(margin, options.Beta, delta: 1),
                _ => throw new UnreachableException(),
            };
            return options.RpoAlpha == 0 ? loss : loss - options.RpoAlpha * pairs.Chosen.MeanLogProbs;
        }

        protected override Tensor Reward(ScoredAnswers answers) => options.Beta * Score(answers);

        private Tensor Score(ScoredAnswers answers) =>
            FDivergence.Derivative(answers.By(options.LogProbs).LogRatio, options.FDivergenceType, options.FAlphaDivergenceCoef);
    }
}
