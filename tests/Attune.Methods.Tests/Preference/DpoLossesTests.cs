using Attune.Methods.Preference;
using CsCheck;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Methods.Tests.Preference;

/// <summary>The family of losses by worked values, gradients and laws.</summary>
public sealed class DpoLossesTests
{
    private static readonly Gen<(double Chosen, double Rejected, double Beta)> Scores = Gen.Select(
        Numbers.Margin,
        Numbers.Margin,
        Gen.Double[0.05, 1]
    );

    [Theory]
    // The worked pair: log ratios 1 and -1, lengths 10 and 5, beta .1. sigma(.1) = .524979, -log sigma(.1) = .644397,
    // -log sigma(-.1) = .744397, sigma(.2) = .549834, -log sigma(.2) = .598139.
    [InlineData(DpoLoss.NcaPair, 0, 1.338794)] // .644397 + .744397 / 2 + .644397 / 2
    [InlineData(DpoLoss.BcoPair, 0, 1.288793)] // .644397 + .644397
    [InlineData(DpoLoss.SppoHard, 0, 32)] // (1 - 5)^2 + (-1 + 5)^2
    [InlineData(DpoLoss.ApoZero, 0, 0.950042)] // 1 - .524979 + .475021
    [InlineData(DpoLoss.ApoDown, 0, 0.975145)] // .524979 + 1 - .549834
    [InlineData(DpoLoss.ExoPair, 0.1, 0.406305)] // .549834 (log .549834 - log .9) + .450166 (log .450166 - log .1)
    [InlineData(DpoLoss.Discopop, 0, 0.814763)] // w = sigma(.2 / .05) = .982014: .017986 * .598139 + .982014 exp(-.2)
    [InlineData(DpoLoss.SigmoidNorm, 0, 0.678260)] // -log sigma(.1 (1 / 10 + 1 / 5))
    [InlineData(DpoLoss.Ipo, 0, 22.09)] // (1 / 10 + 1 / 5 - 5)^2
    [InlineData(DpoLoss.Sft, 0, 1)] // -10 nats over 10 tokens
    public void Loss_equals_the_value_worked_out_by_hand(DpoLoss loss, double smoothing, double expected)
    {
        using var scope = NewDisposeScope();
        Assert.Equal(expected, Loss(Numbers.Worked, new DpoOptions { LossType = [loss], LabelSmoothing = smoothing }), 1e-5);
    }

    [Fact]
    public void An_offset_asks_for_a_lead_in_proportion_to_the_margin_column()
    {
        // beta 2 - 3 * .1 = -.1: -log sigma(-.1)
        using var scope = NewDisposeScope();
        var pairs = Numbers.Worked with { Items = [Pair(margin: 0.1)] };
        Assert.Equal(0.744397, Loss(pairs, new DpoOptions { OffsetWeight = 3 }), 1e-6);
    }

    [Fact]
    public void Gradient_agrees_with_finite_differences()
    {
        Numbers.GradientAgrees(m => DpoLosses.ExoPair(m, 0.7, 0.2));
        Numbers.GradientAgrees(m => DpoLosses.Discopop(m, 0.7, 0.3));
        foreach (
            var loss in new Func<Tensor, Tensor, double, Tensor>[]
            {
                DpoLosses.NcaPair,
                DpoLosses.BcoPair,
                DpoLosses.SppoHard,
                DpoLosses.ApoZero,
                DpoLosses.ApoDown,
            }
        )
        {
            Numbers.GradientAgrees(scores => loss(scores, 0.3 - scores * scores / 4, 0.7));
        }
    }

    [Fact]
    public void Law_classifying_each_answer_costs_at_least_what_telling_them_apart_does() =>
        // The bound of Jung et al. 2024: sigma(a) sigma(-b) <= sigma(a - b).
        Scores.Sample(
            s => Assert.True(Of((c, r) => DpoLosses.BcoPair(c, r, s.Beta), s) >= Of((c, r) => Dpo.Loss(c - r, s.Beta), s) - 1e-12),
            iter: 50
        );

    [Fact]
    public void Law_EXO_is_a_divergence_0_where_the_policy_believes_what_the_labels_say_and_nowhere_else() =>
        Gen.Select(Numbers.Margin, Gen.Double[0.05, 0.45], Gen.Double[0.05, 1])
            .Sample(
                (margin, epsilon, beta) =>
                {
                    var best = Math.Log((1 - epsilon) / epsilon) / beta;
                    Assert.Equal(0, Numbers.Of(m => DpoLosses.ExoPair(m, beta, epsilon), best), 1e-12);
                    Assert.True(Math.Abs(margin - best) < 1e-2 || Numbers.Of(m => DpoLosses.ExoPair(m, beta, epsilon), margin) > 0);
                },
                iter: 50
            );

    [Fact]
    public void Law_APO_zero_and_its_swapped_pair_sum_to_2() =>
        Scores.Sample(
            s => Assert.Equal(2, Of((c, r) => DpoLosses.ApoZero(c, r, s.Beta) + DpoLosses.ApoZero(r, c, s.Beta), s), 1e-9),
            iter: 50
        );

    [Fact]
    public void Law_SPPO_is_0_at_its_two_goals_and_nowhere_else() =>
        Scores.Sample(
            s =>
            {
                Assert.Equal(0, Of((c, r) => DpoLosses.SppoHard(c, r, s.Beta), (0.5 / s.Beta, -0.5 / s.Beta, 0)), 1e-12);
                Assert.True(Of((c, r) => DpoLosses.SppoHard(c, r, s.Beta), s) > 0);
            },
            iter: 50
        );

    [Fact]
    public void Law_NCA_is_least_where_a_chosen_answer_is_twice_as_likely_as_before_in_odds_of_2() =>
        // -log sigma(r) - 1/2 log sigma(-r): exp(r) = 2.
        Gen.Double[0.05, 2]
            .Sample(
                beta =>
                {
                    double At(double chosen) => Of((c, r) => DpoLosses.NcaPair(c, r, beta), (chosen, 0, 0));
                    var best = Math.Log(2) / beta;
                    Assert.True(At(best) < At(best - 0.1 / beta) && At(best) < At(best + 0.1 / beta));
                },
                iter: 30
            );

    [Fact]
    public void Law_a_mix_is_the_weighted_sum_of_its_losses()
    {
        using var scope = NewDisposeScope();
        double One(DpoLoss loss) => Loss(Numbers.Worked, new DpoOptions { LossType = [loss] });
        var mix = new DpoOptions { LossType = [DpoLoss.Sigmoid, DpoLoss.BcoPair, DpoLoss.Sft], LossWeights = [0.8, 0.2, 3] };
        Assert.Equal(0.8 * One(DpoLoss.Sigmoid) + 0.2 * One(DpoLoss.BcoPair) + 3 * One(DpoLoss.Sft), Loss(Numbers.Worked, mix), 1e-12);
    }

    [Fact]
    public void Every_loss_has_its_function() => Assert.Equal(Enum.GetValues<DpoLoss>(), DpoLosses.Table.Keys.Order());

    [Theory]
    [InlineData("loss_weights has 2 numbers and loss_type 1")]
    [InlineData("exo-pair needs label_smoothing above 0")]
    [InlineData("label_smoothing has no meaning in hinge and sft")]
    [InlineData("leave ld_alpha at 1")]
    public void Settings_that_cannot_be_are_refused(string message)
    {
        DpoOptions[] wrong =
        [
            new() { LossWeights = [1, 2] },
            new() { LossType = [DpoLoss.ExoPair] },
            new() { LossType = [DpoLoss.Hinge, DpoLoss.Sft], LabelSmoothing = 0.1 },
            new() { LossType = [DpoLoss.Aot], LdAlpha = 0.5 },
        ];
        Assert.Single(wrong, o => o.Validate(null!).Any(p => p.ErrorMessage!.Contains(message, StringComparison.Ordinal)));
    }

    private static double Of(Func<Tensor, Tensor, Tensor> loss, (double Chosen, double Rejected, double Beta) at)
    {
        using var scope = NewDisposeScope();
        return loss(tensor([at.Chosen]), tensor([at.Rejected])).ToDouble();
    }

    private static PreferencePair Pair(double margin = 0)
    {
        var text = new Core.Tokens.TokenSequence([1, 2], 1);
        return new PreferencePair(new Core.Tokens.TokenPair(text, text, margin), null);
    }

    private static double Loss(ScoredPairs pairs, DpoOptions options)
    {
        var whole = pairs.Items.Count > 0 ? pairs : pairs with { Items = [Pair()] };
        var scores = new DpoScores(whole.Chosen.LogRatio, whole.Rejected.LogRatio, whole, options);
        return DpoLosses.Sum(scores).ToDouble();
    }
}
