using Attune.Core.Tokens;
using Attune.Models.Architecture;
using Attune.Models.Weights;
using Attune.Numerics;
using Attune.Training.Contracts;
using static TorchSharp.torch;

namespace Attune.Methods.Reward;

/// <summary>
/// A reward model from rankings of K answers: all K(K-1)/2 pairs of a prompt in one batch, each weighted by 1 / C(K, 2), so that a
/// ranking counts once however long it is: InstructGPT, Ouyang et al. 2022 (arXiv:2203.02155, eq. 1).
/// Tied answers form no pair.
/// </summary>
public static class RankingPairs
{
    /// <summary>Mean over the ordered pairs of one ranking of -log sigma(r_better - r_worse).</summary>
    /// <param name="rewards">[answers]</param>
    /// <param name="ranks">one rank an answer, 1 best; equal ranks are ties</param>
    /// <returns>a scalar, nats; 0 where all answers are tied</returns>
    public static Tensor Loss(Tensor rewards, IReadOnlyList<int> ranks)
    {
        rewards.Require([ranks.Count]);
        using var scope = NewDisposeScope();
        var (better, worse) = Pairs(ranks);
        if (better.Length == 0)
        {
            return (rewards.sum() * 0).MoveToOuterDisposeScope();
        }

        var differences =
            rewards.index_select(0, tensor(better, device: rewards.device))
            - rewards.index_select(0, tensor(worse, device: rewards.device));
        return (-nn.functional.logsigmoid(differences)).mean().MoveToOuterDisposeScope();
    }

    /// <summary>Indices of every ordered pair, better first.</summary>
    internal static (long[] Better, long[] Worse) Pairs(IReadOnlyList<int> ranks)
    {
        List<long> better = [],
            worse = [];
        for (var i = 0; i < ranks.Count; i++)
        {
            for (var j = 0; j < ranks.Count; j++)
            {
                if (ranks[i] < ranks[j])
                {
                    better.Add(i);
                    worse.Add(j);
                }
            }
        }

        return ([.. better], [.. worse]);
    }

    /// <summary>Trains a scalar head, and the trunk below it, on rankings.</summary>
    public sealed class Objective(ScalarModel model) : IObjective<TokenRanking>
    {
        public IReadOnlyList<FlatParameters> Learners { get; } = [model.Learner];

        public double Weight(TokenRanking item) => 1;

        public int Length(TokenRanking item) => item.Answers.Max(a => a.Length);

        public ObjectiveValue Evaluate(IReadOnlyList<TokenRanking> items) => RankingObjective.Evaluate(model, items, Loss);
    }

    /// <inheritdoc/>
    public sealed class Labels : RankingLabels
    {
        public override IObjective<TokenRanking> Objective(ScalarModel model) => new Objective(model);
    }
}
