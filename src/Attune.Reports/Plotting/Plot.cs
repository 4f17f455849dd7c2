using System.Collections.Immutable;
using Attune.Reports.Html;

namespace Attune.Reports.Plotting;

/// <summary>
/// A figure with two axes as inline SVG, coloured by the page's style sheet (classes hue-0 to hue-8) and without scripts.
/// </summary>
public sealed record Plot(string Title, Axis X, Axis Y, ImmutableArray<Series> Series)
{
    public double Width { get; init; } = 400;
    public double Height { get; init; } = 220;
    public ImmutableArray<ReferenceLine> References { get; init; } = [];
    public ImmutableArray<Bar> Bars { get; init; } = [];
    public ImmutableArray<Mark> Marks { get; init; } = [];

    /// <summary>For readers who cannot see the figure; the title alone where null.</summary>
    public string? Description { get; init; }

    /// <summary>The figure, or nothing where no series has a point.</summary>
    public string ToSvg()
    {
        if (Series.All(series => series.Points.IsEmpty))
        {
            return "";
        }

        var svg = new Markup();
        var area = PlotArea.Of(this);
        using (
            svg.Open(
                "svg",
                ("class", "plot"),
                ("viewBox", $"0 0 {Markup.Number(Width)} {Markup.Number(Height)}"),
                ("role", "img"),
                ("aria-label", Description ?? Title)
            )
        )
        {
            DrawVerticalAxis(svg, area);
            DrawHorizontalAxis(svg, area);
            DrawBars(svg, area);
            DrawReferences(svg, area);
            foreach (var series in Series)
            {
                SeriesDrawing.Draw(svg, area, series);
            }

            DrawMarks(svg, area);
            SeriesEndLabels.Draw(svg, area, Series);
            HoverTargets.Draw(svg, area, this);
        }

        return svg.ToString();
    }

    private void DrawVerticalAxis(Markup svg, PlotArea area)
    {
        foreach (var (mark, label) in area.Y.Marks.Zip(area.Y.Labels))
        {
            var y = Markup.Number(area.Y[mark]);
            svg.Empty(
                "line",
                ("class", "gridline"),
                ("x1", Markup.Number(area.Left)),
                ("x2", Markup.Number(area.Right)),
                ("y1", y),
                ("y2", y)
            );
            svg.Element(
                "text",
                label,
                ("class", "tick"),
                ("x", Markup.Number(area.Left - 6)),
                ("y", Markup.Number(area.Y[mark] + 3.8)),
                ("text-anchor", "end")
            );
        }
    }

    private void DrawHorizontalAxis(Markup svg, PlotArea area)
    {
        var foot = Markup.Number(area.Bottom);
        svg.Empty(
            "line",
            ("class", "axis"),
            ("x1", Markup.Number(area.Left)),
            ("x2", Markup.Number(area.Right)),
            ("y1", foot),
            ("y2", foot)
        );
        foreach (var (mark, label) in area.X.Marks.Zip(area.X.Labels))
        {
            var x = Markup.Number(area.X[mark]);
            svg.Empty("line", ("class", "axis"), ("x1", x), ("x2", x), ("y1", foot), ("y2", Markup.Number(area.Bottom + 4)));
            svg.Element("text", label, ("class", "tick"), ("x", x), ("y", Markup.Number(area.Bottom + 16)), ("text-anchor", "middle"));
        }

        svg.Element(
            "text",
            X.Label,
            ("class", "axis-label"),
            ("x", Markup.Number(area.Right)),
            ("y", Markup.Number(area.Bottom + 34)),
            ("text-anchor", "end")
        );
    }

    private void DrawMarks(Markup svg, PlotArea area)
    {
        foreach (var mark in Marks)
        {
            using (
                svg.Open(
                    "circle",
                    ("class", "mark hue-" + (int)mark.Hue),
                    ("cx", Markup.Number(area.X[mark.X])),
                    ("cy", Markup.Number(area.Y[mark.Y])),
                    ("r", "8")
                )
            )
            {
                svg.Element("title", mark.Hint);
            }
        }
    }

    private void DrawBars(Markup svg, PlotArea area)
    {
        var highest = Bars.Select(bar => bar.Height).DefaultIfEmpty(1).Max();
        foreach (var bar in Bars.Where(bar => bar.Height > 0))
        {
            var height = (area.Bottom - area.Top) * 0.2 * bar.Height / highest;
            var (left, right) = (area.X[bar.From], area.X[bar.To]);
            svg.Empty(
                "rect",
                ("class", "bar"),
                ("x", Markup.Number(left)),
                ("width", Markup.Number(right - left)),
                ("y", Markup.Number(area.Bottom - height)),
                ("height", Markup.Number(height))
            );
            svg.Element(
                "text",
                bar.Label,
                ("class", "bar-label"),
                ("x", Markup.Number((left + right) / 2)),
                ("y", Markup.Number(area.Bottom - height - 3)),
                ("text-anchor", "middle")
            );
        }
    }

    private void DrawReferences(Markup svg, PlotArea area)
    {
        foreach (var line in References)
        {
            var (left, right) = area.Inside(line);
            svg.Empty(
                "line",
                ("class", "reference"),
                ("x1", Markup.Number(left.X)),
                ("y1", Markup.Number(left.Y)),
                ("x2", Markup.Number(right.X)),
                ("y2", Markup.Number(right.Y))
            );
            svg.Element(
                "text",
                line.Label,
                ("class", "reference-label"),
                ("x", Markup.Number(area.Right - 2)),
                ("y", Markup.Number(Math.Max(right.Y - 4, area.Top + 8))),
                ("text-anchor", "end")
            );
        }
    }
}
