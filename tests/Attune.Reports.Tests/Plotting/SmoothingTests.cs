using System.Collections.Immutable;
using Attune.Reports.Plotting;
using CsCheck;

namespace Attune.Reports.Tests.Plotting;

public sealed class SmoothingTests
{
    private static readonly Gen<ImmutableArray<PlotPoint>> Curve = Gen.Double[-5, 5]
        .Array[1, 300]
        .Select(values => values.Select((y, x) => new PlotPoint(x, y)).ToImmutableArray());

    [Fact]
    public void The_average_of_three_points_is_the_value_worked_out_by_hand()
    {
        // Half width 1: weights 1, 1/2, 1/4 by distance. (0 + 6/2 + 3/4) / 1.75, (0/2 + 6 + 3/2) / 2, (0/4 + 6/2 + 3) / 1.75.
        var smooth = Smoothing.MovingAverage([new(0, 0), new(1, 6), new(2, 3)], halfWidth: 1);
        Assert.Equal([3.75 / 1.75, 3.75, 6 / 1.75], smooth.Select(point => point.Y), (a, b) => Math.Abs(a - b) < 1e-12);
    }

    [Fact]
    public void Law_the_average_stays_within_the_data_and_commutes_with_mirroring() =>
        Curve.Sample(points =>
        {
            var smooth = Smoothing.MovingAverage(points, 4);
            var mirrored = Smoothing.MovingAverage([.. points.Reverse()], 4).Reverse().ToArray();
            var (low, high) = (points.Min(p => p.Y) - 1e-9, points.Max(p => p.Y) + 1e-9);
            return smooth.All(p => p.Y >= low && p.Y <= high)
                && smooth.Zip(mirrored, (a, b) => Math.Abs(a.Y - b.Y) < 1e-9).All(same => same);
        });

    [Fact]
    public void A_point_that_is_not_a_number_does_not_spread()
    {
        var smooth = Smoothing.MovingAverage([new(0, 2), new(1, double.NaN), new(2, 2)], 1);
        Assert.Equal([2, double.NaN, 2], smooth.Select(p => p.Y));
    }

    [Fact]
    public void Law_thinning_keeps_ends_and_extremes_and_the_order() =>
        Curve.Sample(points =>
        {
            var thin = Smoothing.Thin(points, 40);
            return thin.Length <= Math.Max(40, 4)
                && thin[0] == points[0]
                && thin[^1] == points[^1]
                && thin.Min(p => p.Y) == points.Min(p => p.Y)
                && thin.Max(p => p.Y) == points.Max(p => p.Y)
                && thin.Zip(thin.Skip(1), (a, b) => a.X < b.X).All(ordered => ordered);
        });
}
