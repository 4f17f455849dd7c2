using System.Collections.Immutable;
using Attune.Reports.Html;

namespace Attune.Reports.Plotting;

/// <summary>Labels at the end of each line: its last value, or its tag.</summary>
internal static class SeriesEndLabels
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
            Draw(svg, area, ends[i].Hue, ends[i].Tag, ends[i].Point, heights[i]);
        }
    }

    private static void Draw(Markup svg, PlotArea area, Hue hue, string? tag, PlotPoint point, double height)
    {
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
                            + $"{Markup.Number(area.Y[point.Y])}L{Markup.Number(area.Right + 4)} {Markup.Number(height)}"
                    )
                );
            }

            svg.Element(
                "text",
                tag ?? Figure.Brief(point.Y),
                ("class", "end"),
                ("x", Markup.Number(area.Right + 6)),
                ("y", Markup.Number(height + 3.8))
            );
        }
    }

    /// <summary>Moves ascending positions apart to one line each, by as little as possible.</summary>
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
