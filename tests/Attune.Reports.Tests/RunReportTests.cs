using System.Collections.Immutable;
using System.Text.RegularExpressions;
using System.Xml;
using System.Xml.Linq;
using Attune.Core;
using Attune.Core.Feedback;
using Attune.Core.Runs;
using Attune.Reports.Curves;
using Attune.Reports.Plotting;
using Attune.Reports.Runs;
using Attune.Reports.Sections;
using Attune.Testing;

namespace Attune.Reports.Tests;

public sealed partial class RunReportTests
{
    private static readonly RunRecord Nothing = new("empty", null, [], [], null, []);

    [GeneratedRegex(@"\bon[a-z]+\s*=|javascript:", RegexOptions.IgnoreCase)]
    private static partial Regex Handler();

    /// <summary>The page as a tree; throws where a tag is not closed.</summary>
    private static XElement Parse(string html)
    {
        using var reader = XmlReader.Create(new StringReader(html), new XmlReaderSettings { DtdProcessing = DtdProcessing.Ignore });
        return XDocument.Load(reader, LoadOptions.PreserveWhitespace).Root!;
    }

    private static XElement? Section(XElement page, string id) =>
        page.Descendants().SingleOrDefault(element => (string?)element.Attribute("id") == id);

    private static RunRecord With(params (string Metric, double Value)[] metrics) =>
        Nothing with
        {
            Events =
            [
                .. Enumerable
                    .Range(1, 3)
                    .Select(i => new RunEvent(i, "ppo", "update", i, i, i, metrics.ToDictionary(m => m.Metric, m => m.Value * i))),
            ],
        };

    /// <summary>Set ATTUNE_KEEP_REPORT to a path to look at the page.</summary>
    [Fact]
    public void The_report_is_written_into_the_run_folder_and_is_well_formed()
    {
        using var folder = new TemporaryFolder();
        ImaginedRun.WriteTo(folder.Path, ImaginedRun.Whole());
        var path = RunReport.Write(folder.Path);
        Assert.Equal(folder.File("report.html"), path);
        var page = Parse(File.ReadAllText(path));
        Assert.All(
            ["frontier", "samples", "stage-0", "stage-1", "stage-2", "reliability", "time", "recipe"],
            id => Assert.NotNull(Section(page, id))
        );
        if (Environment.GetEnvironmentVariable("ATTUNE_KEEP_REPORT") is { } keep)
        {
            File.Copy(path, keep, overwrite: true);
        }
    }

    [Fact]
    public void The_page_asks_for_nothing_from_outside()
    {
        var html = RunReport.Render(ImaginedRun.Whole());
        Assert.All(
            ["http:", "https:", "src=", "url(", "@import", "<link", "<iframe", "fetch("],
            outside => Assert.DoesNotContain(outside, html, StringComparison.OrdinalIgnoreCase)
        );
        Assert.DoesNotMatch(Handler(), html);
        Assert.Contains("default-src 'none'", html.Replace("&#39;", "'"));
    }

    [Theory]
    [InlineData("<script>alert(1)</script>")]
    [InlineData("\"><img src=x onerror=alert(1)>")]
    [InlineData("</title></svg></style><script>alert(1)</script>")]
    [InlineData("]]> <!-- &lt; & \0 \u001b[31m \ud800 \u202e")]
    public void Markup_in_any_text_of_a_run_stays_text(string hostile)
    {
        var whole = ImaginedRun.Whole();
        var run = new RunRecord(
            hostile,
            whole.Result! with
            {
                Name = hostile,
                Version = hostile,
                Machine = hostile,
                Stages =
                [
                    .. whole.Result.Stages.Select(stage =>
                        stage with
                        {
                            Name = hostile,
                            Notes = [hostile],
                            Snapshots = [new LearnedSnapshot(hostile, hostile, default, 3, [new(hostile, 3)], hostile)],
                        }
                    ),
                ],
            },
            [.. whole.Events.Select(e => e with { Stage = hostile, Metrics = e.Metrics.Append(new(hostile, 1)).ToDictionary() })],
            [.. whole.Samples.Select(sample => sample with { Stage = hostile, Prompt = hostile, Answer = hostile + sample.Answer })],
            hostile,
            [hostile]
        );
        var page = Parse(RunReport.Render(run));
        Assert.Single(page.Descendants("script"));
        Assert.Single(page.Descendants("style"));
        Assert.Empty(page.Descendants("img"));
        Assert.DoesNotContain(
            page.Descendants().SelectMany(element => element.Attributes()),
            attribute => attribute.Name.LocalName.StartsWith("on", StringComparison.Ordinal)
        );
        Assert.Contains(page.Descendants("pre"), pre => pre.Value.Length >= hostile.TrimEnd().Length);
    }

    [Fact]
    public void A_stage_links_the_snapshots_it_learned_from_and_names_labels_and_people()
    {
        var whole = ImaginedRun.Whole();
        var snapshot = new LearnedSnapshot(
            "0123456789abcdef",
            "harm & help",
            default,
            1200,
            [new("annotator-a", 800), new("annotator-b", 399), new("annotator-c", 1)],
            "../my snapshots/#1"
        );
        var page = Parse(
            RunReport.Render(
                whole with
                {
                    Result = whole.Result! with
                    {
                        Stages = whole.Result.Stages.SetItem(1, whole.Result.Stages[1] with { Snapshots = [snapshot] }),
                    },
                }
            )
        );
        var line = Assert.Single(Section(page, "stage-1")!.Descendants("ul"), list => (string?)list.Attribute("class") == "labels");
        Assert.Equal("../my%20snapshots/%231/manifest.json", (string?)Assert.Single(line.Descendants("a")).Attribute("href"));
        Assert.Equal(
            "Labels of project 'harm & help', snapshot 0123456789ab: 1,200 labels of 3 people: annotator-a (800 labels), "
                + "annotator-b (399 labels), annotator-c (1 label).",
            Assert.Single(line.Elements()).Value
        );
        Assert.DoesNotContain(page.Descendants("ul"), list => (string?)list.Attribute("class") == "labels" && list != line);
        Assert.Contains(
            "href=\"/runs/x/0123456789abcdef\"",
            RunFragment.Body(
                whole with
                {
                    Result = whole.Result! with { Stages = [whole.Result.Stages[1] with { Snapshots = [snapshot] }] },
                },
                s => "/runs/x/" + s.Sha256
            ),
            StringComparison.Ordinal
        );
        var crowd = snapshot with { Annotators = [.. Enumerable.Range(0, 15).Select(i => new SnapshotAnnotator($"p{i}", 2))] };
        Assert.Contains(
            "p11 (2 labels) and 3 more.",
            RunReport.Render(whole with { Result = whole.Result! with { Stages = [whole.Result.Stages[1] with { Snapshots = [crowd] }] } }),
            StringComparison.Ordinal
        );
    }

    public static TheoryData<string> Catalogued() =>
        [.. CurveCatalog.Figures.SelectMany(figure => figure.Curves).Select(curve => curve.Metric).Distinct()];

    [Theory]
    [MemberData(nameof(Catalogued))]
    public void Every_curve_appears_when_its_metric_was_logged(string metric)
    {
        Assert.NotNull(MetricCatalog.Find(metric));
        var figures = Parse(RunReport.Render(With((metric, 0.5)))).Descendants("figure").ToArray();
        var figure = Assert.Single(figures);
        Assert.Equal(metric, (string?)figure.Attribute("data-metrics"));
        Assert.Contains(
            figure.Descendants("path"),
            path => (string?)path.Attribute("class") == "line" && ((string)path.Attribute("d")!).Length > 5
        );
    }

    [Fact]
    public void A_metric_that_no_figure_names_gets_its_own_with_its_meaning()
    {
        var page = Parse(RunReport.Render(With(("rewards/length/mean", 1), ("unheard_of", 2))));
        Assert.Equal(
            ["rewards/length/mean", "unheard_of"],
            page.Descendants("figure").Select(figure => (string?)figure.Attribute("data-metrics"))
        );
        Assert.Contains("one named part of a combined reward", page.Value);
    }

    [Fact]
    public void What_was_not_measured_is_left_out()
    {
        var run = ImaginedRun.Whole();
        var withoutPolicy = run with
        {
            Events = [.. run.Events.Where(e => e.Stage != "ppo")],
            Samples = [],
            Recipe = null,
            Result = run.Result! with
            {
                Summary = new Dictionary<string, double?> { ["seconds"] = 83, ["gold_reward_after"] = null },
                Stages = run.Result.Stages.RemoveAt(2),
            },
        };
        var page = Parse(RunReport.Render(withoutPolicy));
        Assert.All(["frontier", "samples", "recipe", "stage-2"], id => Assert.Null(Section(page, id)));
        Assert.NotNull(Section(page, "reliability"));
        Assert.DoesNotContain("Gold reward", page.Value);
        Assert.DoesNotContain(
            "not a number",
            string.Concat(page.Descendants("main").Single().Elements("section").Select(section => section.Value))
        );
    }

    [Fact]
    public void A_run_of_which_nothing_is_known_still_has_a_page()
    {
        var page = Parse(RunReport.Render(Nothing));
        Assert.Equal("empty", page.Descendants("h1").Single().Value);
        Assert.Contains("not finished: 0 events so far", page.Value);
        Assert.Empty(page.Descendants("figure"));
    }

    [Fact]
    public void An_unfinished_run_says_so_and_names_the_half_written_line()
    {
        using var folder = new TemporaryFolder();
        var run = ImaginedRun.Whole();
        ImaginedRun.WriteTo(folder.Path, run with { Result = null });
        var log = folder.File("events.jsonl");
        File.WriteAllBytes(log, File.ReadAllBytes(log)[..^20]);
        var page = Parse(File.ReadAllText(RunReport.Write(folder.Path)));
        Assert.Contains($"not finished: {run.Events.Length - 1} events so far", page.Value);
        Assert.Contains($"events.jsonl, line {run.Events.Length}: half-written", page.Value);
    }

    [Fact]
    public void A_folder_that_is_not_there_is_named() =>
        Assert.Contains("no/such/run", Assert.Throws<AttuneException>(() => RunReport.Write("no/such/run")).Message);

    [Fact]
    public void Before_and_after_are_the_first_and_last_answers_to_a_prompt()
    {
        SampleEvent Answer(long updates, string text) => new("ppo", updates, 0, "The film was", text, null, null, null);
        var page = Parse(
            RunReport.Render(Nothing with { Samples = [Answer(0, "a dull film"), Answer(50, "a fine film"), Answer(100, "a superb film")] })
        );
        Assert.Equal(
            ["a dull film", "a superb film"],
            page.Descendants("p").Where(p => (string?)p.Attribute("class") == "answer").Select(p => p.Value)
        );
        Assert.Equal("superb", page.Descendants("ins").Single().Value);
    }

    [Theory]
    [InlineData(1.0, 2.0, "rose by 1.00 while the optimised proxy rose by 2.00")]
    [InlineData(-0.5, 2.0, "the policy exploited the reward model")]
    [InlineData(-0.5, -0.1, "Neither reward rose")]
    public void The_verdict_follows_from_the_figures(double gold, double proxy, string expected)
    {
        var run = Nothing with
        {
            Result = new RunResult(
                "r",
                "1",
                1,
                new Dictionary<string, double?>
                {
                    ["gold_reward_before"] = 0,
                    ["gold_reward_after"] = gold,
                    ["proxy_reward_before"] = 0,
                    ["proxy_reward_after"] = proxy,
                },
                []
            ),
        };
        Assert.Contains(expected, HeadlineSection.Sentence(run));
    }

    [Fact]
    public void Over_optimisation_is_said_where_gold_fell_from_its_peak()
    {
        ImmutableArray<PlotPoint> gold = [new(0, 0), new(2, 1), new(3, 0.4)];
        Assert.Contains("peaked at 1.00, 4.00 nats from the reference, and ended at 0.40", FrontierSection.Reading(gold, gold));
        Assert.DoesNotContain("too long", FrontierSection.Reading(gold.RemoveAt(2), gold));
    }
}
