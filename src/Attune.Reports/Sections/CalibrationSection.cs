using System.Collections.Immutable;
using System.Globalization;
using Attune.Core.Runs;
using Attune.Core.Statistics;
using Attune.Reports.Html;
using Attune.Reports.Plotting;

namespace Attune.Reports.Sections;

/// <summary>The reliability diagram of a reward model.</summary>
internal static class CalibrationSection
{
    public static void Write(Markup html, StageResult stage)
    {
        if (stage.Calibration is not { IsDefaultOrEmpty: false } all || all.All(bin => bin.Count == 0))
        {
            return;
        }

        var bins = all.Where(bin => bin.Count > 0).OrderBy(bin => bin.Predicted).ToImmutableArray();
        var low = bins[0].Predicted >= 0.5 ? 0.5 : 0;
        var plot = new Plot(
            "Reliability",
            new Axis("predicted preference", Low: low, High: 1),
            new Axis("observed share", Low: 0, High: 1),
            [new Series("observed", Hue.Blue, Drawing.Dots, [.. bins.Select(Point)])]
        )
        {
            Width = 620,
            Height = 300,
            References = [new ReferenceLine("", 0, 1)],
            Bars = Bars(bins, low),
        };
        html.Element("h3", "Calibration");
        using (html.Open("div", ("class", "feature")))
        {
            using (html.Open("figure", ("class", "card"), ("id", "reliability")))
            {
                FigureCaption.Write(
                    html,
                    "Reliability diagram",
                    "",
                    "On the dashed diagonal, the predicted preference equals the observed share. Whiskers are 95% intervals; "
                        + "bars count the pairs."
                );
                html.Verbatim(plot.ToSvg());
            }

            WriteReading(html, bins);
        }
    }

    private static void WriteReading(Markup html, ImmutableArray<CalibrationBin> bins)
    {
        using (html.Open("div", ("class", "reading")))
        {
            var count = bins.Sum(bin => (long)bin.Count);
            html.Element(
                "p",
                $"Expected calibration error: {Figure.Percent(Calibration.ExpectedError(bins))} over "
                    + $"{Figure.Count(count, "held-out comparison")} in {Figure.Count(bins.Length, "bin")}. This is the distance "
                    + "of the dots from the diagonal, weighted by their counts."
            );
            html.Element("p", Tendency(bins));
        }
    }

    private static string Tendency(ImmutableArray<CalibrationBin> bins)
    {
        // A bin below one half that is won more often than predicted is as overconfident as one above that is won less often.
        var excess =
            bins.Sum(bin => bin.Count * (Math.Abs(bin.Predicted - 0.5) - ((bin.Observed - 0.5) * Math.Sign(bin.Predicted - 0.5))))
            / bins.Sum(bin => (double)bin.Count);
        return excess switch
        {
            > 0.02 => $"Overall, the model is overconfident by {Figure.Percent(excess)}.",
            < -0.02 => $"Overall, the model is underconfident by {Figure.Percent(-excess)}.",
            _ => "Overall, the model is neither overconfident nor underconfident by more than 2%.",
        };
    }

    private static PlotPoint Point(CalibrationBin bin)
    {
        var interval = Wilson.Of(bin.Observed, bin.Count);
        return new PlotPoint(bin.Predicted, bin.Observed, interval.Low, interval.High)
        {
            Weight = bin.Count,
            Hint = $"{Figure.Percent(bin.Observed)} where {Figure.Percent(bin.Predicted)} was predicted, {Figure.Count(bin.Count, "pair")}",
        };
    }

    private static ImmutableArray<Bar> Bars(ImmutableArray<CalibrationBin> bins, double low)
    {
        var gap = bins.Zip(bins.Skip(1), (a, b) => b.Predicted - a.Predicted).Where(step => step > 0).DefaultIfEmpty(0.1).Min();
        var half = Math.Clamp(gap * 0.4, 0.004, 0.04);
        return
        [
            .. bins.Select(bin => new Bar(
                Math.Max(low, bin.Predicted - half),
                Math.Min(1, bin.Predicted + half),
                bin.Count,
                bin.Count.ToString(CultureInfo.InvariantCulture)
            )),
        ];
    }
}
