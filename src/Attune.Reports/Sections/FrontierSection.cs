using System.Collections.Immutable;
using Attune.Core.Runs;
using Attune.Reports.Html;
using Attune.Reports.Plotting;
using Attune.Reports.Runs;

namespace Attune.Reports.Sections;

/// <summary>Reward against the square root of KL, in time order (Gao et al. 2022, figure 1).</summary>
internal static class FrontierSection
{
    public static bool Has(RunRecord run) => Find(run) is not null;

    /// <summary>The last stage that has both figures decides.</summary>
    public static void Write(Markup html, RunRecord run)
    {
        if (Find(run) is not var (gold, proxy, bound))
        {
            return;
        }

        var plot = Draw(gold, proxy, bound);
        using (html.Open("section", ("id", "frontier")))
        {
            html.Element("h2", "Reward against distance");
            using (html.Open("div", ("class", "feature")))
            {
                using (html.Open("figure", ("class", "card")))
                {
                    FigureCaption.Write(
                        html,
                        "Reward by √KL",
                        "",
                        "Each dot is one measurement; later ones are darker, and the large dot is the last."
                    );
                    FigureCaption.WriteLegend(html, plot.Series);
                    html.Verbatim(plot.ToSvg());
                }

                using (html.Open("div", ("class", "reading")))
                {
                    html.Element(
                        "p",
                        "How reward changes as the policy moves away from the reference. Where the proxy keeps rising and gold starts to "
                            + "fall, the policy has begun to exploit the reward model (Gao et al. 2022)."
                    );
                    html.Element("p", Reading(gold, proxy));
                }
            }
        }
    }

    private static Plot Draw(ImmutableArray<PlotPoint> gold, ImmutableArray<PlotPoint> proxy, bool bound) =>
        new(
            "Reward against distance",
            new Axis(bound ? "√ upper bound of KL, √nats" : "√KL from the reference, √nats", Low: 0),
            new Axis("reward"),
            [
                .. new[] { new Series("gold", Hue.Orange, Drawing.Path, gold), new Series("proxy", Hue.Blue, Drawing.Path, proxy) }.Where(
                    series => series.Points.Length > 0
                ),
            ]
        )
        {
            Width = 620,
            Height = 300,
        };

    private static (ImmutableArray<PlotPoint> Gold, ImmutableArray<PlotPoint> Proxy, bool Bound)? Find(RunRecord run)
    {
        foreach (var stage in run.Stages.Reverse())
        {
            var events = run.EventsOf(stage).ToArray();
            // For best-of-n, often only an upper bound of the divergence is known.
            var bound = events.Any(e => Has(e, "eval/kl_bound")) && !events.Any(e => Has(e, "eval/kl"));
            var divergence = bound ? "eval/kl_bound" : "eval/kl";
            var gold = Path(events, divergence, "eval/gold_reward");
            var proxy = Path(events, divergence, "eval/proxy_reward");
            // Without held-out figures, use those of the training rollouts.
            proxy = gold.Length + proxy.Length > 0 ? proxy : Path(events, "objective/kl", "objective/scores");
            if (Math.Max(gold.Length, proxy.Length) >= 2)
            {
                return (gold, proxy, bound);
            }
        }

        return null;
    }

    /// <summary>Where gold peaked, and whether it fell afterwards.</summary>
    internal static string Reading(ImmutableArray<PlotPoint> gold, ImmutableArray<PlotPoint> proxy)
    {
        if (gold.Length < 2)
        {
            return $"In this run the reward went from {Figure.Fixed(proxy[0].Y)} to {Figure.Fixed(proxy[^1].Y)}.";
        }

        var peak = gold.MaxBy(point => point.Y);
        var (lost, won) = (peak.Y - gold[^1].Y, peak.Y - gold[0].Y);
        return won > 0 && lost > 0.1 * won
            ? $"In this run gold peaked at {Figure.Fixed(peak.Y)}, {Figure.Fixed(peak.X * peak.X)} nats from the reference, and ended at "
                + $"{Figure.Fixed(gold[^1].Y)}: training continued for too long."
            : $"In this run gold went from {Figure.Fixed(gold[0].Y)} to {Figure.Fixed(gold[^1].Y)}; its highest value was "
                + $"{Figure.Fixed(peak.Y)}, {Figure.Fixed(peak.X * peak.X)} nats from the reference.";
    }

    // k1 may be a little negative near the start, where the true divergence is 0.
    private static ImmutableArray<PlotPoint> Path(RunEvent[] events, string kl, string reward) =>
        [
            .. events
                .Where(e => Has(e, kl) && Has(e, reward))
                .OrderBy(e => e.Updates)
                .Select(e => new PlotPoint(Math.Sqrt(Math.Max(0, e.Metrics[kl])), e.Metrics[reward])
                {
                    Hint = $"{Figure.Fixed(e.Metrics[reward])} at {Figure.Fixed(e.Metrics[kl])} nats, update {Figure.Brief(e.Updates)}",
                }),
        ];

    private static bool Has(RunEvent e, string metric) => e.Metrics.TryGetValue(metric, out var value) && double.IsFinite(value);
}
