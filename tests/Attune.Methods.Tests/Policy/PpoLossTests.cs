using Attune.Methods.Policy;
using Attune.Testing;
using Attune.Testing.Training;
using CsCheck;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Methods.Tests.Policy;

public sealed class PpoLossTests
{
    private const double Epsilon = 0.2;

    /// <summary>log ratio and advantage, away from the kinks at 1 +- epsilon and at advantage 0.</summary>
    private static readonly Gen<(double LogRatio, double Advantage)> Tokens = Gen.Select(Gen.Double[-1, 1], Gen.Double[-2, 2])
        .Where((x, a) => Math.Abs(Math.Abs(Math.Exp(x) - 1) - Epsilon) > 1e-3 && Math.Abs(a) > 1e-3);

    /// <summary>Value, old value and return, away from the kinks at the clip and where both squares meet.</summary>
    private static readonly Gen<(double Value, double Old, double Return)> Values = Gen.Select(
            Gen.Double[-1, 1],
            Gen.Double[-1, 1],
            Gen.Double[-1, 1]
        )
        .Where(
            (v, old, r) =>
                Math.Abs(Math.Abs(v - old) - Epsilon) > 1e-3
                && (
                    Math.Abs(v - old) < Epsilon
                    || Math.Abs(Math.Abs(v - r) - Math.Abs(old + Math.Clamp(v - old, -Epsilon, Epsilon) - r)) > 1e-3
                )
        );

    [Theory]
    // max(-A ratio, -A clip(ratio, .8, 1.2)):
    [InlineData(1.5, 1, -1.2)] // max(-1.5, -1.2): no more is to be had beyond the clip
    [InlineData(0.5, 1, -0.5)] // max(-.5, -.8)
    [InlineData(1.5, -1, 1.5)] // max(1.5, 1.2): a bad move is not forgiven
    [InlineData(0.5, -1, 0.8)] // max(.5, .8)
    [InlineData(1.1, 2, -2.2)] // within the clip
    public void Loss_equals_the_value_worked_out_by_hand(double ratio, double advantage, double expected)
    {
        using var scope = NewDisposeScope();
        Assert.Equal(
            expected,
            Surrogate.Clipped(tensor([Math.Log(ratio) - 3]), tensor([-3.0]), tensor([advantage]), Epsilon, Epsilon).ToDouble(),
            1e-12
        );
    }

    [Theory]
    // max((V - R)^2, (clip(V, V_old - .2, V_old + .2) - R)^2) / 2:
    [InlineData(0.5, 0, 1, 0.32)] // .25 and (.2 - 1)^2 = .64
    [InlineData(1.5, 0, 1, 0.32)] // .25 and .64
    [InlineData(-0.1, 0, 1, 0.605)] // within the clip: 1.21
    [InlineData(0.5, 0, 0, 0.125)] // .25 and .04
    public void Value_loss_equals_the_value_worked_out_by_hand(double value, double old, double target, double expected)
    {
        using var scope = NewDisposeScope();
        Assert.Equal(expected, Ppo.ValueLoss(tensor([value]), tensor([old]), tensor([target]), Epsilon).ToDouble(), 1e-12);
    }

    [Fact]
    public void Rewards_equal_the_values_worked_out_by_hand()
    {
        // log pi - log ref = (.5, -.5, 0); beta .1; marks .3 on the first token, 1 and -.2 on the last.
        float[] logProbs = [-1, -2, -1.5f],
            reference = [-1.5f, -1.5f, -1.5f];
        (int, double)[] marks = [(2, 1), (0, 0.3), (2, -0.2)];
        Near([-0.05 + 0.3, 0.05, 0.8], Ppo.Rewards(logProbs, reference, marks, 0.1, KlEstimator.K1), 1e-7);
        // k3(.5) = .106531, k3(-.5) = .148721
        Near([-0.0106531 + 0.3, -0.0148721, 0.8], Ppo.Rewards(logProbs, reference, marks, 0.1, KlEstimator.K3), 1e-7);
    }

    [Theory]
    // .15 (1 + clip(KL / 6 - 1, -.2, .2) * 512 / 10000):
    [InlineData(12, 0.151536)] // 1 is cut to .2:   .15 * 1.01024
    [InlineData(0, 0.148464)] // -1 is cut to -.2: .15 * .98976
    [InlineData(6.6, 0.150768)] // .1:               .15 * 1.00512
    [InlineData(6, 0.15)]
    public void Adaptive_steps_equal_the_values_worked_out_by_hand(double kl, double expected) =>
        Assert.Equal(expected, KlOptions.NextBeta(0.15, kl, target: 6, episodes: 512, horizon: 10_000), 1e-12);

    [Fact]
    public void Gradient_agrees_with_finite_differences() =>
        Tokens
            .Array[1, 4]
            .Sample(
                tokens =>
                    FiniteDifferences.Agree(
                        x =>
                            Surrogate
                                .Clipped(
                                    x,
                                    tensor(tokens.Select(_ => -2.0).ToArray()),
                                    tensor(tokens.Select(t => t.Advantage).ToArray()),
                                    Epsilon,
                                    Epsilon
                                )
                                .sum(),
                        [.. tokens.Select(t => t.LogRatio - 2)]
                    ),
                iter: 30
            );

    [Fact]
    public void Gradient_of_the_value_loss_agrees_with_finite_differences() =>
        Values
            .Array[1, 4]
            .Sample(
                values =>
                    FiniteDifferences.Agree(
                        x =>
                            Ppo.ValueLoss(
                                    x,
                                    tensor(values.Select(v => v.Old).ToArray()),
                                    tensor(values.Select(v => v.Return).ToArray()),
                                    Epsilon
                                )
                                .sum(),
                        [.. values.Select(v => v.Value)]
                    ),
                iter: 30
            );

    [Fact]
    public void Law_at_ratio_1_the_gradient_is_the_plain_policy_gradient() =>
        Gen.Select(Gen.Double[-5, 0], Gen.Double[-2, 2])
            .Array[1, 5]
            .Sample(
                tokens =>
                {
                    using var scope = NewDisposeScope();
                    var logProbs = tensor(tokens.Select(t => t.Item1).ToArray(), requires_grad: true);
                    var advantages = tensor(tokens.Select(t => t.Item2).ToArray());
                    Surrogate.Clipped(logProbs, logProbs.detach(), advantages, Epsilon, Epsilon).sum().backward();
                    // d(-A log pi) / d log pi
                    Near([.. tokens.Select(t => -t.Item2)], logProbs.grad!.data<double>().ToArray(), 1e-12);
                },
                iter: 50
            );

    [Fact]
    public void Law_the_loss_is_never_below_the_unclipped_one() =>
        Tokens.Sample(t =>
        {
            using var scope = NewDisposeScope();
            var loss = Surrogate.Clipped(tensor([t.LogRatio]), tensor([0.0]), tensor([t.Advantage]), Epsilon, Epsilon).ToDouble();
            Assert.True(loss >= -t.Advantage * Math.Exp(t.LogRatio) - 1e-12);
        });

    [Fact]
    public void Law_beyond_the_clip_on_the_good_side_nothing_pulls_any_more() =>
        Gen.Double[0.21, 2]
            .Sample(
                beyond =>
                {
                    using var scope = NewDisposeScope();
                    // ratio above 1.2 with a good token, below .8 with a bad one; above 1.2 with a bad one still pulls
                    var logProbs = tensor([Math.Log(1 + beyond), -beyond - 0.05, Math.Log(1 + beyond)], requires_grad: true);
                    Surrogate.Clipped(logProbs, zeros(3, ScalarType.Float64), tensor([1.0, -1, -1]), Epsilon, Epsilon).sum().backward();
                    var gradient = logProbs.grad!.data<double>().ToArray();
                    Assert.Equal(0, gradient[0]);
                    Assert.Equal(0, gradient[1]);
                    Assert.Equal(1 + beyond, gradient[2], 1e-9);
                },
                iter: 30
            );

    [Fact]
    public void Law_the_value_loss_is_never_below_half_the_square() =>
        Values.Sample(v =>
        {
            using var scope = NewDisposeScope();
            var loss = Ppo.ValueLoss(tensor([v.Value]), tensor([v.Old]), tensor([v.Return]), Epsilon).ToDouble();
            Assert.True(loss >= (v.Value - v.Return) * (v.Value - v.Return) / 2 - 1e-12);
        });

    [Fact]
    public void Law_beta_keeps_its_sign_and_moves_towards_the_target() =>
        Gen.Select(Gen.Double[0.001, 1], Gen.Double[0, 50], Gen.Double[0.1, 20], Gen.Double[1, 512])
            .Sample(
                (beta, kl, target, episodes) =>
                {
                    var next = KlOptions.NextBeta(beta, kl, target, episodes, 10_000);
                    return next > 0
                        && Math.Sign(next - beta) == Math.Sign(kl - target)
                        && Math.Abs(next / beta - 1) <= 0.2 * episodes / 10_000 + 1e-12;
                }
            );

    [Fact]
    public void Golden_clipped_surrogate_of_rlax()
    {
        using var scope = NewDisposeScope();
        var golden = PublishedVectors.Case("ppo_clip_rlax");
        var actions = golden.GetProperty("actions").Numbers().Select(a => (long)a).ToArray();
        Tensor LogProbs(string name) =>
            Numerics.LogProbs.OfTokens(tensor(golden.GetProperty(name).Rows().SelectMany(r => r).ToArray()).view(3, 3), tensor(actions));
        var advantages = golden.GetProperty("advantages").Rows();
        var epsilon = golden.GetProperty("epsilon").GetDouble();
        for (var i = 0; i < advantages.Length; i++)
        {
            var loss = Surrogate
                .Clipped(LogProbs("logits"), LogProbs("old_logits"), tensor(advantages[i]), epsilon, epsilon)
                .mean()
                .ToDouble();
            Assert.Equal(golden.GetProperty("recomputed_float64").Numbers()[i], loss, 1e-12);
            Assert.Equal(golden.GetProperty("published").Numbers()[i], loss, 5e-6);
        }
    }

    [Fact]
    public void Golden_KL_rewards_of_torchtune()
    {
        var golden = PublishedVectors.Case("kl_rewards_torchtune");
        var (logProbs, reference, expected) = (
            golden.GetProperty("logprobs").Rows(),
            golden.GetProperty("ref_logprobs").Rows(),
            golden.GetProperty("expected_rewards").Rows()
        );
        for (var row = 0; row < expected.Length; row++)
        {
            var score = golden.GetProperty("scores").Numbers()[row];
            var rewards = Ppo.Rewards(
                Floats(logProbs[row]),
                Floats(reference[row]),
                [(2, score)],
                golden.GetProperty("kl_coeff").GetDouble(),
                KlEstimator.K1
            );
            Near(expected[row], rewards, 1e-6);
        }
    }

    private static float[] Floats(double[] values) => Array.ConvertAll(values, v => (float)v);

    private static void Near(double[] expected, double[] found, double tolerance)
    {
        Assert.Equal(expected.Length, found.Length);
        Assert.All(expected.Zip(found), pair => Assert.Equal(pair.First, pair.Second, tolerance));
    }
}
