using Attune.Core.Tokens;
using Attune.Methods.Reward;
using Attune.Methods.Tests.Loop;
using Attune.Testing.Training;
using CsCheck;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Methods.Tests.Reward;

public sealed class BradleyTerryTests
{
    private static readonly Gen<(double Chosen, double Rejected, double Margin)> Pairs = Gen.Select(
        Gen.Double[-4, 4],
        Gen.Double[-4, 4],
        Gen.Double[0, 2]
    );

    [Fact]
    public void Loss_equals_the_value_worked_out_by_hand()
    {
        // -log sigma(x) = log(1 + exp(-x)).
        // chosen 1, rejected 0: log(1 + .367879) = .313262;  with margin .5: log(1 + exp(-.5)) = log 1.606531 = .474077;  equal: log 2
        Assert.Equal(0.313262, Loss(1, 0), 1e-6);
        Assert.Equal(0.474077, Loss(1, 0, 0.5), 1e-6);
        Assert.Equal(0.693147, Loss(-3, -3), 1e-6);
    }

    [Fact]
    public void Gradient_agrees_with_finite_differences() =>
        Pairs
            .Array[1, 4]
            .Sample(
                pairs =>
                    FiniteDifferences.Agree(
                        x =>
                            BradleyTerry
                                .Loss(
                                    x.narrow(0, 0, pairs.Length),
                                    x.narrow(0, pairs.Length, pairs.Length),
                                    tensor(pairs.Select(p => p.Margin).ToArray())
                                )
                                .sum(),
                        [.. pairs.Select(p => p.Chosen), .. pairs.Select(p => p.Rejected)]
                    ),
                iter: 20
            );

    [Fact]
    public void Law_a_constant_on_all_rewards_changes_nothing() =>
        Gen.Select(Pairs, Gen.Double[-20, 20])
            .Sample(
                (pair, constant) =>
                    Assert.Equal(
                        Loss(pair.Chosen, pair.Rejected, pair.Margin),
                        Loss(pair.Chosen + constant, pair.Rejected + constant, pair.Margin),
                        1e-9
                    )
            );

    [Fact]
    public void Law_swapping_the_pair_negates_the_log_odds() =>
        // -log sigma(m) + log sigma(-m) = -m
        Pairs.Sample(pair =>
            Assert.Equal(pair.Rejected - pair.Chosen, Loss(pair.Chosen, pair.Rejected) - Loss(pair.Rejected, pair.Chosen), 1e-9)
        );

    [Fact]
    public void Law_the_gradients_of_a_pair_are_opposite_and_shrink_as_it_is_learned() =>
        Pairs.Sample(
            pair =>
            {
                using var scope = NewDisposeScope();
                var rewards = tensor([pair.Chosen, pair.Rejected], requires_grad: true);
                BradleyTerry.Loss(rewards.narrow(0, 0, 1), rewards.narrow(0, 1, 1), zeros(1, ScalarType.Float64)).sum().backward();
                var gradient = rewards.grad!.data<double>().ToArray();
                Assert.Equal(-gradient[0], gradient[1], 1e-12);
                Assert.Equal(1 / (1 + Math.Exp(pair.Chosen - pair.Rejected)), gradient[1], 1e-9);
            },
            iter: 50
        );

    [Fact]
    public void Rewards_far_apart_do_not_overflow()
    {
        Assert.Equal(0, Loss(500, -500), 1e-9);
        Assert.Equal(1000, Loss(-500, 500), 1e-9);
    }

    [Fact]
    public async Task Learns_a_tiny_task() =>
        await TinyTask.Learns<TokenPair>(
            model => new BradleyTerry.Objective(model),
            TinyTask.Pairs(8),
            "accuracy",
            atLeast: 1,
            lossBelow: 0.05
        );

    private static double Loss(double chosen, double rejected, double margin = 0)
    {
        using var scope = NewDisposeScope();
        return BradleyTerry.Loss(tensor([chosen]), tensor([rejected]), tensor([margin])).ToDouble();
    }
}
