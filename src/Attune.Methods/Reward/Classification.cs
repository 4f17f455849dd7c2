using Attune.Core.Feedback;
using Attune.Core.Runs;
using Attune.Core.Tokens;
using Attune.Data.Encoding;
using Attune.Models.Architecture;
using Attune.Models.Weights;
using Attune.Numerics;
using Attune.Training.Batches;
using Attune.Training.Contracts;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Methods.Reward;

/// <summary>One answer with its verdict.</summary>
public sealed record LabelledSequence(TokenSequence Sequence, bool Desirable);

/// <summary>
/// A reward that is a classifier's logit: logistic regression on verdicts of single answers, as where a sentiment classifier
/// serves as the reward (Ziegler et al. 2019, section 3.1, use one as the mock reward).
/// </summary>
public static class Classification
{
    /// <summary>-log P(label) with P(desirable) = sigma(reward), per answer.</summary>
    /// <param name="rewards">logits, [answers]</param>
    /// <param name="labels">1 for desirable, 0 otherwise, [answers]</param>
    /// <returns>[answers], nats</returns>
    public static Tensor Loss(Tensor rewards, Tensor labels)
    {
        rewards.Require([-1]);
        labels.Require(rewards.shape);
        using var scope = NewDisposeScope();
        return (-nn.functional.logsigmoid(rewards * (2 * labels - 1))).MoveToOuterDisposeScope();
    }

    /// <summary>Trains a scalar head, and the trunk below it, on verdicts.</summary>
    public sealed class Objective(ScalarModel model) : IObjective<LabelledSequence>
    {
        public IReadOnlyList<FlatParameters> Learners { get; } = [model.Learner];

        public double Weight(LabelledSequence item) => 1;

        public int Length(LabelledSequence item) => item.Sequence.Length;

        public ObjectiveValue Evaluate(IReadOnlyList<LabelledSequence> items)
        {
            var rewards = AnswerScores.Of(model, [.. items.Select(i => i.Sequence)]); // [answers]
            var labels = tensor(items.Select(i => i.Desirable ? 1f : 0f).ToArray(), device: rewards.device);
            var metrics = new Metrics();
            RewardMetrics.AddRange(metrics, rewards);
            metrics.AddSum("accuracy", rewards.gt(0).eq(labels.gt(0.5)).sum().ToDouble(), items.Count);
            return new ObjectiveValue(Loss(rewards, labels).sum(), metrics);
        }
    }

    /// <summary>The loss on verdicts, as a stage trains by it.</summary>
    public sealed class Labels : IRewardLoss<Verdict, LabelledSequence>
    {
        public EncodedData<LabelledSequence> Encode(
            Encoder encoder,
            IReadOnlyList<Verdict> labels,
            int maxLength,
            TruncationPolicy policy
        ) => Classification.Encode(encoder, labels, maxLength, policy);

        public LabelledSequence Change(LabelledSequence item, Func<TokenSequence, TokenSequence> change) =>
            item with
            {
                Sequence = change(item.Sequence),
            };

        public IObjective<LabelledSequence> Objective(ScalarModel model, IReadOnlyList<LabelledSequence> data) => new Objective(model);

        public IEnumerable<(TokenSequence Better, TokenSequence Worse)> Pairs(LabelledSequence item) => [];

        public TokenSequence Answer(LabelledSequence item) => item.Sequence;
    }

    /// <summary>Verdicts as tokens.</summary>
    public static EncodedData<LabelledSequence> Encode(
        Encoder encoder,
        IReadOnlyList<Verdict> labels,
        int maxLength,
        TruncationPolicy truncation = TruncationPolicy.DropRow
    )
    {
        var encoded = encoder.EncodeAll(
            labels.Select(v => new Demonstration(v.Prompt, v.Answer) { Cut = v.Cut }).ToArray(),
            maxLength,
            truncation
        );
        var items = encoded.Items.Select((s, i) => new LabelledSequence(s, labels[encoded.Sources[i]].Desirable));
        return new EncodedData<LabelledSequence>([.. items], encoded.Sources, encoded.Dropped, encoded.Truncated);
    }
}
