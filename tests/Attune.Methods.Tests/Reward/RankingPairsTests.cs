using Attune.Core.Tokens;
using Attune.Methods.Reward;
using Attune.Methods.Tests.Loop;
using Attune.Testing.Training;
using CsCheck;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Methods.Tests.Reward;

public sealed class RankingPairsTests
{
    /// <summary>Rewards and ranks with ties.</summary>
    internal static readonly Gen<(double[] Rewards, int[] Ranks)> Rankings = Gen.Int[2, 6]
        .SelectMany(k => Gen.Select(Gen.Double[-4, 4].Array[k], Gen.Int[1, k].Array[k]));

    [Fact]
    public void Loss_equals_the_value_worked_out_by_hand()
    {
        // r = (2, 1, 0, -1), ranked so. Of the six pairs three differ by 1, two by 2, one by 3:
        // (3 * .313262 + 2 * .126928 + .048587) / 6 = 1.242229 / 6 = .207038
        Assert.Equal(0.207038, Loss([2, 1, 0, -1], [1, 2, 3, 4]), 1e-6);
        // r = (1, 0, 0), ranks (1, 2, 2): the tie forms no pair, two pairs differ by 1.
        Assert.Equal(0.313262, Loss([1, 0, 0], [1, 2, 2]), 1e-6);
    }

    [Fact]
    public void Gradient_agrees_with_finite_differences() =>
        Rankings.Sample(r => FiniteDifferences.Agree(x => RankingPairs.Loss(x, r.Ranks), r.Rewards), iter: 20);

    [Fact]
    public void Law_two_answers_are_Bradley_and_Terrys_pair() =>
        Gen.Select(Gen.Double[-4, 4], Gen.Double[-4, 4])
            .Sample(
                (better, worse) =>
                {
                    using var scope = NewDisposeScope();
                    Assert.Equal(
                        BradleyTerry.Loss(tensor([better]), tensor([worse]), tensor([0.0])).ToDouble(),
                        Loss([worse, better], [2, 1]),
                        1e-12
                    );
                }
            );

    [Fact]
    public void Law_a_constant_on_all_rewards_changes_nothing() =>
        Gen.Select(Rankings, Gen.Double[-20, 20])
            .Sample((r, constant) => Assert.Equal(Loss(r.Rewards, r.Ranks), Loss([.. r.Rewards.Select(x => x + constant)], r.Ranks), 1e-9));

    [Fact]
    public void Law_the_order_in_which_answers_are_listed_does_not_matter() =>
        Gen.Select(Rankings, Gen.ULong)
            .Sample(
                (r, seed) =>
                {
                    var order = new Core.Runs.Seed(seed).Rng().Permutation(r.Ranks.Length);
                    Assert.Equal(
                        Loss(r.Rewards, r.Ranks),
                        Loss([.. order.Select(i => r.Rewards[i])], [.. order.Select(i => r.Ranks[i])]),
                        1e-9
                    );
                }
            );

    [Fact]
    public void Law_only_the_order_of_the_ranks_counts_not_their_numbers() =>
        Rankings.Sample(r => Assert.Equal(Loss(r.Rewards, r.Ranks), Loss(r.Rewards, [.. r.Ranks.Select(rank => 3 * rank + 7)]), 1e-12));

    [Fact]
    public void All_answers_tied_say_nothing()
    {
        using var scope = NewDisposeScope();
        var rewards = tensor([1.0, -2, 3], requires_grad: true);
        var loss = RankingPairs.Loss(rewards, [1, 1, 1]);
        loss.backward();
        Assert.Equal(0, loss.ToDouble());
        Assert.Equal([0.0, 0, 0], rewards.grad!.data<double>().ToArray());
    }

    [Fact]
    public async Task Learns_a_tiny_task() =>
        await TinyTask.Learns<TokenRanking>(
            model => new RankingPairs.Objective(model),
            TinyTask.Rankings(8, answers: 4),
            "accuracy",
            atLeast: 1,
            lossBelow: 0.1
        );

    private static double Loss(double[] rewards, int[] ranks)
    {
        using var scope = NewDisposeScope();
        return RankingPairs.Loss(tensor(rewards), ranks).ToDouble();
    }
}
