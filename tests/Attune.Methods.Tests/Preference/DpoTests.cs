using Attune.Methods.Preference;
using Attune.Testing;
using CsCheck;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Methods.Tests.Preference;

/// <summary>DPO, conservative DPO and robust DPO.</summary>
public sealed class DpoTests
{
    [Fact]
    public void Loss_equals_the_value_worked_out_by_hand()
    {
        // margin 2, beta .1: -log sigma(.2) = log(1 + exp(-.2)) = .598139, and -log sigma(-.2) = .798139.
        using var scope = NewDisposeScope();
        Assert.Equal(0.598139, Dpo.Loss(Numbers.Worked.Margin, 0.1).ToDouble(), 1e-6);
        // .9 * .598139 + .1 * .798139
        Assert.Equal(0.618139, Dpo.Conservative(Numbers.Worked.Margin, 0.1, 0.1).ToDouble(), 1e-6);
        // (.9 * .598139 - .1 * .798139) / .8
        Assert.Equal(0.573139, Dpo.Robust(Numbers.Worked.Margin, 0.1, 0.1).ToDouble(), 1e-6);
    }

    [Fact]
    public void At_the_start_all_three_are_log_2()
    {
        Assert.Equal(Math.Log(2), Numbers.Of(m => Dpo.Loss(m, 0.1), 0), 1e-12);
        Assert.Equal(Math.Log(2), Numbers.Of(m => Dpo.Conservative(m, 0.1, 0.3), 0), 1e-12);
        Assert.Equal(Math.Log(2), Numbers.Of(m => Dpo.Robust(m, 0.1, 0.3), 0), 1e-12);
    }

    [Fact]
    public void Gradient_agrees_with_finite_differences()
    {
        Numbers.GradientAgrees(m => Dpo.Loss(m, 0.7));
        Numbers.GradientAgrees(m => Dpo.Conservative(m, 0.7, 0.2));
        Numbers.GradientAgrees(m => Dpo.Robust(m, 0.7, 0.2));
    }

    [Fact]
    public void Law_swapping_the_pair_negates_the_margin() =>
        Numbers.LogProbs.Sample(
            p =>
            {
                using var scope = NewDisposeScope();
                var (chosen, rejected) = (
                    Numbers.Answers(p.Chosen, p.ReferenceChosen, 3),
                    Numbers.Answers(p.Rejected, p.ReferenceRejected, 5)
                );
                Assert.Equal(
                    -new ScoredPairs(rejected, chosen).Margin.ToDouble(),
                    new ScoredPairs(chosen, rejected).Margin.ToDouble(),
                    1e-12
                );
            },
            iter: 50
        );

    [Fact]
    public void Law_a_constant_on_both_log_probabilities_changes_nothing() =>
        Gen.Select(Numbers.LogProbs, Gen.Double[-20, 20])
            .Sample(
                (p, constant) =>
                {
                    using var scope = NewDisposeScope();
                    double Loss(double shift) =>
                        Dpo.Loss(
                                new ScoredPairs(
                                    Numbers.Answers(p.Chosen + shift, p.ReferenceChosen, 3),
                                    Numbers.Answers(p.Rejected + shift, p.ReferenceRejected, 5)
                                ).Margin,
                                0.3
                            )
                            .ToDouble();
                    Assert.Equal(Loss(0), Loss(constant), 1e-9);
                },
                iter: 50
            );

    [Fact]
    public void Law_beta_towards_0_gives_log_2_whatever_the_margin() =>
        Numbers.Margin.Sample(margin => Assert.Equal(Math.Log(2), Numbers.Of(m => Dpo.Loss(m, 1e-9), margin), 1e-7), iter: 50);

    [Fact]
    public void Law_conservative_loss_is_least_where_the_policy_believes_the_label_as_much_as_it_deserves() =>
        Gen.Select(Gen.Double[0.05, 0.45], Gen.Double[0.05, 2])
            .Sample(
                (epsilon, beta) =>
                {
                    var best = Math.Log((1 - epsilon) / epsilon) / beta;
                    var least = Numbers.Of(m => Dpo.Conservative(m, beta, epsilon), best);
                    Assert.True(least < Numbers.Of(m => Dpo.Conservative(m, beta, epsilon), best + 0.1 / beta));
                    Assert.True(least < Numbers.Of(m => Dpo.Conservative(m, beta, epsilon), best - 0.1 / beta));
                },
                iter: 50
            );

    [Fact]
    public void Law_the_robust_loss_on_flipped_labels_is_in_the_mean_the_loss_on_true_ones() =>
        Gen.Select(Numbers.Margin, Gen.Double[0, 0.45], Gen.Double[0.05, 1])
            .Sample(
                (margin, epsilon, beta) =>
                    Assert.Equal(
                        Numbers.Of(m => Dpo.Loss(m, beta), margin),
                        (1 - epsilon) * Numbers.Of(m => Dpo.Robust(m, beta, epsilon), margin)
                            + epsilon * Numbers.Of(m => Dpo.Robust(m, beta, epsilon), -margin),
                        1e-8
                    ),
                iter: 50
            );

    [Fact]
    public void Half_the_labels_flipped_teach_nothing_and_are_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Numbers.Of(m => Dpo.Robust(m, 0.1, 0.5), 1));

    [Fact]
    public void Agrees_with_the_reference_implementation()
    {
        var published = PublishedVectors.Case("dpo_torchtune");
        using var scope = NewDisposeScope();
        Tensor Read(string name) => tensor(published.GetProperty(name).Numbers());
        var (chosen, rejected) = (Read("policy_chosen") - Read("ref_chosen"), Read("policy_rejected") - Read("ref_rejected"));
        var losses = Dpo.Loss(chosen - rejected, published.GetProperty("beta").GetDouble()).data<double>().ToArray();
        Assert.All(published.GetProperty("recomputed_losses").Numbers().Zip(losses), pair => Assert.Equal(pair.First, pair.Second, 1e-12));
    }

    [Fact]
    public async Task Learns_a_tiny_task() =>
        await Numbers.Learns((policy, reference) => new Dpo.Objective(new DpoOptions { Beta = 0.5 }, policy, reference), 0.05);
}
