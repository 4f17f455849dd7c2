using System.Xml.Linq;
using Attune.Core;
using Attune.Core.Runs;
using Attune.Reports.Comparison;
using Attune.Reports.Plotting;
using Attune.Testing;

namespace Attune.Reports.Tests.Comparison;

public sealed class ComparisonReportTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Each_metric_has_one_figure_with_a_curve_for_each_run()
    {
        var body = Body("a", "b");
        var loss = Assert.Single(body.Descendants("figure"), f => f.Attribute("data-metrics")?.Value == "objective/kl");
        Assert.Equal(["a", "b"], loss.Descendants("li").Select(li => li.Value.Trim()));
        Assert.Equal(["hue-0", "hue-1"], loss.Descendants("li").Select(li => li.Attribute("class")!.Value));
        Assert.All(
            body.Elements("section"),
            stage =>
            {
                var metrics = stage.Descendants("figure").Select(f => f.Attribute("data-metrics")!.Value).ToArray();
                Assert.NotEmpty(metrics);
                Assert.Equal(metrics.Distinct(), metrics);
                Assert.DoesNotContain("epoch", metrics);
            }
        );
    }

    [Fact]
    public void The_table_has_a_row_for_each_run_with_its_main_figures()
    {
        var table = Assert.Single(Body("a", "b").Descendants("table"));
        Assert.Equal(["a", "b"], table.Element("tbody")!.Elements("tr").Select(r => r.Element("th")!.Value));
        Assert.Contains("Gold reward", table.Element("thead")!.Descendants("th").Select(h => h.Value));
        Assert.All(table.Element("tbody")!.Elements("tr"), r => Assert.Contains(r.Elements("td"), d => d.Value.Contains('→')));
    }

    [Fact]
    public void Runs_of_one_stage_are_laid_over_each_other_whatever_it_is_called()
    {
        foreach (var (name, loss) in new[] { ("dpo", 0.6), ("simpo", 0.5) })
        {
            using var log = EventLog.Open(_folder.File(name));
            log.Append(new RunEvent(1, name, "update", 0, 1, 8, new Dictionary<string, double> { ["loss"] = loss }));
        }

        var runs = ComparedRun.Read([_folder.File("dpo"), _folder.File("simpo")]);
        var figure = Assert.Single(XDocument.Parse($"<main>{ComparisonReport.Fragment(runs)}</main>").Descendants("figure"));
        Assert.Equal(["dpo", "simpo"], figure.Descendants("li").Select(li => li.Value.Trim()));
    }

    [Fact]
    public void Folders_of_one_name_are_told_apart_by_their_paths_and_one_without_a_run_is_refused()
    {
        Write("x/run", 1);
        Write("y/run", 2);
        var runs = ComparedRun.Read([_folder.File("x/run"), _folder.File("y/run")]);
        Assert.Equal([_folder.File("x/run"), _folder.File("y/run")], runs.Select(r => r.Label));
        Assert.Equal([Hue.Blue, Hue.Orange], runs.Select(r => r.Hue));
        Directory.CreateDirectory(_folder.File("empty"));
        var problem = Assert.Throws<AttuneException>(() => ComparedRun.Read([_folder.File("empty")]));
        Assert.Contains("holds no run", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void One_metric_can_be_chosen_smoothed_and_shown_by_its_logarithm()
    {
        foreach (var (name, high) in new[] { ("dpo", 1000.0), ("simpo", 10.0) })
        {
            using var log = EventLog.Open(_folder.File(name));
            for (var i = 1; i <= 6; i++)
            {
                var metrics = new Dictionary<string, double> { ["loss"] = i % 2 == 0 ? 1 : high, ["other/figure"] = i };
                log.Append(new RunEvent(i, name, "update", i, i, 8, metrics));
            }
        }

        var runs = ComparedRun.Read([_folder.File("dpo"), _folder.File("simpo")]);
        Assert.Equal(["loss", "other/figure"], ComparisonReport.Metrics(runs).Select(m => m.Name));
        var plain = Figure(new ComparisonView { Metric = "loss", HalfWidth = 0 });
        Assert.Equal("loss", plain.Attribute("data-metrics")!.Value);
        Assert.Equal((2, 0), (Lines(plain, "line"), Lines(plain, "raw")));
        var smooth = Figure(new ComparisonView { Metric = "loss", HalfWidth = 2 });
        Assert.Equal((2, 2), (Lines(smooth, "line"), Lines(smooth, "raw")));
        // On a linear axis a grid of equal steps, on the other one of powers.
        Assert.DoesNotContain("10", Ticks(plain));
        Assert.Contains(
            "10",
            Ticks(
                Figure(
                    new ComparisonView
                    {
                        Metric = "loss",
                        HalfWidth = 0,
                        IsLogarithmic = true,
                    }
                )
            )
        );

        XElement Figure(ComparisonView view) =>
            Assert.Single(XDocument.Parse($"<main>{ComparisonReport.Fragment(runs, view)}</main>").Descendants("figure"));

        static int Lines(XElement figure, string kind) =>
            figure.Descendants().Count(e => e.Name.LocalName == "path" && e.Attribute("class")?.Value == kind);

        static string[] Ticks(XElement figure) =>
            [
                .. figure
                    .Descendants()
                    .Where(e => e.Attribute("class")?.Value == "tick" && e.Attribute("text-anchor")?.Value == "end")
                    .Select(e => e.Value),
            ];
    }

    private XElement Body(params string[] names)
    {
        foreach (var (name, seed) in names.Select((n, i) => (n, i)))
        {
            Write(name, seed + 1);
        }

        var page = ComparisonReport.Fragment(ComparedRun.Read([.. names.Select(n => _folder.File(n))]));
        return XDocument.Parse($"<main>{page}</main>").Root!;
    }

    private void Write(string name, int seed) => ImaginedRun.WriteTo(_folder.File(name), ImaginedRun.Whole(seed));
}
