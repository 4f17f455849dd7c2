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

    public static string Render(IReadOnlyList<ComparedRun> runs) => PageTemplate.Render("Runs compared", html => Body(html, runs, new()));

    /// <summary>The same as a piece of HTML, for pages with a frame and style sheet of their own.</summary>
    public static string Fragment(IReadOnlyList<ComparedRun> runs, ComparisonView? view = null)
    {
        var html = new Markup();
        Body(html, runs, view ?? new());
        return html.ToString();
    }

    /// <summary>What can be drawn of these runs, in the order of the page.</summary>
    public static ImmutableArray<ComparedMetric> Metrics(IReadOnlyList<ComparedRun> runs) =>
        [
            .. Stages(runs)
                .SelectMany(stage => Figures(runs, stage))
                .Select(f => new ComparedMetric(f.Curve.Metric, f.Title))
                .DistinctBy(m => m.Name),
        ];

    private static void Body(Markup html, IReadOnlyList<ComparedRun> runs, ComparisonView view)
    {
        using (html.Open("header"))
        {
            html.Element("p", "Attune runs", ("class", "kicker"));
            html.Element("h1", string.Join(", ", runs.Select(r => r.Label)));
        }

        ComparisonTable.Write(html, runs);
        foreach (var stage in Stages(runs))
        {
            WriteStage(html, runs, stage, view);
        }
    }

    private static void WriteStage(Markup html, IReadOnlyList<ComparedRun> runs, string? stage, ComparisonView view)
    {
        var figures = Figures(runs, stage).Where(f => view.Metric is null || f.Curve.Metric == view.Metric).ToArray();
        if (figures.Length == 0)
        {
            return;
        }

        using (html.Open("section"))
        {
            html.Element("h2", Title(runs, stage));
            // A figure alone is as wide as the page.
            using (html.Open("div", ("class", view.Metric is null ? "grid" : "alone")))
            {
                foreach (var (title, unit, hint, curve) in figures)
                {
                    WriteFigure(html, runs, stage, new CurveFigure(title, unit, hint, CurveChapter.Training, [curve]), view);
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

    private static void WriteFigure(Markup html, IReadOnlyList<ComparedRun> runs, string? stage, CurveFigure figure, ComparisonView view)
    {
        var curve = figure.Curves[0];
        var drawing = view.HalfWidth > 0 ? Drawing.Smoothed : curve.Drawing;
        var plot = new Plot(
            figure.Title,
            new Axis("updates"),
            new Axis(figure.Unit, view.IsLogarithmic ? AxisKind.Logarithmic : figure.Kind),
            [
                .. runs.Select(r => new Series(r.Label, r.Hue, drawing, Points(r.EventsOf(stage), curve.Metric))
                    {
                        HalfWidth = view.HalfWidth,
                    })
                    .Where(s => !s.Points.IsEmpty),
            ]
        );
        if (view.Metric is not null)
        {
            plot = plot with { Width = 560, Height = 270 };
        }

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
