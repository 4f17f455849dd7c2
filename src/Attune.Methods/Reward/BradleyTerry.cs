using Attune.Core.Runs;
using Attune.Core.Tokens;
using Attune.Data.Encoding;
using Attune.Models.Architecture;
using Attune.Models.Weights;
using Attune.Numerics;
using Attune.Training.Batches;
using Attune.Training.Contracts;
using static TorchSharp.torch;

namespace Attune.Methods.Reward;

/// <summary>
/// A reward model from pairs: P(chosen preferred) = sigma(r_chosen - r_rejected), Bradley and Terry 1952, used as the loss of
/// Stiennon et al. 2020 (arXiv:2009.01325, section 3.4) and, with a margin, of Llama 2 (arXiv:2307.09288, eq. 2).
/// </summary>
public static class BradleyTerry
{
    /// <summary>-log sigma(r_chosen - r_rejected - margin), per pair.</summary>
    /// <param name="chosen">rewards, [pairs]</param>
    /// <param name="rejected">rewards, [pairs]</param>
    /// <param name="margin">[pairs]; zeros where none was given</param>
    /// <returns>[pairs], nats</returns>
    public static Tensor Loss(Tensor chosen, Tensor rejected, Tensor margin)
    {
        chosen.Require([-1]);
        rejected.Require(chosen.shape);
        margin.Require(chosen.shape);
        using var scope = NewDisposeScope();
        return (-nn.functional.logsigmoid(chosen - rejected - margin)).MoveToOuterDisposeScope();
    }

    /// <summary>Trains a scalar head, and the trunk below it, on pairs.</summary>
    public sealed class Objective(ScalarModel model) : IObjective<TokenPair>
    {
        public IReadOnlyList<FlatParameters> Learners { get; } = [model.Learner];

        public double Weight(TokenPair item) => 1;

        public int Length(TokenPair item) => Math.Max(item.Chosen.Length, item.Rejected.Length);

        public ObjectiveValue Evaluate(IReadOnlyList<TokenPair> items)
        {
            // One forward pass for both halves: chosen first, then rejected.
            var rewards = AnswerScores.Of(model, [.. items.Select(p => p.Chosen), .. items.Select(p => p.Rejected)]); // [2 * pairs]
            var chosen = rewards.narrow(0, 0, items.Count);
            var rejected = rewards.narrow(0, items.Count, items.Count);
            var margin = tensor(items.Select(p => (float)p.Margin).ToArray(), device: rewards.device);
            var metrics = new Metrics();
            RewardMetrics.AddPairs(metrics, chosen, rejected);
            RewardMetrics.AddRange(metrics, rewards);
            return new ObjectiveValue(Loss(chosen, rejected, margin).sum(), metrics);
        }
    }

    /// <summary>The loss on pairs, as a stage trains by it.</summary>
    public sealed class Labels : IRewardLoss<Core.Feedback.Preference, TokenPair>
    {
        public EncodedData<TokenPair> Encode(Encoder encoder, IReadOnlyList<Core.Feedback.Preference> labels, int maxLength) =>
            encoder.EncodeAll(labels, maxLength);

        public TokenPair Change(TokenPair item, Func<TokenSequence, TokenSequence> change) =>
            item with
            {
                Chosen = change(item.Chosen),
                Rejected = change(item.Rejected),
            };

        public IObjective<TokenPair> Objective(ScalarModel model) => new Objective(model);

        public IEnumerable<(TokenSequence Better, TokenSequence Worse)> Pairs(TokenPair item) => [(item.Chosen, item.Rejected)];

        public TokenSequence Answer(TokenPair item) => item.Chosen;
    }
}
