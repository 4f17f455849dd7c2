using System.Collections.Immutable;

namespace Attune.Reports.Plotting;

/// <summary>Ways to make a noisy or long series readable.</summary>
public static class Smoothing
{
    /// <summary>
    /// Mean of all points, weighted by 2^(-distance / <paramref name="halfWidth"/>), distance counted in points: an exponential
    /// moving average that looks both ways, so that it does not lag behind. Points that are not finite are left out of the
    /// averages and stay as they are.
    /// </summary>
    public static ImmutableArray<PlotPoint> MovingAverage(ImmutableArray<PlotPoint> points, double halfWidth)
    {
        var keep = Math.Pow(0.5, 1 / halfWidth);
        var sums = new double[points.Length];
        var weights = new double[points.Length];
        // What lies at or before each point, then what lies after it.
        Sweep(Enumerable.Range(0, points.Length), countHere: 1);
        Sweep(Enumerable.Range(0, points.Length).Reverse(), countHere: 0);
        return [.. points.Select((point, i) => double.IsFinite(point.Y) ? new PlotPoint(point.X, sums[i] / weights[i]) : point)];

        void Sweep(IEnumerable<int> order, double countHere)
        {
            var (sum, weight) = (0.0, 0.0);
            foreach (var i in order)
            {
                (sum, weight) = (keep * sum, keep * weight);
                var (value, one) = double.IsFinite(points[i].Y) ? (points[i].Y, 1.0) : (0, 0);
                sums[i] += sum + (countHere * value);
                weights[i] += weight + (countHere * one);
                (sum, weight) = (sum + value, weight + one);
            }
        }
    }

    /// <summary>
    /// At most <paramref name="atMost"/> points with the same outline: of each stretch its first, lowest, highest and last
    /// point, and every point that is not finite.
    /// </summary>
    public static ImmutableArray<PlotPoint> Thin(ImmutableArray<PlotPoint> points, int atMost)
    {
        if (points.Length <= atMost)
        {
            return points;
        }

        var stretches = Math.Max(1, atMost / 4);
        return
        [
            .. Enumerable
                .Range(0, stretches)
                .SelectMany(i =>
                {
                    var (start, end) = ((int)((long)i * points.Length / stretches), (int)((long)(i + 1) * points.Length / stretches));
                    return Outline(points, start, end).Select(index => points[index]);
                }),
        ];
    }

    private static IEnumerable<int> Outline(ImmutableArray<PlotPoint> points, int start, int end)
    {
        var indices = Enumerable.Range(start, end - start);
        var finite = indices.Where(i => double.IsFinite(points[i].Y)).ToArray();
        var broken = indices.Where(i => !double.IsFinite(points[i].Y)).Take(1);
        return finite.Length == 0
            ? broken
            : broken.Concat([finite[0], finite[^1], finite.MinBy(i => points[i].Y), finite.MaxBy(i => points[i].Y)]).Distinct().Order();
    }
}
