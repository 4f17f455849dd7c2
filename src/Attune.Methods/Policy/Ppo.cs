using Attune.Core.Runs;
using Attune.Models.Architecture;
using Attune.Models.Weights;
using Attune.Numerics;
using Attune.Training.Batches;
using Attune.Training.Contracts;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Methods.Policy;

/// <summary>
/// Proximal policy optimisation (Schulman et al. 2017, arXiv:1707.06347) of E[r(x, y)] - beta KL(pi || pi_ref), as RLHF uses it:
/// Ziegler et al. 2019 (arXiv:1909.08593), Stiennon et al. 2020 (arXiv:2009.01325), Ouyang et al. 2022 (arXiv:2203.02155).
/// This file holds the mathematics; <see cref="PpoExperience"/> draws the rollouts.
/// </summary>
public static class Ppo
{
    /// <summary>Clipped surrogate, eq. 7, as a loss: max(-A ratio, -A clip(ratio, 1 - epsilon, 1 + epsilon)).</summary>
    /// <param name="logProbs">of the policy being trained, [tokens]</param>
    /// <param name="oldLogProbs">of the policy that sampled, [tokens]</param>
    /// <param name="advantages">[tokens]</param>
    /// <param name="clipRange">epsilon</param>
    /// <returns>[tokens]</returns>
    public static Tensor PolicyLoss(Tensor logProbs, Tensor oldLogProbs, Tensor advantages, double clipRange) =>
        Surrogate.Clipped(logProbs, oldLogProbs, advantages, clipRange, clipRange);

    /// <summary>Clipped value loss: half the larger of (V - R)^2 and (clip(V, V_old - epsilon, V_old + epsilon) - R)^2.</summary>
    /// <param name="values">[tokens]</param>
    /// <param name="oldValues">[tokens]</param>
    /// <param name="returns">[tokens]</param>
    /// <param name="clipRange">epsilon</param>
    /// <returns>[tokens]</returns>
    public static Tensor ValueLoss(Tensor values, Tensor oldValues, Tensor returns, double clipRange)
    {
        values.Require([-1]);
        oldValues.Require(values.shape);
        returns.Require(values.shape);
        using var scope = NewDisposeScope();
        var clipped = oldValues + (values - oldValues).clamp(-clipRange, clipRange);
        return (maximum((values - returns).square(), (clipped - returns).square()) / 2).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The reward of each answer token: -beta times the KL estimate, plus the score's marks where they stand (Ziegler 2019, eq. 2).
    /// </summary>
    /// <param name="logProbs">of the policy, [answer], nats</param>
    /// <param name="referenceLogProbs">[answer], nats</param>
    /// <param name="marks">(position, value)</param>
    /// <param name="beta">KL coefficient</param>
    /// <param name="estimator">k1, k2 or k3</param>
    public static double[] Rewards(
        ReadOnlySpan<float> logProbs,
        ReadOnlySpan<float> referenceLogProbs,
        IEnumerable<(int Position, double Value)> marks,
        double beta,
        KlEstimator estimator
    )
    {
        var rewards = new double[logProbs.Length];
        for (var t = 0; t < rewards.Length; t++)
        {
            var difference = (double)logProbs[t] - referenceLogProbs[t];
            rewards[t] =
                -beta
                * estimator switch
                {
                    KlEstimator.K1 => Divergence.K1(difference),
                    KlEstimator.K2 => Divergence.K2(difference),
                    _ => Divergence.K3(difference),
                };
        }

        foreach (var (position, value) in marks)
        {
            rewards[position] += value;
        }

        return rewards;
    }

    /// <summary>
    /// One step of the adaptive controller (Ziegler 2019, section 2.2): beta (1 + clip(KL / target - 1, -0.2, 0.2) * episodes / horizon).
    /// </summary>
    public static double NextBeta(double beta, double kl, double target, double episodes, double horizon) =>
        beta * (1 + Math.Clamp(kl / target - 1, -0.2, 0.2) * episodes / horizon);

    /// <summary>Policy loss + value coefficient * value loss (+ PPO-ptx), summed over answer tokens.</summary>
    public sealed class Objective : IObjective<PpoItem>
    {
        private readonly PpoOptions _options;
        private readonly LanguageModel _policy;
        private readonly ValueFunction _value;

        public Objective(PpoOptions options, LanguageModel policy, ValueFunction value)
        {
            (_options, _policy, _value) = (options, policy, value);
            Learners = [policy.Learner, value.Weights];
        }

        /// <summary>Lower states that the experience has computed already; null where no layers are frozen.</summary>
        public FrozenLayerCache? Shared { get; init; }

        public IReadOnlyList<FlatParameters> Learners { get; }

        public double Weight(PpoItem item) => item.OldLogProbs.Length;

        public int Length(PpoItem item) => item.Sequence.Length;

        public ObjectiveValue Evaluate(IReadOnlyList<PpoItem> items)
        {
            var batch = TokenBatch.Of([.. items.Select(i => i.Sequence)]);
            var states = FrozenLayerCache.HiddenAt(_policy, batch, batch.Predictors, Shared); // [tokens, width]
            var scores = _policy.Score(states, batch.Targets, _options.Temperature); // [tokens] each, and so are all below
            var logProbs = scores.LogProbs;
            var values = _value.OfAnswers(batch, states);
            var oldLogProbs = Concatenate(items, i => i.OldLogProbs.AsSpan());
            var oldValues = Concatenate(items, i => i.OldValues.AsSpan());
            var policyLoss = PolicyLoss(logProbs, oldLogProbs, Concatenate(items, i => i.Advantages.AsSpan()), _options.ClipRange).sum();
            var valueLoss = ValueLoss(values, oldValues, Concatenate(items, i => i.Returns.AsSpan()), _options.ValueClipRange).sum();
            var metrics = Measure(scores.Entropy, logProbs, oldLogProbs, values, oldValues, policyLoss, valueLoss);
            if (items.All(i => i.Unchanged))
            {
                RolloutInvariants.RequireUnchanged(metrics);
            }

            var loss = policyLoss + _options.ValueCoefficient * valueLoss;
            return new ObjectiveValue(items.Any(i => i.Pretraining is not null) ? loss + PretrainingLoss(items, metrics) : loss, metrics);
        }

        /// <summary>
        /// PPO-ptx (Ouyang et al. 2022, eq. 2): keeps the policy from forgetting the language while it chases the reward.
        /// </summary>
        private Tensor PretrainingLoss(IReadOnlyList<PpoItem> items, Metrics metrics)
        {
            var texts = items.Where(i => i.Pretraining is not null).ToArray();
            var batch = TokenBatch.Of([.. texts.Select(i => i.Pretraining!)]);
            var negative = -AnswerLogProbs.Score(_policy, _policy.Trunk.Hidden(batch.Tokens), batch).LogProbs.sum();
            metrics.AddSum("loss/ptx_avg", negative.ToDouble(), batch.Targets.shape[0]);
            return texts[0].PretrainingScale * negative;
        }

        private Metrics Measure(
            Tensor entropy,
            Tensor logProbs,
            Tensor oldLogProbs,
            Tensor values,
            Tensor oldValues,
            Tensor policyLoss,
            Tensor valueLoss
        )
        {
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            var count = logProbs.shape[0];
            var difference = logProbs - oldLogProbs;
            var ratio = difference.exp();
            var metrics = new Metrics();
            metrics.AddSum("policy/approxkl_avg", difference.square().sum().ToDouble() / 2, count);
            metrics.AddSum("policy/clipfrac_avg", (ratio - 1).abs().gt(_options.ClipRange).sum().ToDouble(), count);
            metrics.AddSum("policy/entropy_avg", entropy.sum().ToDouble(), count);
            metrics.AddSum("loss/policy_avg", policyLoss.ToDouble(), count);
            metrics.AddSum("loss/value_avg", valueLoss.ToDouble(), count);
            metrics.AddSum("val/clipfrac_avg", (values - oldValues).abs().gt(_options.ValueClipRange).sum().ToDouble(), count);
            metrics.AddSum("val/ratio", ratio.sum().ToDouble(), count);
            metrics.AddSum("val/ratio_var", (ratio - 1).square().sum().ToDouble(), count);
            return metrics;
        }

        private delegate ReadOnlySpan<float> Numbers(PpoItem item);

        private static Tensor Concatenate(IReadOnlyList<PpoItem> items, Numbers numbers)
        {
            var all = new List<float>();
            foreach (var item in items)
            {
                all.AddRange(numbers(item));
            }

            return tensor(all.ToArray());
        }
    }
}
