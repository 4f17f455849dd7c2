using Attune.Core.Tokens;
using Attune.Models.Architecture;
using Attune.Models.Weights;
using Attune.Numerics;
using Attune.Training.Contracts;
using static TorchSharp.torch;

namespace Attune.Methods.Reward;

/// <summary>
/// A reward model from rankings by the Plackett-Luce likelihood: the best is chosen among all, the next among the rest, and so on
/// (Plackett 1975; as an RLHF loss in Rafailov et al. 2023, arXiv:2305.18290, eq. 18). With two answers this is Bradley-Terry.
/// Ties take Breslow's form: each tied answer is chosen from the same remaining set.
/// </summary>
public static class PlackettLuce
{
    /// <summary>
    /// -log P(ranking): the sum over answers of log sum exp(rewards not yet chosen) - own reward; the last rank is certain.
    /// </summary>
    /// <param name="rewards">[answers]</param>
    /// <param name="ranks">one rank an answer, 1 best; equal ranks are ties</param>
    /// <returns>a scalar, nats</returns>
    public static Tensor Loss(Tensor rewards, IReadOnlyList<int> ranks)
    {
        rewards.Require([ranks.Count]);
        using var scope = NewDisposeScope();
        var total = rewards.sum() * 0;
        foreach (var rank in ranks.Distinct().Order().SkipLast(1))
        {
            var remaining = Indices(ranks, r => r >= rank);
            var chosen = Indices(ranks, r => r == rank);
            var normaliser = rewards.index_select(0, tensor(remaining, device: rewards.device)).logsumexp(0);
            total = total + chosen.Length * normaliser - rewards.index_select(0, tensor(chosen, device: rewards.device)).sum();
        }

        return total.MoveToOuterDisposeScope();
    }

    private static long[] Indices(IReadOnlyList<int> ranks, Predicate<int> wanted) =>
        [.. Enumerable.Range(0, ranks.Count).Where(i => wanted(ranks[i])).Select(i => (long)i)];

    /// <summary>Trains a scalar head, and the trunk below it, on rankings.</summary>
    /// <param name="center">Weight of <see cref="Centering"/>.</param>
    public sealed class Objective(ScalarModel model, double center = 0) : IObjective<TokenRanking>
    {
        public IReadOnlyList<FlatParameters> Learners { get; } = [model.Learner];

        public double Weight(TokenRanking item) => 1;

        public int Length(TokenRanking item) => item.Answers.Max(a => a.Length);

        public int Tokens(TokenRanking item) => item.Answers.Sum(a => a.Length);

        public ObjectiveValue Evaluate(IReadOnlyList<TokenRanking> items) => RankingObjective.Evaluate(model, items, Loss, center);
    }

    /// <inheritdoc/>
    /// <param name="center">Weight of <see cref="Centering"/>.</param>
    public sealed class Labels(double center = 0) : RankingLabels
    {
        public override IObjective<TokenRanking> Objective(ScalarModel model, IReadOnlyList<TokenRanking> data) =>
            new Objective(model, center);
    }
}
