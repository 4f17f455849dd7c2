using System.Collections.Immutable;
using System.Globalization;
using System.Xml.Linq;
using Attune.Reports.Plotting;
using CsCheck;

namespace Attune.Reports.Tests.Plotting;

public sealed class PlotTests
{
    private static readonly Gen<double> Value = Gen.Frequency(
        (12, Gen.Double[-1, 1]),
        (2, Gen.Double[-1e9, 1e9]),
        (1, Gen.Const(0.0)),
        (1, Gen.Const(double.NaN)),
        (1, Gen.Const(double.PositiveInfinity))
    );

    private static Plot Of(Drawing drawing, params double[] values) =>
        new(
            "Loss",
            new Axis("updates"),
            new Axis("nats"),
            [new Series("training", Hue.Blue, drawing, [.. values.Select((y, x) => new PlotPoint(x, y))])]
        );

    private static XElement Parse(Plot plot) => XElement.Parse(plot.ToSvg());

    private static string[] Path(XElement svg, string kind) =>
        [.. svg.Descendants("path").Where(path => (string?)path.Attribute("class") == kind).Select(path => (string)path.Attribute("d")!)];

    [Fact]
    public void Law_whatever_is_plotted_the_figure_is_well_formed_and_inside_its_frame() =>
        Gen.Select(Gen.Enum<Drawing>(), Value.Array[1, 80], Gen.Enum<AxisKind>())
            .Sample(
                (drawing, values, kind) =>
                {
                    var plot = Of(drawing, values) with { Y = new Axis("nats", kind) };
                    var svg = Parse(plot);
                    var numbers = svg.Descendants()
                        .SelectMany(element => element.Attributes())
                        .Where(attribute =>
                            attribute.Name.LocalName is "x" or "y" or "x1" or "x2" or "y1" or "y2" or "cx" or "cy" or "width" or "height"
                        )
                        .Select(attribute => double.Parse(attribute.Value, CultureInfo.InvariantCulture));
                    return numbers.All(number => number is >= 0 and <= 400) && !svg.ToString().Contains("NaN");
                }
            );

    [Fact]
    public void A_gap_in_the_data_is_a_gap_in_the_line_and_marked_at_the_foot()
    {
        var svg = Parse(Of(Drawing.Line, 1, 2, double.NaN, 4, 5));
        Assert.Equal(2, Assert.Single(Path(svg, "line")).Count(letter => letter == 'M'));
        Assert.Single(Path(svg, "broken"));
        Assert.Contains("training: not a number at 2", svg.Value);
    }

    [Fact]
    public void Two_series_end_with_labels_that_do_not_touch()
    {
        var plot = new Plot(
            "Reward",
            new Axis("updates"),
            new Axis("reward"),
            [
                new Series("gold", Hue.Orange, Drawing.Line, [new(0, 0), new(1, 1.0)]),
                new Series("proxy", Hue.Blue, Drawing.Line, [new(0, 0), new(1, 1.001)]),
            ]
        );
        var labels = Parse(plot)
            .Descendants("text")
            .Where(text => (string?)text.Attribute("class") == "end")
            .Select(text => (double)text.Attribute("y")!)
            .ToArray();
        Assert.Equal(2, labels.Length);
        Assert.True(Math.Abs(labels[0] - labels[1]) >= 12);
    }

    [Fact]
    public void A_noisy_series_is_drawn_raw_and_smoothed_and_a_short_one_as_it_is()
    {
        var noisy = Parse(Of(Drawing.Smoothed, [.. Enumerable.Range(0, 100).Select(i => i % 2.0)]));
        Assert.Single(Path(noisy, "raw"));
        Assert.Single(Path(noisy, "line"));
        Assert.Empty(Path(Parse(Of(Drawing.Smoothed, 1, 2, 1)), "raw"));
    }

    [Fact]
    public void The_spread_is_drawn_as_a_band()
    {
        var plot = new Plot(
            "Reward",
            new Axis("updates"),
            new Axis("reward"),
            [new Series("gold", Hue.Orange, Drawing.Line, [new(0, 1, 0, 2), new(1, 2, 1, 3)])]
        );
        Assert.Single(Path(Parse(plot), "band"));
    }

    [Fact]
    public void Hovering_names_every_series_at_its_place()
    {
        ImmutableArray<PlotPoint> points = [new(0, 1), new(10, 0.5)];
        var plot = new Plot(
            "Loss",
            new Axis("updates"),
            new Axis("nats"),
            [new Series("training", Hue.Blue, Drawing.Line, points), new Series("held out", Hue.Orange, Drawing.Line, [new(10, 0.75)])]
        );
        var titles = Parse(plot).Descendants("title").Select(title => title.Value).ToArray();
        Assert.Equal(["0 updates\ntraining: 1", "10 updates\ntraining: 0.500\nheld out: 0.750"], titles);
    }

    [Fact]
    public void The_diagonal_of_a_unit_square_runs_from_corner_to_corner()
    {
        var plot = Of(Drawing.Dots, 0.2, 0.4) with
        {
            X = new Axis("predicted", Low: 0, High: 1),
            Y = new Axis("observed", Low: 0, High: 1),
            References = [new ReferenceLine("", 0, 1)],
        };
        var svg = Parse(plot);
        var line = svg.Descendants("line").Single(one => (string?)one.Attribute("class") == "reference");
        var foot = svg.Descendants("line").First(one => (string?)one.Attribute("class") == "axis");
        Assert.Equal((double)foot.Attribute("x1")!, (double)line.Attribute("x1")!, 0.11);
        Assert.Equal((double)foot.Attribute("x2")!, (double)line.Attribute("x2")!, 0.11);
        Assert.Equal((double)foot.Attribute("y1")!, (double)line.Attribute("y1")!, 0.11);
    }

    [Fact]
    public void A_plot_without_points_is_nothing() => Assert.Equal("", Of(Drawing.Line).ToSvg());
}
