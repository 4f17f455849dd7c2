using Attune.Core.Runs;
using Attune.Methods.Reward;
using Attune.Models.Weights;
using Attune.Training.Contracts;
using CsCheck;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Methods.Tests.Reward;

public sealed class GroupRobustTests
{
    /// <summary>An item's loss is the square of its distance from the parameter.</summary>
    private sealed class Squares(Tensor parameter) : IObjective<double>
    {
        public IReadOnlyList<FlatParameters> Learners => [];

        public double Weight(double item) => 1;

        public int Length(double item) => 1;

        public ObjectiveValue Evaluate(IReadOnlyList<double> items) =>
            new((parameter - tensor(items.ToArray())).square().sum(), new Metrics());
    }

    private static GroupRobust.Item<double>[] Items(int first, int second) =>
        [
            .. Enumerable.Repeat(new GroupRobust.Item<double>(1, 0), first),
            .. Enumerable.Repeat(new GroupRobust.Item<double>(-1, 1), second),
        ];

    /// <summary>½ exp(log 3) to ½ exp(0) is three to one.</summary>
    [Fact]
    public void Weights_rise_with_losses_as_worked_out_by_hand()
    {
        Assert.Equal([0.75, 0.25], GroupRobust.Reweighted([0.5, 0.5], [Math.Log(3), 0], 1).Select(w => Math.Round(w, 12)));
        // Half the step: exp(½ log 9) is 3 too.
        Assert.Equal([0.75, 0.25], GroupRobust.Reweighted([0.5, 0.5], [Math.Log(9), 0], 0.5).Select(w => Math.Round(w, 12)));
    }

    [Fact]
    public void Law_a_constant_on_all_losses_moves_no_weight() =>
        Gen.Select(Gen.Double[0.01, 1].Array[3], Gen.Double[0, 5].Array[3], Gen.Double[-50, 50])
            .Sample(
                (weights, losses, constant) =>
                {
                    var plain = GroupRobust.Reweighted(weights, losses, 0.3);
                    var moved = GroupRobust.Reweighted(weights, [.. losses.Select(l => l + constant)], 0.3);
                    Assert.Equal(1, plain.Sum(), 1e-9);
                    Assert.All(plain.Zip(moved), z => Assert.Equal(z.First, z.Second, 1e-9));
                }
            );

    /// <summary>At the parameter 0.5 the losses are 0.25 and 2.25: with weights of ½ the mean over the update is 1.25, however many items
    /// each group has and however the update is split.</summary>
    [Theory]
    [InlineData(9, 1)]
    [InlineData(2, 5)]
    public void An_update_costs_the_weighted_sum_of_its_groups(int first, int second)
    {
        using var scope = NewDisposeScope();
        var weights = new GroupRobust.Weights(["a", "b"], 1);
        var objective = new GroupRobust.Objective<double>(new Squares(tensor(0.5)), weights);
        var update = weights.Weighted(Items(first, second));
        var loss = update.Chunk(2).Sum(part => objective.Evaluate(part).SummedLoss.ToDouble()) / update.Count;
        Assert.Equal((0.25 + 2.25) / 2, loss, 1e-9);
        // Odds of the weights: exp(2.25 - 0.25).
        weights.Step();
        Assert.Equal(Math.Exp(2), weights.Of[1] / weights.Of[0], 1e-9);
    }

    /// <summary>Nine want 1 and one wants -1: the mean is least at 0.8, the larger of the two losses at 0.</summary>
    [Fact]
    public void A_tiny_task_is_learned_for_the_group_that_is_served_worst()
    {
        using var scope = NewDisposeScope();
        var parameter = tensor(0.8, requires_grad: true);
        var weights = new GroupRobust.Weights(["many", "few"], 0.1);
        var objective = new GroupRobust.Objective<double>(new Squares(parameter), weights);
        for (var step = 0; step < 600; step++)
        {
            var update = weights.Weighted(Items(9, 1));
            (objective.Evaluate(update).SummedLoss / update.Count).backward();
            using (no_grad())
            {
                parameter.sub_(0.05 * parameter.grad!);
                parameter.grad!.zero_();
            }

            weights.Step();
        }

        Assert.Equal(0, parameter.ToDouble(), 0.05);
        Assert.Equal(0.5, weights.Of[0], 0.05);
    }

    [Fact]
    public void Weights_outlive_a_checkpoint()
    {
        var weights = new GroupRobust.Weights(["a", "b"], 1);
        weights.Add(0, 3, 2);
        weights.Step();
        var restored = new GroupRobust.Weights(["a", "b"], 1);
        restored.Restore(weights.State);
        Assert.Equal(weights.Of, restored.Of);
        Assert.NotEqual(0.5, restored.Of[0]);
    }
}
