using Attune.Methods.Preference;
using Attune.Testing.Training;
using CsCheck;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Methods.Tests.Preference;

public sealed class OrpoTests
{
    [Fact]
    public void Loss_equals_the_value_worked_out_by_hand()
    {
        // P = .5 and .2: log odds 0 and log .25 = -1.386294; -log sigma(1.386294) = -log .8 = .223144.
        // With lambda .1: log 2 + .1 * .223144 = .715462.
        using var scope = NewDisposeScope();
        var (chosen, rejected) = (tensor([Math.Log(0.5)]), tensor([Math.Log(0.2)]));
        Assert.Equal(1.386294, Orpo.LogOddsRatio(chosen, rejected).ToDouble(), 1e-6);
        Assert.Equal(0.715462, Orpo.Loss(chosen, rejected, 0.1).ToDouble(), 1e-6);
    }

    [Fact]
    public void Gradient_agrees_with_finite_differences() =>
        Gen.Double[-5, -0.1]
            .Array[2]
            .Sample(x => FiniteDifferences.Agree(v => Orpo.Loss(v.narrow(0, 0, 1), v.narrow(0, 1, 1), 0.4).sum(), x, 1e-6), iter: 20);

    [Fact]
    public void Law_swapping_the_pair_negates_the_log_odds_ratio() =>
        Gen.Select(Gen.Double[-8, -0.01], Gen.Double[-8, -0.01])
            .Sample(
                (a, b) =>
                {
                    using var scope = NewDisposeScope();
                    Assert.Equal(
                        -Orpo.LogOddsRatio(tensor([b]), tensor([a])).ToDouble(),
                        Orpo.LogOddsRatio(tensor([a]), tensor([b])).ToDouble(),
                        1e-12
                    );
                },
                iter: 50
            );

    [Fact]
    public void Law_rare_answers_have_odds_like_probabilities_and_lambda_0_leaves_imitation() =>
        Gen.Select(Gen.Double[-40, -20], Gen.Double[-40, -20])
            .Sample(
                (a, b) =>
                {
                    using var scope = NewDisposeScope();
                    Assert.Equal(a - b, Orpo.LogOddsRatio(tensor([a]), tensor([b])).ToDouble(), 1e-6);
                    Assert.Equal(-a, Orpo.Loss(tensor([a]), tensor([b]), 0).ToDouble(), 1e-9);
                },
                iter: 50
            );

    [Fact]
    public void An_answer_that_is_certain_gives_no_infinity()
    {
        using var scope = NewDisposeScope();
        var x = tensor([0f, -1f], requires_grad: true);
        var loss = Orpo.Loss(x.narrow(0, 0, 1), x.narrow(0, 1, 1), 1).sum();
        loss.backward();
        Assert.True(double.IsFinite(loss.ToDouble()));
        Assert.All(x.grad!.data<float>().ToArray(), g => Assert.True(float.IsFinite(g)));
    }

    [Fact]
    public async Task Learns_a_tiny_task() =>
        await Numbers.Learns((policy, _) => new Orpo.Objective(new OrpoOptions { Beta = 1 }, policy), 1);
}

public sealed class SimPoTests
{
    [Fact]
    public void Loss_equals_the_value_worked_out_by_hand()
    {
        // Means -1 and -2.4, beta 2, gamma .5: 2 * 1.4 - .5 = 2.3; log(1 + exp(-2.3)) = .095548
        using var scope = NewDisposeScope();
        Assert.Equal(
            0.095545,
            SimPo.Loss(Numbers.Worked.Chosen.MeanLogProbs, Numbers.Worked.Rejected.MeanLogProbs, 2, 0.5).ToDouble(),
            1e-6
        );
    }

    [Fact]
    public void Gradient_agrees_with_finite_differences() =>
        Gen.Double[-5, 0]
            .Array[2]
            .Sample(x => FiniteDifferences.Agree(v => SimPo.Loss(v.narrow(0, 0, 1), v.narrow(0, 1, 1), 2, 0.5).sum(), x, 1e-6), iter: 20);

    [Fact]
    public void Law_without_gamma_it_is_reference_free_length_normalised_DPO() =>
        Gen.Select(Gen.Double[-60, -1], Gen.Double[-60, -1], Gen.Int[1, 20], Gen.Int[1, 20])
            .Sample(
                (chosen, rejected, chosenLength, rejectedLength) =>
                {
                    using var scope = NewDisposeScope();
                    var pairs = new ScoredPairs(Numbers.Answers(chosen, 0, chosenLength), Numbers.Answers(rejected, 0, rejectedLength));
                    Assert.Equal(
                        Dpo.Loss(pairs.By(LogProbReduction.Averaged).Margin, 2).ToDouble(),
                        SimPo.Loss(pairs.Chosen.MeanLogProbs, pairs.Rejected.MeanLogProbs, 2, 0).ToDouble(),
                        1e-9
                    );
                },
                iter: 50
            );

    [Fact]
    public async Task Learns_a_tiny_task() => await Numbers.Learns((policy, _) => new SimPo.Objective(new SimPoOptions(), policy), 0.1);
}

public sealed class SlicTests
{
    [Fact]
    public void Loss_equals_the_value_worked_out_by_hand()
    {
        using var scope = NewDisposeScope();
        // The hinge on log ratios: 1 - .1 * 2 = .8. On plain log-probabilities, -10 against -12, delta 3: 3 - 2 = 1; delta 1: learned.
        Assert.Equal(0.8, Slic.Loss(Numbers.Worked.Margin, 0.1, 1).ToDouble(), 1e-12);
        Assert.Equal(1, Slic.Loss(tensor([2.0]), 1, 3).ToDouble(), 1e-12);
        Assert.Equal(0, Slic.Loss(tensor([2.0]), 1, 1).ToDouble());
    }

    [Fact]
    public void Gradient_agrees_with_finite_differences()
    {
        // On either side of the kink at margin delta / beta = 2.
        Numbers.GradientAgrees(m => Slic.Loss(m, 0.5, 1), -4, 1.9);
        Numbers.GradientAgrees(m => Slic.Loss(m, 0.5, 1), 2.1, 4);
    }

    [Fact]
    public void Law_a_learned_pair_has_no_gradient_and_an_unlearned_one_always_the_same() =>
        Numbers
            .Margin.Where(m => Math.Abs(m - 2) > 1e-3)
            .Sample(
                margin =>
                {
                    using var scope = NewDisposeScope();
                    var x = tensor([margin], requires_grad: true);
                    Slic.Loss(x, 0.5, 1).sum().backward();
                    Assert.Equal(margin > 2 ? 0 : -0.5, x.grad!.ToDouble(), 1e-12);
                },
                iter: 50
            );

    [Fact]
    public async Task Learns_a_tiny_task() =>
        await Numbers.Learns((policy, _) => new Slic.Objective(new SlicOptions { Lambda = 0 }, policy), 0.01);
}
