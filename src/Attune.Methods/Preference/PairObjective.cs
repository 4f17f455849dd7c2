using Attune.Core.Runs;
using Attune.Core.Tokens;
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

    /// <summary>What is trained.</summary>
    protected LanguageModel Policy { get; } = policy;

    public double Weight(PreferencePair item) => 1;

    public virtual int Length(PreferencePair item) => Math.Max(item.Pair.Chosen.Length, item.Pair.Rejected.Length);

    public virtual int Tokens(PreferencePair item) => item.Pair.Chosen.Length + item.Pair.Rejected.Length;

    /// <summary>The algorithm's equation.</summary>
    /// <returns>[pairs]</returns>
    protected abstract Tensor Loss(ScoredPairs pairs);

    /// <summary>The reward that the policy stands for, as far as the algorithm defines one: only logged.</summary>
    /// <returns>[answers]</returns>
    protected abstract Tensor Reward(ScoredAnswers answers);

    /// <summary>Whether the reference's log-probabilities are needed at all.</summary>
    protected virtual bool UsesReference => true;

    /// <summary>What tokens beyond the shorter answer of a pair count.</summary>
    protected virtual double TailWeight => 1;

    /// <summary>Whether <see cref="ScoredAnswers.PolicyWeights"/> are needed.</summary>
    protected virtual bool WeighsPolicy => false;

    /// <summary>Further metrics of the algorithm, inside a scope without gradient.</summary>
    protected virtual void Measure(Metrics metrics, ScoredPairs pairs) { }

    public ObjectiveValue Evaluate(IReadOnlyList<PreferencePair> items)
    {
        // Chosen first, then rejected.
        TokenSequence[] sequences = [.. items.Select(i => i.Pair.Chosen), .. items.Select(i => i.Pair.Rejected)];
        int[] shared = [.. items.Select(i => Math.Min(i.Pair.Chosen.AnswerLength, i.Pair.Rejected.AnswerLength))];
        var (answers, logits) = ScoredAnswers.Of(
            Policy,
            reference,
            sequences,
            [
                .. items.Select(i => UsesReference ? i.Reference?.Chosen : 0),
                .. items.Select(i => UsesReference ? i.Reference?.Rejected : 0),
            ],
            TailWeight == 1 ? null : new Tails([.. shared, .. shared], TailWeight),
            WeighsPolicy
        );
        var pairs = new ScoredPairs(answers.Part(0, items.Count), answers.Part(items.Count, items.Count)) { Items = items };
        return new ObjectiveValue(Expected(pairs).sum(), Measured(pairs, logits));
    }

    /// <summary>
    /// The loss with each label's probability p: p times that of the pair, 1 - p times that of the pair turned round, as if both stood in
    /// the data that often. Of DPO it is the conservative loss with epsilon = 1 - p, pair by pair.
    /// </summary>
    /// <returns>[pairs]</returns>
    private Tensor Expected(ScoredPairs pairs)
    {
        var loss = Loss(pairs).Require([pairs.Items.Count], "loss");
        if (pairs.Items.All(i => i.Pair.Probability == 1))
        {
            return loss;
        }

        var right = pairs.Numbers(i => i.Pair.Probability);
        return right * loss + (1 - right) * Loss(pairs.Turned()).Require([pairs.Items.Count], "loss");
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
        PreferenceMetrics.AddTokens(metrics, pairs.Chosen, pairs.Rejected);
        metrics.AddSum("rewards/margins", (chosen - rejected).sum().ToDouble(), count);
        // A label of one half says nothing; one below it says that the rejected answer is better.
        var sides = pairs.Numbers(i => Math.Sign(i.Pair.Probability - 0.5));
        if (sides.abs().sum().ToDouble() is > 0 and var told)
        {
            metrics.AddSum("rewards/accuracies", ((chosen - rejected) * sides).gt(0).sum().ToDouble(), told);
        }

        Measure(metrics, pairs);
        return metrics;
    }
}
