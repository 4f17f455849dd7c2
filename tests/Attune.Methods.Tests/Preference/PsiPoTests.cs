using Attune.Methods.Preference;
using CsCheck;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Methods.Tests.Preference;

public sealed class PsiPoTests
{
    [Fact]
    public void Loss_equals_the_value_worked_out_by_hand()
    {
        // margin 2, tau .1, score .2. Identity: (.2 + .5)^2 / 2 - .2 = .045 = tau^2 / 2 * 9, IPO's 9. Log-odds: DPO's .598139.
        // Probit: .2 * .579260 + .391043 - .2 = .306895 (normal distribution .579260, density .391043 at .2).
        using var scope = NewDisposeScope();
        double Loss(Psi psi) => PsiPo.Loss(Numbers.Worked.Margin, psi, 0.1).ToDouble();
        Assert.Equal(0.045, Loss(Psi.Identity), 1e-9);
        Assert.Equal(0.598139, Loss(Psi.LogOdds), 1e-6);
        Assert.Equal(0.306895, Loss(Psi.Probit), 1e-6);
        // (2 - 1.5 / .5)^2
        Assert.Equal(1, PsiPo.Regression(Numbers.Worked.Margin, tensor([1.5]), 0.5).ToDouble(), 1e-12);
    }

    [Fact]
    public void Gradient_agrees_with_finite_differences()
    {
        Numbers.GradientAgrees(m => PsiPo.Loss(m, Psi.Identity, 0.4, 0.1));
        Numbers.GradientAgrees(m => PsiPo.Loss(m, Psi.LogOdds, 0.4, 0.1));
        Numbers.GradientAgrees(m => PsiPo.Loss(m, Psi.Probit, 0.4, 0.1));
        Numbers.GradientAgrees(m => PsiPo.Loss(m, Psi.From(p => p * p * p), 0.1, 0.1), -3, 3);
        Numbers.GradientAgrees(m => PsiPo.Regression(m, m.detach() * 0 + 1.5, 0.4));
    }

    [Fact]
    public void Law_the_identity_gives_IPO() =>
        Gen.Select(Numbers.Margin, Gen.Double[0.02, 2])
            .Sample(
                (margin, tau) =>
                    Assert.Equal(
                        Numbers.Of(m => Ipo.Loss(m, tau), margin),
                        2 / (tau * tau) * Numbers.Of(m => PsiPo.Loss(m, Psi.Identity, tau), margin),
                        1e-6
                    ),
                iter: 100
            );

    [Fact]
    public void Law_log_odds_give_DPO() =>
        Gen.Select(Numbers.Margin, Gen.Double[0.02, 2], Gen.Double[0, 0.45])
            .Sample(
                (margin, tau, epsilon) =>
                    Assert.Equal(
                        Numbers.Of(m => Dpo.Conservative(m, tau, epsilon), margin),
                        Numbers.Of(m => PsiPo.Loss(m, Psi.LogOdds, tau, epsilon), margin),
                        1e-9
                    ),
                iter: 100
            );

    [Fact]
    public void Law_a_function_given_as_code_is_as_good_as_one_of_the_house() =>
        Gen.Double[-3, 3]
            .Sample(
                margin =>
                {
                    foreach (
                        var (given, known) in new[]
                        {
                            (Psi.From(p => p), Psi.Identity),
                            (Psi.From(p => Math.Log(p / (1 - p))), Psi.LogOdds),
                        }
                    )
                    {
                        // Up to a constant: an integral has one.
                        double Difference(Psi psi) =>
                            Numbers.Of(m => PsiPo.Loss(m, psi, 1), margin) - Numbers.Of(m => PsiPo.Loss(m, psi, 1), 0);
                        Assert.Equal(Difference(known), Difference(given), 1e-5);
                    }
                },
                iter: 20
            );

    [Fact]
    public void Law_the_least_loss_is_at_Phi_of_the_probability_divided_by_tau() =>
        Gen.Select(Gen.Double[0.05, 0.45], Gen.Double[0.1, 2], Gen.Int[0, 3])
            .Sample(
                (epsilon, tau, which) =>
                {
                    var psi = new[] { Psi.Identity, Psi.LogOdds, Psi.Probit, Psi.From(p => p * p * p) }[which];
                    using var scope = NewDisposeScope();
                    var margin = tensor([psi.Odd(1 - epsilon) / tau], requires_grad: true);
                    PsiPo.Loss(margin, psi, tau, epsilon).sum().backward();
                    Assert.Equal(0, margin.grad!.ToDouble(), 1e-8 * tau + 1e-12);
                },
                iter: 50
            );

    [Fact]
    public void Law_single_pairs_compared_with_themselves_have_the_goal_of_IPO()
    {
        // Two answers, mu uniform over both, the first always preferred: g = (Psi(1/2) + Psi(1)) / 2 and (Psi(0) + Psi(1/2)) / 2.
        var values = PsiPo.Values(
            Psi.Identity,
            new double[,]
            {
                { 0.5, 1 },
                { 0, 0.5 },
            },
            [0.5, 0.5]
        );
        Assert.Equal([0.75, 0.25], values);
        Gen.Select(Numbers.Margin, Gen.Double[0.02, 2])
            .Sample(
                (margin, tau) =>
                    Assert.Equal(
                        Numbers.Of(m => Ipo.Loss(m, tau), margin),
                        Numbers.Of(m => PsiPo.Regression(m, tensor([values[0] - values[1]]), tau), margin),
                        1e-8
                    ),
                iter: 20
            );
    }

    [Fact]
    public async Task Learns_a_tiny_task() =>
        await Numbers.Learns(
            (policy, reference) => new PsiPo.Objective(new PsiPoOptions { Beta = 0.5, Psi = PsiKind.Probit }, policy, reference),
            0.01
        );
}
