using System.Collections.Immutable;
using Attune.Core.Files;
using Attune.Core.Runs;
using Attune.Reports.Curves;
using Attune.Reports.Html;
using Attune.Reports.Plotting;
using Attune.Reports.Sections;

namespace Attune.Reports.Comparison;

/// <summary>Several runs laid over each other: one page with a table of their figures, and each metric's curves in one figure.</summary>
public static class ComparisonReport
{
    /// <exception cref="Core.AttuneException">The file cannot be written.</exception>
    public static void Write(string path, IReadOnlyList<ComparedRun> runs) => AtomicFile.WriteText(path, Render(runs));

    public static string Render(IReadOnlyList<ComparedRun> runs) => PageTemplate.Render("Runs compared", html => Body(html, runs));

    /// <summary>The same as a piece of HTML, for pages with a frame and style sheet of their own.</summary>
    public static string Fragment(IReadOnlyList<ComparedRun> runs)
    {
        var html = new Markup();
        Body(html, runs);
        return html.ToString();
    }

    private static void Body(Markup html, IReadOnlyList<ComparedRun> runs)
    {
        using (html.Open("header"))
        {
            html.Element("p", "Attune runs", ("class", "kicker"));
            html.Element("h1", string.Join(", ", runs.Select(r => r.Label)));
        }

        ComparisonTable.Write(html, runs);
        foreach (var stage in Stages(runs))
        {
            using (html.Open("section"))
            {
                html.Element("h2", Title(runs, stage));
                using (html.Open("div", ("class", "grid")))
                {
                    foreach (var (title, unit, hint, curve) in Figures(runs, stage))
                    {
                        WriteFigure(html, runs, stage, new CurveFigure(title, unit, hint, CurveChapter.Training, [curve]));
                    }
                }
            }
        }
    }

    /// <summary>Stages of one name belong together; those of runs of a single stage do whatever they are called.</summary>
    private static string?[] Stages(IReadOnlyList<ComparedRun> runs) =>
        runs.All(r => r.Run.Stages.Count() <= 1) ? [null] : [.. runs.SelectMany(r => r.Run.Stages).Distinct()];

    private static string Title(IReadOnlyList<ComparedRun> runs, string? stage) =>
        stage is null ? "Training" : runs.First(r => r.Run.Stages.Contains(stage)).Run.TitleOf(stage);

    private static IEnumerable<(string Title, string Unit, string Hint, Curve Curve)> Figures(
        IReadOnlyList<ComparedRun> runs,
        string? stage
    )
    {
        var logged = runs.SelectMany(r => r.EventsOf(stage)).SelectMany(e => e.Metrics.Keys).ToHashSet(StringComparer.Ordinal);
        foreach (var figure in CurveCatalog.Figures)
        {
            foreach (var curve in figure.Curves.Where(c => logged.Remove(c.Metric)))
            {
                var title = figure.Curves.Length > 1 ? $"{figure.Title}: {curve.Label}" : figure.Title;
                yield return (title, figure.Unit, figure.Hint, curve);
            }
        }

        foreach (var name in logged.Where(CurveSection.IsDrawn).Order(StringComparer.Ordinal))
        {
            var metric = MetricCatalog.Find(name);
            yield return (MetricTitle.Of(name), metric?.Unit ?? "1", MetricTitle.Hint(name), new Curve(name, name, Hue.Blue));
        }
    }

    private static void WriteFigure(Markup html, IReadOnlyList<ComparedRun> runs, string? stage, CurveFigure figure)
    {
        var curve = figure.Curves[0];
        var plot = new Plot(
            figure.Title,
            new Axis("updates"),
            new Axis(figure.Unit, figure.Kind),
            [
                .. runs.Select(r => new Series(r.Label, r.Hue, curve.Drawing, Points(r.EventsOf(stage), curve.Metric)))
                    .Where(s => !s.Points.IsEmpty),
            ]
        );
        using (html.Open("figure", ("class", "card"), ("data-metrics", curve.Metric)))
        {
            FigureCaption.Write(html, figure.Title, figure.Unit, figure.Hint);
            FigureCaption.WriteLegend(html, plot.Series);
            html.Verbatim(plot.ToSvg());
        }
    }

    private static ImmutableArray<PlotPoint> Points(IEnumerable<RunEvent> events, string metric) =>
        [
            .. events
                .Where(e => e.Metrics.ContainsKey(metric))
                .OrderBy(e => e.Updates)
                .Select(e => new PlotPoint(e.Updates, e.Metrics[metric])),
        ];
}
