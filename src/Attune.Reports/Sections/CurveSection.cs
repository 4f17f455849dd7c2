using System.Collections.Immutable;
using Attune.Core.Runs;
using Attune.Reports.Curves;
using Attune.Reports.Html;
using Attune.Reports.Plotting;
using Attune.Reports.Runs;

namespace Attune.Reports.Sections;

/// <summary>The curves of one stage, in a grid.</summary>
internal static class CurveSection
{
    // Counters only grow; their curves carry no information.
    private static readonly ImmutableHashSet<string> Counters = ["epoch", "num_tokens", "episode", "chosen_fell_at"];

    public static void Write(Markup html, RunRecord run, string stage)
    {
        var events = run.EventsOf(stage).ToImmutableArray();
        foreach (var chapter in Figures(events).GroupBy(figure => figure.Chapter))
        {
            html.Element("h3", Title(chapter.Key));
            using (html.Open("div", ("class", "grid")))
            {
                foreach (var figure in chapter)
                {
                    WriteFigure(html, events, figure);
                }
            }
        }
    }

    private static string Title(CurveChapter chapter) =>
        chapter switch
        {
            CurveChapter.Outcome => "Results",
            CurveChapter.Training => "Training",
            _ => "Optimiser and time",
        };

    private static IEnumerable<CurveFigure> Figures(ImmutableArray<RunEvent> events)
    {
        var logged = events.SelectMany(e => e.Metrics.Keys).ToHashSet(StringComparer.Ordinal);
        var named = CurveCatalog
            .Figures.SelectMany(figure => figure.Curves)
            .SelectMany(curve => (string?[])[curve.Metric, curve.SpreadMetric])
            .ToHashSet();
        var others = logged.Where(name => !named.Contains(name) && IsDrawn(name)).Order(StringComparer.Ordinal).Select(Plain);
        return CurveCatalog.Figures.Where(figure => figure.Curves.Any(curve => logged.Contains(curve.Metric))).Concat(others);
    }

    /// <summary>Whether a metric's course says anything.</summary>
    internal static bool IsDrawn(string name) => !Counters.Contains(name) && !name.StartsWith("left_out/", StringComparison.Ordinal);

    /// <summary>A metric that appears in no figure of the catalogue.</summary>
    private static CurveFigure Plain(string name)
    {
        var metric = MetricCatalog.Find(name);
        return new CurveFigure(
            MetricTitle.Of(name),
            metric?.Unit ?? "1",
            MetricTitle.Hint(name),
            CurveChapter.Optimiser,
            [new Curve(name, name, Hue.Blue)]
        );
    }

    private static void WriteFigure(Markup html, ImmutableArray<RunEvent> events, CurveFigure figure)
    {
        var curves = figure
            .Curves.Select(curve => (Curve: curve, Points: Points(events, curve)))
            .Where(curve => curve.Points.Length > 0)
            .ToArray();
        var plot = new Plot(
            figure.Title,
            Along(events),
            new Axis(figure.Unit, figure.Kind),
            [.. curves.Select(curve => new Series(curve.Curve.Label, curve.Curve.Hue, curve.Curve.Drawing, curve.Points))]
        )
        {
            References = figure.References,
            Description = Describe(figure, curves),
        };
        using (html.Open("figure", ("class", "card"), ("data-metrics", string.Join(' ', curves.Select(curve => curve.Curve.Metric)))))
        {
            FigureCaption.Write(html, figure.Title, figure.Unit, figure.Hint);
            FigureCaption.WriteLegend(html, plot.Series);
            html.Verbatim(plot.ToSvg());
        }
    }

    /// <summary>Training is plotted over updates; best-of-n over n, which is logged in their place.</summary>
    private static Axis Along(ImmutableArray<RunEvent> events) =>
        events.Any(e => e.Metrics.ContainsKey("eval/win_rate_bound"))
            ? new Axis("n, answers to choose from", AxisKind.Logarithmic)
            : new Axis("updates");

    private static ImmutableArray<PlotPoint> Points(ImmutableArray<RunEvent> events, Curve curve) =>
        [
            .. events
                .Where(e => e.Metrics.ContainsKey(curve.Metric))
                .OrderBy(e => e.Updates)
                .Select(e =>
                {
                    var value = e.Metrics[curve.Metric];
                    return curve.SpreadMetric is not null && e.Metrics.TryGetValue(curve.SpreadMetric, out var spread)
                        ? new PlotPoint(e.Updates, value, value - spread, value + spread)
                        : new PlotPoint(e.Updates, value);
                }),
        ];

    private static string Describe(CurveFigure figure, (Curve Curve, ImmutableArray<PlotPoint> Points)[] curves) =>
        $"{figure.Title}: "
        + string.Join(
            "; ",
            curves.Select(curve =>
                $"{curve.Curve.Label} from {Figure.Brief(curve.Points[0].Y)} to {Figure.Brief(curve.Points[^1].Y)} over "
                + $"{Figure.Count(curve.Points.Length, "point")}"
            )
        );
}
