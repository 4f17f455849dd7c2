using System.Collections.Immutable;
using Attune.Core.Statistics;
using Attune.Reports.Html;
using Attune.Reports.Plotting;

namespace Attune.Reports.Frontier;

/// <summary>Gold and proxy against the divergence, one curve a method, limits dashed.</summary>
internal static class FrontierFigures
{
    private static readonly Hue[] Hues = [Hue.Blue, Hue.Orange, Hue.Green, Hue.Purple, Hue.Red, Hue.Teal, Hue.Olive, Hue.Pink];

    public static Hue HueOf(FrontierBoard board, string method) => Hues[board.Methods.ToList().IndexOf(method) % Hues.Length];

    public static Plot Gold(FrontierBoard board, bool root) =>
        Make(board, "gold reward (hidden utility)", root, p => p.Gold, s => s.Gold) with
        {
            Marks = Marks(board, root, t => t.Peak.Gold.Value),
        };

    public static Plot Proxy(FrontierBoard board, bool root) =>
        Make(board, "proxy reward (optimised)", root, p => p.Proxy, s => s.Proxy) with
        {
            Marks = Marks(board, root, t => t.Peak.Proxy.Value),
        };

    public static FigureSheet Sheet(FrontierBoard board, bool root) => new(Title(board), [Gold(board, root), Proxy(board, root)]);

    private static string Title(FrontierBoard board) =>
        board.Name + ": reward against distance, mean and 95% interval over " + Figure.Count(board.Seeds.Length, "seed");

    private static Plot Make(
        FrontierBoard board,
        string title,
        bool root,
        Func<FrontierPoint, double> figure,
        Func<FrontierSetting, Interval> interval
    )
    {
        var start = Start(board, figure);
        var methods = Methods(board, root, start, interval);
        var farthest = methods.SelectMany(m => m.Points).Select(p => p.X).DefaultIfEmpty(1).Max();
        var ceilings = Ceilings(board, root, start, figure, farthest);
        return new Plot(
            title,
            new Axis(root ? "√KL from the reference, √nats" : "KL from the reference, nats", Low: 0),
            new Axis(title),
            [.. ceilings, .. methods]
        )
        {
            Width = 560,
            Height = 380,
            Description = $"{title} against KL for {string.Join(", ", board.Methods)}",
        };
    }

    private static Series[] Methods(FrontierBoard board, bool root, double start, Func<FrontierSetting, Interval> interval) =>
        board
            .Settings()
            .GroupBy(s => s.Method)
            .Select(method => new Series(
                method.Key,
                HueOf(board, method.Key),
                Drawing.Path,
                [
                    new PlotPoint(0, start) { Hint = "the reference" },
                    .. method.Select(s => new PlotPoint(Place(s.Kl.Value, root), interval(s).Value, interval(s).Low, interval(s).High)
                    {
                        Hint = Hint(s, interval(s)),
                    }),
                ]
            )
            {
                Tag = method.Key,
            })
            .ToArray();

    private static IEnumerable<Series> Ceilings(
        FrontierBoard board,
        bool root,
        double start,
        Func<FrontierPoint, double> figure,
        double farthest
    ) =>
        board.Ceilings.Select(c => new Series(
            c.Label,
            Hue.Ink,
            Drawing.Dashed,
            [new PlotPoint(0, start), .. Within(c.Points.Select(p => new PlotPoint(Place(p.Kl, root), figure(p))), 1.08 * farthest)]
        )
        {
            Tag = Short(c.Label),
        });

    /// <summary>A ceiling extends far beyond the trained settings; drawing all of it would squeeze everything else.</summary>
    private static IEnumerable<PlotPoint> Within(IEnumerable<PlotPoint> points, double farthest) =>
        points.Where(p => p.X <= farthest).OrderBy(p => p.X);

    private static string Short(string label) =>
        label
            .Replace("exact posterior of the proxy", "posterior (proxy)", StringComparison.Ordinal)
            .Replace("exact posterior of gold", "posterior (gold)", StringComparison.Ordinal)
            .Replace("reference reweighted by the proxy", "reweighted", StringComparison.Ordinal);

    private static double Start(FrontierBoard board, Func<FrontierPoint, double> figure) => board.References.Average(figure);

    // k1 may be a little negative near the start, where the true divergence is 0.
    private static double Place(double kl, bool root) => root ? Math.Sqrt(Math.Max(0, kl)) : Math.Max(0, kl);

    private static string Hint(FrontierSetting setting, Interval figure) =>
        $"{setting.Setting}: {Figure.PlusMinus(figure)} at {Figure.PlusMinus(setting.Kl)} nats";

    private static ImmutableArray<Mark> Marks(FrontierBoard board, bool root, Func<FrontierTurn, double> height) =>
        [
            .. board
                .Turns()
                .Where(t => t.IsCertain)
                .Select(t => new Mark(
                    HueOf(board, t.Method),
                    Place(t.Peak.Kl.Value, root),
                    height(t),
                    $"{t.Method}: from here gold falls by {Figure.PlusMinus(t.Fall)} while the proxy rises by {Figure.PlusMinus(t.Rise)}"
                )),
        ];
}
