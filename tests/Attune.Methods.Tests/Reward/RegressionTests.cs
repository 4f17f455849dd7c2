using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Methods.Reward;
using Attune.Methods.Tests.Loop;
using Attune.Testing.Training;
using CsCheck;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Methods.Tests.Reward;

public sealed class RegressionTests
{
    [Fact]
    public void Loss_equals_the_values_worked_out_by_hand()
    {
        using var scope = NewDisposeScope();
        // (.5 - 1)^2, (-2 + 1)^2, (.25 - .25)^2
        var loss = Regression.Loss(tensor(new[] { 0.5, -2.0, 0.25 }), tensor(new[] { 1.0, -1.0, 0.25 }));
        Assert.Equal([0.25, 1, 0], loss.data<double>().ToArray());
    }

    [Fact]
    public void Gradient_agrees_with_finite_differences() =>
        Gen.Select(Gen.Double[-3, 3], Gen.Double[-1, 1])
            .Array[1, 5]
            .Sample(
                items =>
                    FiniteDifferences.Agree(
                        x => Regression.Loss(x, tensor(items.Select(i => i.Item2).ToArray())).sum(),
                        [.. items.Select(i => i.Item1)]
                    ),
                iter: 20
            );

    [Fact]
    public void Law_the_best_reward_of_answers_that_read_alike_is_the_mean_of_their_ratings() =>
        Gen.Double[-1, 1]
            .Array[1, 8]
            .Sample(
                targets =>
                {
                    using var scope = NewDisposeScope();
                    var reward = tensor(targets.Average(), requires_grad: true);
                    Regression.Loss(reward.expand(targets.Length), tensor(targets)).sum().backward();
                    Assert.Equal(0, reward.grad!.ToDouble(), 1e-9);
                },
                iter: 50
            );

    [Theory]
    [InlineData(1, -1)]
    [InlineData(3, 0)]
    [InlineData(4, 0.5)]
    [InlineData(5, 1)]
    public void A_scale_from_1_to_5_becomes_one_from_minus_1_to_1(double value, double target) =>
        Assert.Equal(target, 2 * new Rating(new Prompt.Text("p"), "a", value, 1, 5).Share - 1, 1e-12);

    [Fact]
    public async Task Learns_a_tiny_task() =>
        await TinyTask.Learns(
            model => new Regression.Objective(model),
            [
                .. TinyTask
                    .Verdicts(40)
                    .Select(v => new RatedSequence(v.Sequence, (2.0 * TinyData.EvenTokens(v.Sequence) / v.Sequence.AnswerLength) - 1)),
            ],
            "max_reward",
            atLeast: 0.4,
            lossBelow: 0.06
        );
}
