using Attune.Core.Runs;
using Attune.Core.Statistics;

namespace Attune.Core.Tests.Statistics;

/// <summary>The three ways to an interval: Wilson's, Student's and the bootstrap.</summary>
public sealed class IntervalTests
{
    [Fact]
    public void Wilsons_interval_equals_the_value_worked_out_by_hand()
    {
        // 8 of 10: 0.490 to 0.943.
        var interval = Wilson.Of(0.8, 10);
        Assert.Equal(0.8, interval.Value);
        Assert.Equal(0.490, interval.Low, 0.001);
        Assert.Equal(0.943, interval.High, 0.001);
        Assert.Equal(10, interval.Units);
        Assert.Equal(0, Wilson.Of(0, 5).Low, 1e-12);
        Assert.Equal(1, Wilson.Of(1, 5).High, 1e-12);
    }

    [Fact]
    public void Students_interval_equals_the_value_worked_out_by_hand()
    {
        // 1, 2, 3: standard deviation 1, t for 2 degrees of freedom 4.303, so 4.303 / sqrt 3 = 2.484.
        var interval = StudentT.Of([1.0, 2, 3]);
        Assert.Equal(2, interval.Value, 1e-12);
        Assert.Equal(2.484, interval.HalfWidth, 1e-3);
        Assert.Equal(3, interval.Units);
        Assert.False(interval.IsPositive);
        Assert.True(StudentT.Of([2.0, 2, 2]).IsPositive);
        Assert.Equal(5, StudentT.Of([5.0]).Value);
        Assert.True(double.IsNaN(StudentT.Of([5.0]).HalfWidth));
        Assert.True(double.IsNaN(StudentT.Of([]).Value));
    }

    /// <summary>scipy.stats.t.ppf(0.975, ...).</summary>
    [Theory]
    [InlineData(1, 12.706)]
    [InlineData(19, 2.093)]
    [InlineData(20, 2.086)]
    [InlineData(100, 1.984)]
    public void Students_quantile_is_near_the_tables_value(int freedom, double expected) =>
        Assert.Equal(expected, StudentT.Quantile(freedom), 0.01);

    /// <summary>For a share p of n the interval is close to p ± 1.96 sqrt(p (1 - p) / n).</summary>
    [Fact]
    public void Bootstrap_intervals_are_as_wide_as_theory_says()
    {
        bool[] votes = [.. Enumerable.Range(0, 400).Select(i => i % 4 == 0)];
        var interval = Bootstrap.Of(votes, v => v.Count(won => won) / (double)v.Count, new Seed(3));
        var half = 1.96 * Math.Sqrt(0.25 * 0.75 / 400);
        Assert.Equal(0.25, interval.Value, 1e-12);
        Assert.Equal(0.25 - half, interval.Low, 0.01);
        Assert.Equal(0.25 + half, interval.High, 0.01);
        Assert.Equal(interval, Bootstrap.Of(votes, v => v.Count(won => won) / (double)v.Count, new Seed(3)));
    }

    [Fact]
    public void The_calibration_error_is_the_weighted_distance_from_the_diagonal() =>
        // (10 * 0.1 + 30 * 0.2) / 40
        Assert.Equal(0.175, Calibration.ExpectedError([new(0.6, 0.5, 10), new(0.9, 0.7, 30)]), 12);
}
