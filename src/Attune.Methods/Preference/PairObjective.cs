using Attune.Core.Runs;
using Attune.Models.Architecture;
using Attune.Models.Weights;
using Attune.Numerics;
using Attune.Training.Contracts;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Methods.Preference;

/// <summary>
/// What all losses on pairs share: one forward pass for both halves, the reference's log-probabilities, and the metrics. An algorithm adds
/// its equation and its implicit reward.
/// </summary>
/// <param name="policy">What is trained.</param>
/// <param name="reference">The frozen reference; null where every item carries its log-probabilities, or none is used.</param>
public abstract class PairObjective(LanguageModel policy, LanguageModel? reference) : IObjective<PreferencePair>
{
    public IReadOnlyList<FlatParameters> Learners { get; } = [policy.Learner];

    public double Weight(PreferencePair item) => 1;

    public int Length(PreferencePair item) => Math.Max(item.Pair.Chosen.Length, item.Pair.Rejected.Length);

    /// <summary>The algorithm's equation.</summary>
    /// <returns>[pairs]</returns>
    protected abstract Tensor Loss(ScoredPairs pairs);

    /// <summary>The reward that the policy stands for, as far as the algorithm defines one: only logged.</summary>
    /// <returns>[answers]</returns>
    protected abstract Tensor Reward(ScoredAnswers answers);

    /// <summary>Whether the reference's log-probabilities are needed at all.</summary>
    protected virtual bool UsesReference => true;

    /// <summary>Further metrics of the algorithm, inside a scope without gradient.</summary>
    protected virtual void Measure(Metrics metrics, ScoredPairs pairs) { }

    public ObjectiveValue Evaluate(IReadOnlyList<PreferencePair> items)
    {
        // Chosen first, then rejected.
        var (answers, logits) = ScoredAnswers.Of(
            policy,
            reference,
            [.. items.Select(i => i.Pair.Chosen), .. items.Select(i => i.Pair.Rejected)],
            [.. items.Select(i => UsesReference ? i.Reference?.Chosen : 0), .. items.Select(i => UsesReference ? i.Reference?.Rejected : 0)]
        );
        var pairs = new ScoredPairs(answers.Part(0, items.Count), answers.Part(items.Count, items.Count));
        var loss = Loss(pairs).Require([items.Count], "loss").sum();
        return new ObjectiveValue(loss, Measured(pairs, logits));
    }

    private Metrics Measured(ScoredPairs pairs, Tensor logits)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var metrics = new Metrics();
        var count = logits.shape[0] / 2;
        var (chosen, rejected) = (Reward(pairs.Chosen), Reward(pairs.Rejected));
        PreferenceMetrics.AddSide(metrics, PreferenceMetrics.Chosen, chosen, pairs.Chosen, logits.narrow(0, 0, count));
        PreferenceMetrics.AddSide(metrics, PreferenceMetrics.Rejected, rejected, pairs.Rejected, logits.narrow(0, count, count));
        metrics.AddSum("rewards/margins", (chosen - rejected).sum().ToDouble(), count);
        metrics.AddSum("rewards/accuracies", chosen.gt(rejected).sum().ToDouble(), count);
        Measure(metrics, pairs);
        return metrics;
    }
}
