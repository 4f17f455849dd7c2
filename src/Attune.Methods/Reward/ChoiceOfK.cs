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

/// <summary>
/// A reward model from "which of these K is best": softmax of the rewards over the K answers, Ziegler et al. 2019
/// (arXiv:1909.08593, eq. 1). With K = 2 this is Bradley-Terry.
/// </summary>
public static class ChoiceOfK
{
    /// <summary>-log softmax(rewards)[best], per choice.</summary>
    /// <param name="rewards">[choices, answers]</param>
    /// <param name="best">[choices], int64</param>
    /// <returns>[choices], nats</returns>
    public static Tensor Loss(Tensor rewards, Tensor best)
    {
        rewards.Require([-1, -1]);
        return -LogProbs.OfTokens(rewards, best);
    }

    /// <summary>Trains a scalar head, and the trunk below it, on choices. Choices with different K may be mixed.</summary>
    /// <param name="center">Weight of <see cref="Centering"/>.</param>
    public sealed class Objective(ScalarModel model, double center = 0) : IObjective<TokenChoice>
    {
        public IReadOnlyList<FlatParameters> Learners { get; } = [model.Learner];

        public double Weight(TokenChoice item) => 1;

        public int Length(TokenChoice item) => item.Answers.Max(a => a.Length);

        public int Tokens(TokenChoice item) => item.Answers.Sum(a => a.Length);

        public ObjectiveValue Evaluate(IReadOnlyList<TokenChoice> items)
        {
            var rewards = AnswerScores.Of(model, [.. items.SelectMany(c => c.Answers)]); // [all answers]
            var metrics = new Metrics();
            RewardMetrics.AddRange(metrics, rewards);
            var losses = new List<Tensor>();
            var start = 0;
            foreach (var item in items)
            {
                var own = rewards.narrow(0, start, item.Answers.Length).unsqueeze(0); // [1, K]
                losses.Add(Loss(own, tensor([(long)item.Best], device: rewards.device)));
                if (center > 0)
                {
                    losses.Add(center * Centering.Loss(own));
                }

                metrics.Add("accuracy", own.argmax(-1).item<long>() == item.Best ? 1 : 0);
                start += item.Answers.Length;
            }

            return new ObjectiveValue(cat([.. losses]).sum(), metrics);
        }
    }

    /// <summary>The loss on choices, as a stage trains by it; the best answer and each of the others are the pairs.</summary>
    /// <param name="center">Weight of <see cref="Centering"/>.</param>
    public sealed class Labels(double center = 0) : IRewardLoss<Choice, TokenChoice>
    {
        public EncodedData<TokenChoice> Encode(Encoder encoder, IReadOnlyList<Choice> labels, int maxLength, TruncationPolicy policy) =>
            encoder.EncodeAll(labels, maxLength, policy);

        public TokenChoice Change(TokenChoice item, Func<TokenSequence, TokenSequence> change) =>
            item with
            {
                Answers = [.. item.Answers.Select(change)],
            };

        public IObjective<TokenChoice> Objective(ScalarModel model, IReadOnlyList<TokenChoice> data) => new Objective(model, center);

        public IEnumerable<(TokenSequence Better, TokenSequence Worse)> Pairs(TokenChoice item) =>
            item.Answers.Where((_, i) => i != item.Best).Select(other => (item.Answers[item.Best], other));

        public TokenSequence Answer(TokenChoice item) => item.Answers[0];
    }
}
