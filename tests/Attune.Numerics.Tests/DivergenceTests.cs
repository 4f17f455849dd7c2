using CsCheck;

namespace Attune.Numerics.Tests;

public sealed class DivergenceTests
{
    // x = log pi - log pi_ref. k2 = x^2 / 2;  k3 = exp(-x) - 1 + x:
    //   x = .5: .606531 - 1 + .5 = .106531      x = -.5: 1.648721 - 1 - .5 = .148721
    //   x = 2:  .135335 - 1 + 2  = 1.135335     x = -2:  7.389056 - 1 - 2  = 4.389056
    [Theory]
    [InlineData(0.5, 0.125, 0.106531)]
    [InlineData(-0.5, 0.125, 0.148721)]
    [InlineData(2, 2, 1.135335)]
    [InlineData(-2, 2, 4.389056)]
    [InlineData(0, 0, 0)]
    public void Estimators_equal_the_values_worked_out_by_hand(double x, double k2, double k3)
    {
        Assert.Equal(x, Divergence.K1(x));
        Assert.Equal(k2, Divergence.K2(x), 1e-12);
        Assert.Equal(k3, Divergence.K3(x), 1e-6);
    }

    [Fact]
    public void Law_k3_is_never_negative() => Gen.OneOf(Gen.Double[-20, 20], Gen.Double[-1e-7, 1e-7]).Sample(x => Divergence.K3(x) >= 0);

    [Fact]
    public void Law_near_0_k3_is_k2() =>
        Gen.Double[-1e-3, 1e-3].Sample(x => Math.Abs(Divergence.K3(x) - Divergence.K2(x)) <= Math.Abs(x) * x * x / 5 + 1e-16);

    [Fact]
    public void Law_the_expectation_of_k1_and_of_k3_is_the_divergence() =>
        Gen.Int[2, 6]
            .SelectMany(n => Gen.Select(Gen.Double[0.05, 1].Array[n], Gen.Double[0.05, 1].Array[n]))
            .Sample(
                (left, right) =>
                {
                    double[] pi = [.. left.Select(p => p / left.Sum())],
                        reference = [.. right.Select(p => p / right.Sum())];
                    double Expected(Func<double, double> estimator) => pi.Zip(reference, (p, q) => p * estimator(Math.Log(p / q))).Sum();
                    var exact = pi.Zip(reference, (p, q) => p * Math.Log(p / q)).Sum();
                    Assert.Equal(exact, Expected(Divergence.K1), 1e-12);
                    Assert.Equal(exact, Expected(Divergence.K3), 1e-12);
                }
            );
}
