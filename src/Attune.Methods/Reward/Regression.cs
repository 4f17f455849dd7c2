using Attune.Core.Feedback;
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

/// <summary>One answer with its rating.</summary>
/// <param name="Target">-1 for the worst of the scale, 1 for the best.</param>
public sealed record RatedSequence(TokenSequence Sequence, double Target);

/// <summary>
/// A reward that is a rating: least squares on ratings of single answers, each scale brought to -1 to 1 so that a fresh head, which begins
/// near 0, begins in the middle.
/// </summary>
public static class Regression
{
    /// <summary>(reward - target)^2, per answer.</summary>
    /// <param name="rewards">[answers]</param>
    /// <param name="targets">[answers]</param>
    /// <returns>[answers]</returns>
    public static Tensor Loss(Tensor rewards, Tensor targets)
    {
        rewards.Require([-1]);
        targets.Require(rewards.shape);
        using var scope = NewDisposeScope();
        return (rewards - targets).square().MoveToOuterDisposeScope();
    }

    /// <summary>Trains a scalar head, and the trunk below it, on ratings.</summary>
    public sealed class Objective(ScalarModel model) : IObjective<RatedSequence>
    {
        public IReadOnlyList<FlatParameters> Learners { get; } = [model.Learner];

        public double Weight(RatedSequence item) => 1;

        public int Length(RatedSequence item) => item.Sequence.Length;

        public ObjectiveValue Evaluate(IReadOnlyList<RatedSequence> items)
        {
            var rewards = AnswerScores.Of(model, [.. items.Select(i => i.Sequence)]); // [answers]
            var targets = tensor(items.Select(i => (float)i.Target).ToArray(), device: rewards.device);
            var metrics = new Metrics();
            RewardMetrics.AddRange(metrics, rewards);
            return new ObjectiveValue(Loss(rewards, targets).sum(), metrics);
        }
    }

    /// <summary>The loss on ratings, as a stage trains by it.</summary>
    public sealed class Labels : IRewardLoss<Rating, RatedSequence>
    {
        public EncodedData<RatedSequence> Encode(Encoder encoder, IReadOnlyList<Rating> labels, int maxLength, TruncationPolicy policy)
        {
            var encoded = encoder.EncodeAll(
                labels.Select(r => new Demonstration(r.Prompt, r.Answer) { Cut = r.Cut }).ToArray(),
                maxLength,
                policy
            );
            var items = encoded.Items.Select((s, i) => new RatedSequence(s, 2 * labels[encoded.Sources[i]].Share - 1));
            return new EncodedData<RatedSequence>([.. items], encoded.Sources, encoded.Dropped, encoded.Truncated);
        }

        public RatedSequence Change(RatedSequence item, Func<TokenSequence, TokenSequence> change) =>
            item with
            {
                Sequence = change(item.Sequence),
            };

        public IObjective<RatedSequence> Objective(ScalarModel model, IReadOnlyList<RatedSequence> data) => new Objective(model);

        public IEnumerable<(TokenSequence Better, TokenSequence Worse)> Pairs(RatedSequence item) => [];

        public TokenSequence Answer(RatedSequence item) => item.Sequence;
    }
}
