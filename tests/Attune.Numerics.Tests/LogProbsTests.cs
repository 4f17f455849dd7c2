using Attune.Testing.Training;
using CsCheck;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Numerics.Tests;

public sealed class LogProbsTests
{
    private static readonly Gen<(double[] Logits, int Target)> Rows = Gen.Int[2, 6]
        .SelectMany(n => Gen.Select(Gen.Double[-4, 4].Array[n], Gen.Int[0, n - 1]));

    [Fact]
    public void Log_probability_and_entropy_equal_the_values_worked_out_by_hand()
    {
        using var scope = NewDisposeScope();
        // logits (1, 0, -1): log(e + 1 + 1/e) = log 4.086161 = 1.407606, so log p = (-.407606, -1.407606, -2.407606),
        // p = (.665241, .244728, .090031), entropy = .665241 * .407606 + .244728 * 1.407606 + .090031 * 2.407606 = .832395
        var logits = tensor([1.0, 0, -1, 1, 0, -1]).view(2, 3);
        Assert.Equal(-0.407606, LogProbs.OfTokens(logits, tensor([0L, 2L]))[0].ToDouble(), 1e-6);
        Assert.Equal(-2.407606, LogProbs.OfTokens(logits, tensor([0L, 2L]))[1].ToDouble(), 1e-6);
        Assert.Equal(0.832395, LogProbs.Entropy(logits)[1].ToDouble(), 1e-6);
    }

    [Fact]
    public void Gradient_of_the_log_probability_agrees_with_finite_differences() =>
        Rows.Sample(
            row => FiniteDifferences.Agree(x => LogProbs.OfTokens(x.unsqueeze(0), tensor([(long)row.Target])).sum(), row.Logits),
            iter: 20
        );

    [Fact]
    public void Gradient_of_the_entropy_agrees_with_finite_differences() =>
        Rows.Sample(row => FiniteDifferences.Agree(x => LogProbs.Entropy(x.unsqueeze(0)).sum(), row.Logits), iter: 20);

    [Fact]
    public void Law_a_constant_on_all_logits_changes_nothing() =>
        Gen.Select(Rows, Gen.Double[-50, 50])
            .Sample(
                (row, constant) =>
                {
                    using var scope = NewDisposeScope();
                    var logits = tensor(row.Logits).unsqueeze(0);
                    var target = tensor([(long)row.Target]);
                    Assert.Equal(
                        LogProbs.OfTokens(logits, target).ToDouble(),
                        LogProbs.OfTokens(logits + constant, target).ToDouble(),
                        1e-9
                    );
                    Assert.Equal(LogProbs.Entropy(logits).ToDouble(), LogProbs.Entropy(logits + constant).ToDouble(), 1e-9);
                },
                iter: 50
            );

    [Fact]
    public void Law_the_gradient_of_a_log_probability_sums_to_0() =>
        Rows.Sample(
            row =>
            {
                using var scope = NewDisposeScope();
                var logits = tensor(row.Logits, requires_grad: true);
                LogProbs.OfTokens(logits.unsqueeze(0), tensor([(long)row.Target])).sum().backward();
                Assert.Equal(0, logits.grad!.sum().ToDouble(), 1e-12);
            },
            iter: 50
        );

    [Fact]
    public void Large_logits_do_not_overflow()
    {
        using var scope = NewDisposeScope();
        var logits = tensor([5e4f, 0, -5e4f]).unsqueeze(0);
        Assert.Equal(0, LogProbs.OfTokens(logits, tensor([0L])).ToDouble(), 1e-6);
        Assert.Equal(-1e5, LogProbs.OfTokens(logits, tensor([2L])).ToDouble(), 1);
        Assert.Equal(0, LogProbs.Entropy(logits).ToDouble(), 1e-6);
    }

    [Fact]
    public void Logits_of_16_bits_give_log_probabilities_of_32()
    {
        using var scope = NewDisposeScope();
        var logits = tensor([1f, 0, -1]).unsqueeze(0).to(ScalarType.BFloat16);
        Assert.Equal(ScalarType.Float32, LogProbs.OfTokens(logits, tensor([0L])).dtype);
        Assert.Equal(-0.407606, LogProbs.OfTokens(logits, tensor([0L])).ToDouble(), 1e-5);
        Assert.Equal(ScalarType.Float32, LogProbs.Entropy(logits).dtype);
        Assert.Equal(0.832395, LogProbs.Entropy(logits).ToDouble(), 1e-5);
    }

    [Fact]
    public void A_wrong_shape_is_named_with_the_expected_one()
    {
        using var scope = NewDisposeScope();
        Assert.Contains(
            "targets has shape [3]; expected [2]",
            Assert.Throws<ArgumentException>(() => LogProbs.OfTokens(zeros(2, 4), zeros([3], ScalarType.Int64))).Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "logits has shape [4]; expected [-1, -1]",
            Assert.Throws<ArgumentException>(() => LogProbs.OfTokens(zeros(4), zeros([4], ScalarType.Int64))).Message,
            StringComparison.Ordinal
        );
    }
}
