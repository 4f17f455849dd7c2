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

    /// <summary>
    /// log P(first preferred) where a share of the judgements is made by chance: log(share / 2 + (1 - share) sigma(difference)). No label
    /// is then less likely than half the share, so a few wrong ones cannot pull rewards far (Christiano et al. 2017, arXiv:1706.03741,
    /// section 2.2.3, with a share of 10%).
    /// </summary>
    /// <param name="difference">first reward minus second, [pairs]</param>
    /// <returns>[pairs], nats</returns>
    public static Tensor WithChance(Tensor difference, double share)
    {
        difference.Require([-1]);
        using var scope = NewDisposeScope();
        var judged = nn.functional.logsigmoid(difference);
        return (
            share == 0 ? judged : logaddexp(judged + Math.Log(1 - share), full_like(judged, Math.Log(share / 2)))
        ).MoveToOuterDisposeScope();
    }

    /// <summary>Trains a scalar head, and the trunk below it, on pairs.</summary>
    public sealed class Objective : IObjective<TokenPair>
    {
        private readonly ScalarModel _model;
        private readonly Comparison _comparison;

        /// <param name="options">null for the plain loss</param>
        /// <param name="ties">share of ties in the data</param>
        public Objective(ScalarModel model, ComparisonOptions? options = null, double ties = 0)
        {
            (_model, _comparison) = (model, Comparison.Of(options ?? new ComparisonOptions(), ties));
            Learners = [model.Learner, .. _comparison.Learners];
        }

        public IReadOnlyList<FlatParameters> Learners { get; }

        public double Weight(TokenPair item) => 1;

        public int Length(TokenPair item) => Math.Max(item.Chosen.Length, item.Rejected.Length);

        public int Tokens(TokenPair item) => item.Chosen.Length + item.Rejected.Length;

        public ObjectiveValue Evaluate(IReadOnlyList<TokenPair> items)
        {
            // One forward pass for both halves: chosen first, then rejected.
            var rewards = AnswerScores.Of(_model, [.. items.Select(p => p.Chosen), .. items.Select(p => p.Rejected)]); // [2 * pairs]
            var chosen = rewards.narrow(0, 0, items.Count);
            var rejected = rewards.narrow(0, items.Count, items.Count);
            var options = _comparison.Options;
            var margin = tensor(items.Select(p => (float)(options.MarginScale * p.Margin)).ToArray(), device: rewards.device);
            var metrics = new Metrics();
            Measure(metrics, chosen, rejected, items);
            RewardMetrics.AddRange(metrics, rewards);
            var loss = _comparison.Loss(chosen, rejected, margin, [.. items.Select(p => p.Probability)]).sum();
            return new ObjectiveValue(
                options.CenterRewardsCoefficient == 0
                    ? loss
                    : loss + options.CenterRewardsCoefficient * Centering.Loss(stack([chosen, rejected], -1)).sum(),
                metrics
            );
        }

        /// <summary>Accuracy and margin of the pairs that have an order, in that order.</summary>
        private static void Measure(Metrics metrics, Tensor chosen, Tensor rejected, IReadOnlyList<TokenPair> items)
        {
            using var scope = NewDisposeScope();
            long[] ordered = [.. Enumerable.Range(0, items.Count).Where(i => items[i].Probability != 0.5).Select(i => (long)i)];
            if (ordered.Length == 0)
            {
                return;
            }

            var signs = tensor(ordered.Select(i => items[(int)i].Probability > 0.5 ? 1f : -1f).ToArray(), device: chosen.device);
            var index = tensor(ordered, device: chosen.device);
            var (first, second) = (chosen.index_select(0, index) * signs, rejected.index_select(0, index) * signs);
            RewardMetrics.AddPairs(metrics, first, second);
        }
    }

    /// <summary>The loss on pairs, as a stage trains by it.</summary>
    /// <param name="options">null for the plain loss</param>
    public sealed class Labels(ComparisonOptions? options = null) : IRewardLoss<Core.Feedback.Preference, TokenPair>
    {
        public EncodedData<TokenPair> Encode(
            Encoder encoder,
            IReadOnlyList<Core.Feedback.Preference> labels,
            int maxLength,
            TruncationPolicy policy
        ) => encoder.EncodeAll(labels, maxLength, policy);

        public TokenPair Change(TokenPair item, Func<TokenSequence, TokenSequence> change) =>
            item with
            {
                Chosen = change(item.Chosen),
                Rejected = change(item.Rejected),
            };

        public IObjective<TokenPair> Objective(ScalarModel model, IReadOnlyList<TokenPair> data) =>
            new Objective(model, options, data.Count(p => p.Probability == 0.5) / (double)Math.Max(1, data.Count));

        public IEnumerable<(TokenSequence Better, TokenSequence Worse)> Pairs(TokenPair item) =>
            item.Probability > 0.5 ? [(item.Chosen, item.Rejected)]
            : item.Probability < 0.5 ? [(item.Rejected, item.Chosen)]
            : [];

        public TokenSequence Answer(TokenPair item) => item.Chosen;
    }
}
