using Attune.Methods.Preference;
using CsCheck;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Methods.Tests.Preference;

public sealed class IpoTests
{
    [Fact]
    public void Loss_equals_the_value_worked_out_by_hand()
    {
        using var scope = NewDisposeScope();
        // Summed: margin 2, goal 1 / (2 * .1) = 5: (2 - 5)^2 = 9.
        Assert.Equal(9.0, Ipo.Loss(Numbers.Worked.Margin, 0.1).ToDouble(), 1e-9);
        // Averaged: -10/10 - -11/10 = .1 and -12/5 - -11/5 = -.2, margin .3: (.3 - 5)^2 = 22.09.
        Assert.Equal(22.09, Ipo.Loss(Numbers.Worked.By(LogProbReduction.Averaged).Margin, 0.1).ToDouble(), 1e-9);
    }

    [Fact]
    public void Gradient_agrees_with_finite_differences() => Numbers.GradientAgrees(m => Ipo.Loss(m, 0.3));

    [Fact]
    public void Law_the_goal_is_finite_and_the_same_from_both_sides() =>
        Gen.Select(Gen.Double[0.05, 2], Gen.Double[0.01, 10])
            .Sample(
                (tau, distance) =>
                {
                    var goal = 1 / (2 * tau);
                    Assert.Equal(0, Numbers.Of(m => Ipo.Loss(m, tau), goal), 1e-12);
                    Assert.Equal(
                        Numbers.Of(m => Ipo.Loss(m, tau), goal - distance),
                        Numbers.Of(m => Ipo.Loss(m, tau), goal + distance),
                        1e-6
                    );
                },
                iter: 50
            );

    [Fact]
    public void Law_labels_that_are_right_with_probability_p_have_their_least_loss_at_a_margin_linear_in_p() =>
        Gen.Select(Gen.Double[0.05, 0.95], Gen.Double[0.05, 2])
            .Sample(
                (p, tau) =>
                {
                    // p (h - a)^2 + (1 - p) (h + a)^2 with a = 1 / (2 tau) is least at h = (2p - 1) a = (p - 1/2) / tau.
                    double Loss(double h) => p * Numbers.Of(m => Ipo.Loss(m, tau), h) + (1 - p) * Numbers.Of(m => Ipo.Loss(m, tau), -h);
                    var best = (p - 0.5) / tau;
                    Assert.True(Loss(best) < Loss(best + 0.01) && Loss(best) < Loss(best - 0.01));
                },
                iter: 50
            );

    [Fact]
    public async Task Learns_a_tiny_task() =>
        await Numbers.Learns((policy, reference) => new Ipo.Objective(new IpoOptions { Beta = 0.2 }, policy, reference), 0.1);

    [Fact]
    public async Task Learns_a_tiny_task_by_averages() =>
        await Numbers.Learns(
            (policy, reference) =>
                new Ipo.Objective(new IpoOptions { Beta = 0.5, LogProbs = LogProbReduction.Averaged }, policy, reference),
            0.05
        );
}
