using System.Collections.Immutable;

namespace Attune.Reports.Plotting;

/// <summary>Ways to make a noisy or long series readable.</summary>
public static class Smoothing
{
    /// <summary>
    /// Exponential moving average with the start-up bias divided out, as Adam does: the first value is the first point's.
    /// Points that are not finite are left out of the average and stay as they are.
    /// </summary>
    /// <param name="halfLife">Points after which a value counts half.</param>
    public static ImmutableArray<PlotPoint> MovingAverage(ImmutableArray<PlotPoint> points, double halfLife)
    {
        var keep = Math.Pow(0.5, 1 / halfLife);
        var (sum, weight) = (0.0, 0.0);
        var averages = ImmutableArray.CreateBuilder<PlotPoint>(points.Length);
        foreach (var point in points)
        {
            if (!double.IsFinite(point.Y))
            {
                averages.Add(point);
                continue;
            }

            sum = (keep * sum) + ((1 - keep) * point.Y);
            weight = (keep * weight) + 1 - keep;
            averages.Add(new PlotPoint(point.X, sum / weight));
        }

        return averages.MoveToImmutable();
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
        return [.. Enumerable.Range(0, stretches).SelectMany(i =>
        {
            var (start, end) = ((int)((long)i * points.Length / stretches), (int)((long)(i + 1) * points.Length / stretches));
            return Outline(points, start, end).Select(index => points[index]);
        })];
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
