using System.Text;
using Attune.Reports.Html;

namespace Attune.Reports.Plotting;

/// <summary>Invisible columns over a line plot. Each shows the values at its x while the pointer rests on it.</summary>
internal static class HoverTargets
{
    private const int Most = 60;

    public static void Draw(Markup svg, PlotArea area, Plot plot)
    {
        if (!plot.Series.All(series => series.Tag is null && SeriesEndLabels.Wanted(series)))
        {
            return;
        }

        var places = plot
            .Series.SelectMany(series => series.Points)
            .Select(point => point.X)
            .Where(double.IsFinite)
            .Distinct()
            .Order()
            .ToArray();
        if (places.Length > Most)
        {
            places = [.. Enumerable.Range(0, Most).Select(i => places[(int)((long)i * (places.Length - 1) / (Most - 1))])];
        }

        for (var i = 0; i < places.Length; i++)
        {
            var here = area.X[places[i]];
            var from = i == 0 ? area.Left : (area.X[places[i - 1]] + here) / 2;
            var to = i == places.Length - 1 ? area.Right : (here + area.X[places[i + 1]]) / 2;
            var strip = svg.Open(
                "rect",
                ("class", "strip"),
                ("x", Markup.Number(from)),
                ("width", Markup.Number(Math.Max(to - from, 0.5))),
                ("y", Markup.Number(area.Top)),
                ("height", Markup.Number(area.Bottom - area.Top))
            );
            using (strip)
            {
                svg.Element("title", Values(plot, places[i]));
            }
        }
    }

    private static string Values(Plot plot, double x)
    {
        var text = new StringBuilder($"{Figure.Brief(x)} {plot.X.Label}");
        foreach (var series in plot.Series)
        {
            foreach (var point in series.Points.Where(point => point.X == x).TakeLast(1))
            {
                text.Append('\n').Append(series.Label).Append(": ").Append(Figure.Brief(point.Y));
                if (point.HasSpread)
                {
                    text.Append($" ({Figure.Brief(point.Low)} to {Figure.Brief(point.High)})");
                }
            }
        }

        return text.ToString();
    }
}
