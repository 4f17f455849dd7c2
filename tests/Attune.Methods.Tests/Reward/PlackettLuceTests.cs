using Attune.Core.Tokens;
using Attune.Methods.Reward;
using Attune.Methods.Tests.Loop;
using Attune.Testing.Training;
using CsCheck;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Methods.Tests.Reward;

public sealed class PlackettLuceTests
{
    [Fact]
    public void Loss_equals_the_value_worked_out_by_hand()
    {
        // r = (2, 1, 0, -1), ranked so; each choice among those left, rewards relative to the chosen one:
        // log(1 + .367879 + .135335 + .049787) = log 1.553002 = .440190
        // log(1 + .367879 + .135335)           = log 1.503215 = .407606
        // log(1 + .367879)                                    = .313262;  the last is certain. Sum 1.161058
        Assert.Equal(1.161057, Loss([2, 1, 0, -1], [1, 2, 3, 4]), 2e-6);
        // Ties after Breslow: r = (1, 0, -1), ranks (1, 1, 2): 2 log(e + 1 + 1/e) - 1 - 0 = 2 * 1.407606 - 1 = 1.815212
        Assert.Equal(1.815212, Loss([1, 0, -1], [1, 1, 2]), 1e-6);
    }

    [Fact]
    public void Gradient_agrees_with_finite_differences() =>
        RankingPairsTests.Rankings.Sample(r => FiniteDifferences.Agree(x => PlackettLuce.Loss(x, r.Ranks), r.Rewards), iter: 20);

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
    public void Law_a_best_one_and_a_tied_rest_are_a_choice() =>
        Gen.Select(Gen.Double[-4, 4].Array[2, 6], Gen.Int[0, 1])
            .Sample(
                (rewards, best) =>
                {
                    using var scope = NewDisposeScope();
                    var choice = ChoiceOfK.Loss(tensor(rewards).unsqueeze(0), tensor([(long)best])).ToDouble();
                    Assert.Equal(choice, Loss(rewards, [.. rewards.Select((_, i) => i == best ? 1 : 2)]), 1e-9);
                }
            );

    [Fact]
    public void Law_the_probabilities_of_all_orders_sum_to_1() =>
        Gen.Double[-3, 3]
            .Array[4]
            .Sample(
                rewards =>
                {
                    var orders =
                        from a in Enumerable.Range(1, 4)
                        from b in Enumerable.Range(1, 4)
                        from c in Enumerable.Range(1, 4)
                        from d in Enumerable.Range(1, 4)
                        where new[] { a, b, c, d }.Distinct().Count() == 4
                        select new[] { a, b, c, d };
                    Assert.Equal(1, orders.Sum(ranks => Math.Exp(-Loss(rewards, ranks))), 1e-9);
                },
                iter: 10
            );

    [Fact]
    public void Law_a_constant_on_all_rewards_changes_nothing() =>
        Gen.Select(RankingPairsTests.Rankings, Gen.Double[-20, 20])
            .Sample((r, constant) => Assert.Equal(Loss(r.Rewards, r.Ranks), Loss([.. r.Rewards.Select(x => x + constant)], r.Ranks), 1e-9));

    [Fact]
    public async Task Learns_a_tiny_task() =>
        await TinyTask.Learns<TokenRanking>(
            model => new PlackettLuce.Objective(model),
            TinyTask.Rankings(8, answers: 4),
            "accuracy",
            atLeast: 1,
            lossBelow: 0.5
        );

    private static double Loss(double[] rewards, int[] ranks)
    {
        using var scope = NewDisposeScope();
        return PlackettLuce.Loss(tensor(rewards), ranks).ToDouble();
    }
}
