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

    /// <summary>The same under the options of comparisons: margins by rank, soft labels, and ties as an outcome of their own.</summary>
    public static Tensor Loss(Tensor rewards, IReadOnlyList<int> ranks, Comparison comparison)
    {
        using var scope = NewDisposeScope();
        var (better, worse) = Pairs(ranks);
        if (comparison.Options.Ties != TieModel.Ignore)
        {
            var tied = Tied(ranks);
            (better, worse) = ([.. better, .. tied.First], [.. worse, .. tied.Second]);
        }

        if (better.Length == 0)
        {
            return (rewards.sum() * 0).MoveToOuterDisposeScope();
        }

        int[] apart = [.. better.Zip(worse, (b, w) => ranks[(int)w] - ranks[(int)b])];
        var margin = tensor([.. apart.Select(a => a * comparison.Options.RankMargin)], rewards.dtype, rewards.device);
        var first = rewards.index_select(0, tensor(better, device: rewards.device));
        var second = rewards.index_select(0, tensor(worse, device: rewards.device));
        return comparison.Loss(first, second, margin, [.. apart.Select(a => a == 0 ? 0.5 : 1)]).mean().MoveToOuterDisposeScope();
    }

    /// <summary>Indices of every pair of equal rank.</summary>
    internal static (long[] First, long[] Second) Tied(IReadOnlyList<int> ranks)
    {
        (long First, long Second)[] pairs =
        [
            .. Enumerable
                .Range(0, ranks.Count)
                .SelectMany(i =>
                    Enumerable.Range(i + 1, ranks.Count - i - 1).Where(j => ranks[i] == ranks[j]).Select(j => ((long)i, (long)j))
                ),
        ];
        return ([.. pairs.Select(p => p.First)], [.. pairs.Select(p => p.Second)]);
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
    public sealed class Objective : IObjective<TokenRanking>
    {
        private readonly ScalarModel _model;
        private readonly Comparison _comparison;

        /// <param name="options">null for the plain loss</param>
        /// <param name="ties">share of ties among the pairs of the data</param>
        public Objective(ScalarModel model, ComparisonOptions? options = null, double ties = 0)
        {
            (_model, _comparison) = (model, Comparison.Of(options ?? new ComparisonOptions(), ties));
            Learners = [model.Learner, .. _comparison.Learners];
        }

        public IReadOnlyList<FlatParameters> Learners { get; }

        public double Weight(TokenRanking item) => 1;

        public int Length(TokenRanking item) => item.Answers.Max(a => a.Length);

        public int Tokens(TokenRanking item) => item.Answers.Sum(a => a.Length);

        public ObjectiveValue Evaluate(IReadOnlyList<TokenRanking> items) =>
            RankingObjective.Evaluate(
                _model,
                items,
                (rewards, ranks) => Loss(rewards, ranks, _comparison),
                _comparison.Options.CenterRewardsCoefficient
            );
    }

    /// <inheritdoc/>
    /// <param name="options">null for the plain loss</param>
    public sealed class Labels(ComparisonOptions? options = null) : RankingLabels
    {
        public override IObjective<TokenRanking> Objective(ScalarModel model, IReadOnlyList<TokenRanking> data)
        {
            var (pairs, tied) = (data.Sum(r => r.Ranks.Length * (r.Ranks.Length - 1) / 2), data.Sum(r => Tied(r.Ranks).First.Length));
            return new Objective(model, options, tied / (double)Math.Max(1, pairs));
        }
    }
}
