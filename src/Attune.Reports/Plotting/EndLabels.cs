using System.Collections.Immutable;

namespace Attune.Reports.Plotting;

/// <summary>The last value of each line, or its tag, written at its end.</summary>
internal static class EndLabels
{
    private const double LineHeight = 12.5;

    public static bool Wanted(Series series) => series.Drawing is Drawing.Line or Drawing.Smoothed || series.Tag is not null;

    /// <summary>Width of the widest label.</summary>
    public static double Room(ImmutableArray<Series> all) =>
        all.Where(Wanted).Select(series => series.Tag is { } tag ? 14 + (6.8 * tag.Length) : 46).DefaultIfEmpty(12).Max();

    public static void Draw(Markup svg, PlotArea area, ImmutableArray<Series> all)
    {
        var ends = all.Where(Wanted)
            .Select(series =>
                (series.Hue, series.Tag, Point: SeriesDrawing.Smooth(series).LastOrDefault(point => double.IsFinite(point.Y)))
            )
            .Where(end => end.Point != default)
            .OrderBy(end => area.Y[end.Point.Y])
            .ToArray();
        var heights = Spread([.. ends.Select(end => area.Y[end.Point.Y])], area.Top, area.Bottom);
        for (var i = 0; i < ends.Length; i++)
        {
            var (hue, tag, point) = ends[i];
            using (svg.Open("g", ("class", "hue-" + (int)hue)))
            {
                if (tag is null)
                {
                    svg.Empty(
                        "circle",
                        ("class", "dot"),
                        ("cx", Markup.Number(area.X[point.X])),
                        ("cy", Markup.Number(area.Y[point.Y])),
                        ("r", "2.6")
                    );
                }
                else
                {
                    svg.Empty(
                        "path",
                        ("class", "leader"),
                        (
                            "d",
                            $"M{Markup.Number(area.X[point.X] + 6)} "
                                + $"{Markup.Number(area.Y[point.Y])}L{Markup.Number(area.Right + 4)} {Markup.Number(heights[i])}"
                        )
                    );
                }

                svg.Element(
                    "text",
                    tag ?? Figure.Brief(point.Y),
                    ("class", "end"),
                    ("x", Markup.Number(area.Right + 6)),
                    ("y", Markup.Number(heights[i] + 3.8))
                );
            }
        }
    }

    /// <summary>Ascending positions moved apart to one line each, as little as the room allows.</summary>
    internal static double[] Spread(double[] wanted, double top, double bottom)
    {
        var placed = (double[])wanted.Clone();
        for (var i = 1; i < placed.Length; i++)
        {
            placed[i] = Math.Max(placed[i], placed[i - 1] + LineHeight);
        }

        var limit = bottom;
        for (var i = placed.Length - 1; i >= 0; i--)
        {
            placed[i] = Math.Max(top, Math.Min(placed[i], limit));
            limit = placed[i] - LineHeight;
        }

        return placed;
    }
}
