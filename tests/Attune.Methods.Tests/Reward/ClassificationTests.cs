using Attune.Methods.Reward;
using Attune.Methods.Tests.Loop;
using Attune.Testing.Training;
using CsCheck;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Methods.Tests.Reward;

public sealed class ClassificationTests
{
    [Fact]
    public void Loss_equals_the_value_worked_out_by_hand()
    {
        // logit 1, desirable: log(1 + exp(-1)) = .313262; undesirable: log(1 + e) = 1.313262
        Assert.Equal(0.313262, Loss(1, 1), 1e-6);
        Assert.Equal(1.313262, Loss(1, 0), 1e-6);
    }

    [Fact]
    public void Gradient_agrees_with_finite_differences() =>
        Gen.Select(Gen.Double[-4, 4], Gen.Int[0, 1])
            .Array[1, 5]
            .Sample(
                items =>
                    FiniteDifferences.Agree(
                        x => Classification.Loss(x, tensor(items.Select(i => (double)i.Item2).ToArray())).sum(),
                        [.. items.Select(i => i.Item1)]
                    ),
                iter: 20
            );

    [Fact]
    public void Law_the_probabilities_of_both_verdicts_sum_to_1() =>
        Gen.Double[-30, 30].Sample(reward => Assert.Equal(1, Math.Exp(-Loss(reward, 1)) + Math.Exp(-Loss(reward, 0)), 1e-9));

    [Fact]
    public void Law_a_verdict_is_a_comparison_with_an_answer_of_reward_0() =>
        Gen.Double[-5, 5]
            .Sample(reward =>
            {
                using var scope = NewDisposeScope();
                Assert.Equal(BradleyTerry.Loss(tensor([reward]), tensor([0.0]), tensor([0.0])).ToDouble(), Loss(reward, 1), 1e-12);
            });

    [Fact]
    public void Law_the_gradient_is_the_error_of_the_predicted_probability() =>
        Gen.Select(Gen.Double[-5, 5], Gen.Int[0, 1])
            .Sample(
                (reward, label) =>
                {
                    using var scope = NewDisposeScope();
                    var logit = tensor([reward], requires_grad: true);
                    Classification.Loss(logit, tensor([(double)label])).sum().backward();
                    Assert.Equal(1 / (1 + Math.Exp(-reward)) - label, logit.grad!.ToDouble(), 1e-9);
                },
                iter: 50
            );

    [Fact]
    public async Task Learns_a_tiny_task() =>
        await TinyTask.Learns<LabelledSequence>(
            model => new Classification.Objective(model),
            TinyTask.Verdicts(8),
            "accuracy",
            atLeast: 1,
            lossBelow: 0.05
        );

    private static double Loss(double reward, double label)
    {
        using var scope = NewDisposeScope();
        return Classification.Loss(tensor([reward]), tensor([label])).ToDouble();
    }
}
