using System.Globalization;
using Attune.Reports.Plotting;
using CsCheck;

namespace Attune.Reports.Tests.Plotting;

public sealed class TicksTests
{
    private static readonly Gen<(double Low, double High)> Range = Gen.Select(Gen.Double[-1e4, 1e4], Gen.Double[-6, 6])
        .Select((low, power) => (low, low + Math.Pow(10, power)));

    [Theory]
    [InlineData(0, 1, "0.0 0.2 0.4 0.6 0.8 1.0")]
    [InlineData(0, 9.06, "0 2 4 6 8")]
    [InlineData(-0.31, 2.6, "0.0 0.5 1.0 1.5 2.0 2.5")]
    [InlineData(0, 160, "0 50 100 150")]
    [InlineData(0, 12345, "0 2,000 4,000 6,000 8,000 10,000 12,000")]
    [InlineData(0, 0.0003, "0 5e−5 1e−4 1.5e−4 2e−4 2.5e−4 3e−4")]
    [InlineData(-2e7, 3e7, "−2e7 −1e7 0 1e7 2e7 3e7")]
    public void Labels_are_those_a_person_would_choose(double low, double high, string expected) =>
        Assert.Equal(expected, string.Join(' ', Ticks.Labels(Ticks.Linear(low, high))));

    [Fact]
    public void Law_ticks_lie_within_the_range_and_are_neither_few_nor_many() =>
        Range.Sample(range =>
        {
            var ticks = Ticks.Linear(range.Low, range.High);
            var slack = (range.High - range.Low) * 1e-6;
            return ticks.Length is >= 2 and <= 9 && ticks[0] >= range.Low - slack && ticks[^1] <= range.High + slack;
        });

    [Fact]
    public void Law_the_step_is_one_two_or_five_times_a_power_of_ten() =>
        Range.Sample(range =>
        {
            var ticks = Ticks.Linear(range.Low, range.High);
            var step = (ticks[^1] - ticks[0]) / (ticks.Length - 1);
            var digit = step / Math.Pow(10, Math.Floor(Math.Log10(step) + 1e-6));
            var noise = 1e-9 * Math.Abs(range.Low) / step;
            return new[] { 1.0, 2, 5 }.Any(nice => Math.Abs(digit - nice) < 1e-6 + noise)
                && ticks.Zip(ticks.Skip(1), (a, b) => Math.Abs(b - a - step) < step * (1e-6 + noise)).All(even => even);
        });

    [Theory]
    [InlineData(1_000_000, 1_004_000, "1e6 1.001e6 1.002e6 1.003e6 1.004e6")]
    [InlineData(-2_000_100, -2_000_050, "−2.0001e6 −2.00009e6 −2.00008e6 −2.00007e6 −2.00006e6 −2.00005e6")]
    public void Large_numbers_that_differ_little_keep_labels_of_their_own(double low, double high, string expected) =>
        Assert.Equal(expected, string.Join(' ', Ticks.Labels(Ticks.Linear(low, high))));

    [Fact]
    public void Law_labels_differ_and_say_the_value() =>
        Range.Sample(range =>
        {
            var ticks = Ticks.Linear(range.Low, range.High);
            var labels = Ticks.Labels(ticks);
            var step = ticks[1] - ticks[0];
            return labels.Distinct().Count() == labels.Length
                && ticks
                    .Zip(labels)
                    .All(pair =>
                        Math.Abs(double.Parse(pair.Second.Replace('\u2212', '-'), CultureInfo.InvariantCulture) - pair.First) < 0.3 * step
                    );
        });

    [Theory]
    [InlineData(0.18, 5.2, "0.2 0.5 1 2 5")]
    [InlineData(0.5, 20000, "1 10 100 1,000 10,000")]
    [InlineData(0.139, 77.3, "0.5 1 5 10 50")]
    [InlineData(3.1, 3.4, "3.10 3.15 3.20 3.25 3.30 3.35 3.40")]
    public void Logarithmic_axes_show_powers_of_ten(double low, double high, string expected) =>
        Assert.Equal(expected, string.Join(' ', Ticks.Labels(Ticks.Logarithmic(low, high))));

    [Fact]
    public void Law_a_wide_logarithmic_axis_has_no_more_than_seven_ticks() =>
        Gen.Select(Gen.Double[-12, 0], Gen.Double[1, 12])
            .Sample((low, high) => Ticks.Logarithmic(Math.Pow(10, low), Math.Pow(10, high)).Length is >= 2 and <= 7);

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(double.NaN, 1)]
    [InlineData(0, double.PositiveInfinity)]
    public void A_range_that_is_none_is_refused(double low, double high) => Assert.Throws<ArgumentException>(() => Ticks.Linear(low, high));
}
