using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Attune.Reports.Html;

namespace Attune.Reports.Plotting;

/// <summary>Lines, bands, dots and whiskers of one series.</summary>
internal static class SeriesDrawing
{
    private const int MostPoints = 400;

    // No more points than this show each measurement as a dot.
    private const int FewPoints = 16;

    // No more points than this are legible as they are.
    private const int PlainPoints = 48;

    public static bool IsSmoothed(Series series) =>
        series.Drawing == Drawing.Smoothed && (series.HalfWidth is { } width ? width > 0 : series.Points.Length > PlainPoints);

    public static ImmutableArray<PlotPoint> Smooth(Series series) =>
        IsSmoothed(series) ? Smoothing.MovingAverage(series.Points, series.HalfWidth ?? (series.Points.Length / 40.0)) : series.Points;

    public static void Draw(Markup svg, PlotArea area, Series series)
    {
        using (svg.Open("g", ("class", "hue-" + (int)series.Hue)))
        {
            DrawBand(svg, area, series);
            switch (series.Drawing)
            {
                case Drawing.Line or Drawing.Smoothed:
                    DrawLine(svg, area, series);
                    break;
                case Drawing.Dashed:
                    svg.Empty("path", ("class", "dashed"), ("d", Path(area, series.Points)));
                    break;
                case Drawing.Path:
                    DrawPath(svg, area, series);
                    break;
                default:
                    DrawDots(svg, area, series);
                    break;
            }

            foreach (var point in series.Points.Where(point => !double.IsFinite(point.Y)).Take(60))
            {
                using (
                    svg.Open(
                        "path",
                        ("class", "broken"),
                        ("d", $"M{Markup.Number(area.X[point.X] - 3)} {Markup.Number(area.Bottom)}l3 -6l3 6z")
                    )
                )
                {
                    svg.Element("title", $"{series.Label}: not a number at {Figure.Brief(point.X)}");
                }
            }
        }
    }

    private static void DrawLine(Markup svg, PlotArea area, Series series)
    {
        if (IsSmoothed(series))
        {
            svg.Empty("path", ("class", "raw"), ("d", Path(area, Smoothing.Thin(series.Points, MostPoints))));
        }

        svg.Empty("path", ("class", "line"), ("d", Path(area, Smoothing.Thin(Smooth(series), MostPoints))));
        if (series.Points.Length <= FewPoints)
        {
            foreach (var point in series.Points.Where(point => double.IsFinite(point.Y)))
            {
                Dot(svg, area, point, radius: 2.4, opacity: 1, hint: null);
            }
        }
    }

    private static void DrawPath(Markup svg, PlotArea area, Series series)
    {
        var points = series.Points.Where(point => double.IsFinite(point.X) && double.IsFinite(point.Y)).ToArray();
        svg.Empty("path", ("class", "way"), ("d", Path(area, [.. points])));
        for (var i = 0; i < points.Length; i++)
        {
            var age = points.Length == 1 ? 1 : i / (points.Length - 1.0);
            Dot(svg, area, points[i], radius: i == points.Length - 1 ? 5 : 3.2, opacity: 0.3 + (0.7 * age), Hint(series, points[i]));
        }
    }

    private static void DrawDots(Markup svg, PlotArea area, Series series)
    {
        var heaviest = series.Points.Max(point => point.Weight);
        foreach (var point in series.Points.Where(point => double.IsFinite(point.Y)))
        {
            if (point.HasSpread)
            {
                var x = Markup.Number(area.X[point.X]);
                svg.Empty(
                    "line",
                    ("class", "whisker"),
                    ("x1", x),
                    ("x2", x),
                    ("y1", Markup.Number(area.Y[point.Low])),
                    ("y2", Markup.Number(area.Y[point.High]))
                );
            }

            Dot(svg, area, point, radius: 3 + (4 * Math.Sqrt(point.Weight / heaviest)), opacity: 1, Hint(series, point));
        }
    }

    private static void DrawBand(Markup svg, PlotArea area, Series series)
    {
        var points = series.Points.Where(point => point.HasSpread && double.IsFinite(point.X)).ToArray();
        if (series.Drawing is Drawing.Dots or Drawing.Dashed || points.Length < 2)
        {
            return;
        }

        var outline = points.Select(point => (point.X, Y: point.High)).Concat(points.Reverse().Select(point => (point.X, Y: point.Low)));
        svg.Empty("path", ("class", "band"), ("d", "M" + string.Join('L', outline.Select(corner => Pair(area, corner.X, corner.Y))) + "Z"));
    }

    private static void Dot(Markup svg, PlotArea area, PlotPoint point, double radius, double opacity, string? hint)
    {
        var circle = svg.Open(
            "circle",
            ("class", "dot"),
            ("cx", Markup.Number(area.X[point.X])),
            ("cy", Markup.Number(area.Y[point.Y])),
            ("r", Markup.Number(radius)),
            ("opacity", opacity.ToString("0.##", CultureInfo.InvariantCulture))
        );
        using (circle)
        {
            if (hint is not null)
            {
                svg.Element("title", hint);
            }
        }
    }

    private static string Hint(Series series, PlotPoint point) =>
        $"{series.Label}: {point.Hint ?? $"{Figure.Brief(point.Y)} at {Figure.Brief(point.X)}"}";

    // A gap in the data is a gap in the line.
    private static string Path(PlotArea area, ImmutableArray<PlotPoint> points)
    {
        var path = new StringBuilder();
        var pen = 'M';
        foreach (var point in points)
        {
            if (double.IsFinite(point.X) && double.IsFinite(point.Y))
            {
                path.Append(pen).Append(Pair(area, point.X, point.Y));
                pen = 'L';
            }
            else
            {
                pen = 'M';
            }
        }

        return path.ToString();
    }

    private static string Pair(PlotArea area, double x, double y) => $"{Markup.Number(area.X[x])} {Markup.Number(area.Y[y])}";
}
