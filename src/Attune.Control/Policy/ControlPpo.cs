using System.Collections.Immutable;
using Attune.Control.Networks;
using Attune.Core;
using Attune.Core.Runs;
using Attune.Methods.Policy;
using Attune.Models.Weights;
using Attune.Numerics;
using Attune.Training.Contracts;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Control.Policy;

/// <summary>One step as PPO learns from it: plain numbers.</summary>
/// <param name="Observation">As a network reads it.</param>
/// <param name="Action">A discrete action is its number; a real one is not clipped.</param>
/// <param name="OldLogProb">Of the policy that acted, nats.</param>
/// <param name="OldValue">Of the state, when it was acted in.</param>
/// <param name="Return">The value function's target.</param>
public sealed record ControlItem(
    ImmutableArray<float> Observation,
    ImmutableArray<float> Action,
    float OldLogProb,
    float OldValue,
    float Advantage,
    float Return
)
{
    /// <summary>Of the round.</summary>
    public double ClipRange { get; init; }

    /// <summary>True in a round's first update, where the ratio must be 1.</summary>
    public bool Unchanged { get; init; }
}

/// <summary>
/// Proximal policy optimisation (Schulman et al. 2017, arXiv:1707.06347) for agents that act, with the conventions of stable-baselines3:
/// advantages that look past a step limit, a squared value error without the factor 1/2, and a value clip that replaces the error.
/// The surrogate, the advantages, the optimiser and the loop are those that text is learned with.
/// </summary>
public static class ControlPpo
{
    private const double Tolerance = 1e-3;

    /// <summary>
    /// Generalised advantage estimation over one environment's steps, in which episodes end. A step that ended one has no next value;
    /// where the step limit alone ended it, the state's future still counts: r + gamma V(last observation before the reset) (Pardo et al.
    /// 2018, arXiv:1712.00378).
    /// </summary>
    /// <param name="values">[time], of the state before each step</param>
    /// <param name="terminated">[time]</param>
    /// <param name="truncated">[time]; where a step is both, it is terminal</param>
    /// <param name="valuesAtEnd">[time]: of the observation after a step that was truncated; else not read</param>
    /// <param name="lastValue">of the observation after the last step; not read where that step ended an episode</param>
    /// <returns>[time]</returns>
    public static double[] Estimate(
        double[] rewards,
        double[] values,
        bool[] terminated,
        bool[] truncated,
        double[] valuesAtEnd,
        double lastValue,
        double gamma,
        double lambda
    )
    {
        var (discounts, payments, advantages) = (new double[rewards.Length], new double[rewards.Length], new double[rewards.Length]);
        for (var t = 0; t < rewards.Length; t++)
        {
            discounts[t] = terminated[t] || truncated[t] ? 0 : gamma;
            payments[t] = rewards[t] + (truncated[t] && !terminated[t] ? gamma * valuesAtEnd[t] : 0);
        }

        Advantages.Gae(payments, discounts, [.. values, lastValue], lambda, advantages);
        return advantages;
    }

    /// <summary>(V - R)^2, with V held within a distance of the value that was acted with; no clip where that is null.</summary>
    /// <returns>[steps]</returns>
    public static Tensor ValueLoss(Tensor values, Tensor oldValues, Tensor returns, double? clipRange)
    {
        values.Require([-1]);
        oldValues.Require(values.shape);
        returns.Require(values.shape);
        using var scope = NewDisposeScope();
        var held = clipRange is { } most ? oldValues + (values - oldValues).clamp(-most, most) : values;
        return (held - returns).square().MoveToOuterDisposeScope();
    }

    /// <summary>Clipped surrogate + value coefficient * value loss - entropy coefficient * entropy, summed over steps.</summary>
    public sealed class Objective(ControlPpoOptions options, ActorCritic agent) : IObjective<ControlItem>
    {
        public IReadOnlyList<FlatParameters> Learners { get; } = [agent.Weights];

        public double Weight(ControlItem item) => 1;

        public int Length(ControlItem item) => 1;

        public ObjectiveValue Evaluate(IReadOnlyList<ControlItem> items)
        {
            var (logProbs, entropy, values) = agent.Evaluate(Rows(items, i => i.Observation), Rows(items, i => i.Action)); // [steps] each
            var oldLogProbs = Column(items, i => i.OldLogProb);
            var advantages = Column(items, i => i.Advantage);
            var ratio = (logProbs - oldLogProbs).exp();
            var policyLoss = Surrogate.Clipped(ratio, advantages, new ClipOptions { ClipRange = items[0].ClipRange }).sum();
            var oldValues = Column(items, i => i.OldValue);
            var valueLoss = ValueLoss(values, oldValues, Column(items, i => i.Return), options.ValueClipRange).sum();
            var loss = policyLoss + options.ValueCoefficient * valueLoss;
            var entropySum = entropy.sum();
            if (options.EntropyCoefficient > 0)
            {
                loss -= options.EntropyCoefficient * entropySum;
            }

            var metrics = Measure(ratio, items);
            metrics.AddSum("loss/policy_avg", policyLoss.ToDouble(), items.Count);
            metrics.AddSum("loss/value_avg", valueLoss.ToDouble(), items.Count);
            metrics.AddSum("policy/entropy_avg", entropySum.ToDouble(), items.Count);
            RequireUnchanged(items, metrics);
            return new ObjectiveValue(loss, metrics);
        }

        /// <summary>On plain numbers: a call of libtorch costs more than a pass over a minibatch.</summary>
        private static Metrics Measure(Tensor ratio, IReadOnlyList<ControlItem> items)
        {
            using var quiet = no_grad();
            var (sum, kl, outside, binding) = (0.0, 0.0, 0, 0);
            var ratios = ratio.data<float>().ToArray();
            for (var i = 0; i < ratios.Length; i++)
            {
                var distance = ratios[i] - 1.0;
                sum += ratios[i];
                kl += distance - Math.Log(ratios[i]);
                var beyond = Math.Abs(distance) > items[i].ClipRange;
                outside += beyond ? 1 : 0;
                binding += beyond && Math.Sign(distance) == Math.Sign(items[i].Advantage) ? 1 : 0;
            }

            var metrics = new Metrics();
            metrics.AddSum("val/ratio", sum, items.Count);
            metrics.AddSum("policy/k3_avg", kl, items.Count);
            metrics.AddSum("policy/outside_avg", outside, items.Count);
            metrics.AddSum("policy/clipfrac_avg", binding, items.Count);
            return metrics;
        }

        private static void RequireUnchanged(IReadOnlyList<ControlItem> items, Metrics metrics)
        {
            if (items[0].Unchanged && Math.Abs(metrics["val/ratio"] - 1) > Tolerance)
            {
                throw new InvariantException(
                    $"the first minibatch of a round must have ratio 1 on unchanged weights; found {metrics["val/ratio"]:g6}. "
                        + "The log-probabilities of rollout and training disagree."
                );
            }
        }

        private static Tensor Column(IReadOnlyList<ControlItem> items, Func<ControlItem, float> of)
        {
            var column = new float[items.Count];
            for (var i = 0; i < column.Length; i++)
            {
                column[i] = of(items[i]);
            }

            return tensor(column);
        }

        private static Tensor Rows(IReadOnlyList<ControlItem> items, Func<ControlItem, ImmutableArray<float>> of)
        {
            var width = of(items[0]).Length;
            var rows = new float[items.Count * width];
            for (var i = 0; i < items.Count; i++)
            {
                of(items[i]).AsSpan().CopyTo(rows.AsSpan(i * width));
            }

            return tensor(rows).view(items.Count, width);
        }
    }
}
