using Attune.Core.Runs;
using Attune.Models.Weights;
using Attune.Training.Optimisation;

namespace Attune.Training.Tests;

/// <summary>Two learners of one weight each, in two groups, with gradients 3 and 4: together 5 long.</summary>
public sealed class OptimiserTests : IDisposable
{
    private static readonly Schedule Constant = new(ScheduleKind.Constant, 0.1, 0);

    private readonly FlatParameters _main = new([new ParameterSlot("w", 0, [1, 1])]);
    private readonly FlatParameters _critic = new([new ParameterSlot("w", 0, [1, 1])]);
    private readonly Metrics _metrics = new();

    public void Dispose()
    {
        _main.Dispose();
        _critic.Dispose();
    }

    [Fact]
    public void Groups_without_a_limit_of_their_own_are_clipped_together()
    {
        using var optimiser = Groups(new LearnerGroup("critic", [_critic]));
        Step(optimiser, 0);
        // 5 is cut to 1: gradients .6 and .8, of which a tenth goes into the first moment.
        Assert.Equal(0.06, optimiser.Parts[0].FirstMoment[0].item<float>(), 1e-6);
        Assert.Equal(0.08, optimiser.Parts[1].FirstMoment[0].item<float>(), 1e-6);
        Assert.Equal((5, 4), (_metrics["grad_norm"], _metrics["critic/grad_norm"]));
    }

    [Fact]
    public void A_group_with_a_limit_of_its_own_is_clipped_alone_and_does_not_throttle_the_others()
    {
        using var optimiser = Groups(new LearnerGroup("critic", [_critic]) { MaxGradientNorm = 2 });
        Step(optimiser, 0);
        Assert.Equal(0.1, optimiser.Parts[0].FirstMoment[0].item<float>(), 1e-6);
        Assert.Equal(0.2, optimiser.Parts[1].FirstMoment[0].item<float>(), 1e-6);
        Assert.Equal((3, 4), (_metrics["grad_norm"], _metrics["critic/grad_norm"]));
    }

    [Fact]
    public void A_group_may_learn_faster()
    {
        using var optimiser = Groups(new LearnerGroup("critic", [_critic]) { LearningRate = 0.3 });
        Step(optimiser, 0);
        // Adam's first step is the learning rate, whatever the gradient.
        Assert.Equal(-0.1, _main["w"].item<float>(), 1e-5);
        Assert.Equal(-0.3, _critic["w"].item<float>(), 1e-5);
        Assert.Equal((0.1, 0.3), (_metrics["learning_rate"], _metrics["critic/learning_rate"]), Near);
    }

    [Fact]
    public void A_group_that_begins_later_learns_nothing_until_then_and_begins_as_if_it_were_the_first_update()
    {
        using var optimiser = new Optimiser(
            [new LearnerGroup("", [_main]) { Delay = 2 }, new LearnerGroup("critic", [_critic])],
            new OptimiserOptions { WeightDecay = 0.5 }
        );
        var schedule = new Schedule(ScheduleKind.Linear, 0.1, 0);
        for (var update = 0; update < 2; update++)
        {
            Step(optimiser, update, schedule);
            Assert.Equal(0, _main["w"].item<float>());
            Assert.Equal(0, optimiser.Parts[0].FirstMoment[0].item<float>());
            Assert.Equal(0, optimiser.Parts[0].Gradients[0].item<float>());
            Assert.Equal(0, _metrics["learning_rate"]);
        }

        Step(optimiser, 2, schedule);
        Assert.Equal(-0.1, _main["w"].item<float>(), 1e-5); // the whole peak rate, and no moment of before
        Assert.Equal(0.08, _metrics["critic/learning_rate"], 1e-9); // 0.1 (1 - 2 / 10)
    }

    [Fact]
    public void A_gradient_that_is_not_finite_changes_no_group()
    {
        using var optimiser = Groups(new LearnerGroup("critic", [_critic]) { MaxGradientNorm = 2 });
        optimiser.Parts[0].Gradients[0].fill_(3);
        optimiser.Parts[1].Gradients[0].fill_(double.NaN);
        Assert.False(optimiser.Step(0, 10, Constant, _metrics));
        Assert.Equal(0, _main["w"].item<float>());
    }

    private static bool Near((double, double) left, (double, double) right) =>
        Math.Abs(left.Item1 - right.Item1) < 1e-9 && Math.Abs(left.Item2 - right.Item2) < 1e-9;

    private Optimiser Groups(LearnerGroup critic) =>
        new([new LearnerGroup("", [_main]), critic], new OptimiserOptions { MaxGradientNorm = 1 });

    private void Step(Optimiser optimiser, long update, Schedule? schedule = null)
    {
        optimiser.Parts[0].Gradients[0].fill_(3);
        optimiser.Parts[1].Gradients[0].fill_(4);
        Assert.True(optimiser.Step(update, 10, schedule ?? Constant, _metrics));
    }
}
