using Attune.Core.Statistics;
using CsCheck;

namespace Attune.Core.Tests.Statistics;

public sealed class MomentsTests
{
    private static readonly Gen<double[]> Spread = Gen.Double[-5, 5].Array[8, 60].Where(v => Moments.Of(v).Variance > 0.01);

    [Fact]
    public void Whitening_equals_the_value_worked_out_by_hand()
    {
        // (.52675, .765, .7): mean .66391667, squared deviations .0188147, .0102180, .0013020, population variance .01011157,
        // standard deviation .10055631.
        double[] values = [0.52675, 0.765, 0.7];
        Moments.Standardize(values);
        Assert.Equal(-1.364081, values[0], 2e-6);
        Assert.Equal(1.005243, values[1], 2e-6);
        Assert.Equal(0.358838, values[2], 2e-6);
    }

    [Fact]
    public void Law_standardised_numbers_have_mean_0_and_variance_1() =>
        Spread.Sample(values =>
        {
            Moments.Standardize(values);
            var (mean, variance) = Moments.Of(values);
            Assert.Equal(0, mean, 1e-9);
            Assert.Equal(1, variance, 2e-6);
        });

    [Fact]
    public void Law_rescaled_numbers_have_variance_1_and_the_mean_they_had() =>
        Spread.Sample(values =>
        {
            var before = Moments.Of(values).Mean;
            Moments.Rescale(values);
            var (mean, variance) = Moments.Of(values);
            Assert.Equal(before, mean, 1e-9);
            Assert.Equal(1, variance, 2e-6);
        });

    [Fact]
    public void Law_standardising_forgets_shift_and_positive_scale() =>
        Gen.Select(Spread, Gen.Double[-10, 10], Gen.Double[0.5, 10])
            .Sample(
                (values, shift, scale) =>
                {
                    var moved = values.Select(v => scale * v + shift).ToArray();
                    Moments.Standardize(moved);
                    Moments.Standardize(values);
                    Assert.All(values.Zip(moved), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
                }
            );

    [Fact]
    public void Equal_numbers_are_whitened_to_0_not_to_infinity()
    {
        double[] values = [3, 3, 3];
        Moments.Standardize(values);
        Assert.All(values, v => Assert.Equal(0, v));
        double[] kept = [3, 3, 3];
        Moments.Rescale(kept);
        Assert.All(kept, v => Assert.Equal(3, v));
    }
}
