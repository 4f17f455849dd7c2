using Attune.Core.Runs;
using Attune.Core.Tokens;
using Attune.Models.Architecture;
using Attune.Training.Batches;
using Attune.Training.Contracts;
using static TorchSharp.torch;

namespace Attune.Methods.Reward;

/// <summary>What the two ranking losses share: one forward pass over all answers, then the loss of each ranking.</summary>
internal static class RankingObjective
{
    public static ObjectiveValue Evaluate(
        ScalarModel model,
        IReadOnlyList<TokenRanking> items,
        Func<Tensor, IReadOnlyList<int>, Tensor> loss,
        double center
    )
    {
        var rewards = AnswerScores.Of(model, [.. items.SelectMany(r => r.Answers)]); // [all answers]
        var metrics = new Metrics();
        RewardMetrics.AddRange(metrics, rewards);
        var losses = new List<Tensor>();
        var start = 0;
        foreach (var item in items)
        {
            var own = rewards.narrow(0, start, item.Answers.Length);
            losses.Add(loss(own, item.Ranks));
            if (center > 0)
            {
                losses.Add(center * Centering.Loss(own));
            }

            var (better, worse) = RankingPairs.Pairs(item.Ranks);
            if (better.Length > 0)
            {
                RewardMetrics.AddPairs(
                    metrics,
                    own.index_select(0, tensor(better, device: own.device)),
                    own.index_select(0, tensor(worse, device: own.device))
                );
            }

            start += item.Answers.Length;
        }

        return new ObjectiveValue(stack(losses).sum(), metrics);
    }
}
