using System.Collections.Immutable;
using System.Xml.Linq;
using Attune.Core;
using Attune.Reports.Control;
using Attune.Testing;

namespace Attune.Reports.Tests;

public sealed class ControlReportTests
{
    private static readonly ShownEpisode Episode = new(
        "CartPole-v1",
        50,
        [
            [0, 0, 0.1f, 0],
            [0, 0, 0.2f, 0],
        ],
        [
            [1],
            [0],
        ],
        [1, 1]
    );

    [Fact]
    public void A_page_has_the_curves_the_seeds_and_an_episode_to_draw()
    {
        var page = XDocument.Parse(ControlReport.Render(Result()).Replace("<!DOCTYPE html>", "", StringComparison.Ordinal)).Root!;
        var replay = page.Descendants("figure").Single(f => ((string?)f.Attribute("class"))?.Contains("replay") == true);
        Assert.Equal(Episode.ToJson(), (string?)replay.Attribute("data-episode"));
        Assert.Contains(page.Descendants("td"), t => t.Value == "60"); // the mean of 50 and 70
        Assert.Equal(2, page.Descendants("svg").Count()); // returns and correlation; no labels, no losses
        Assert.Equal(2, page.Descendants("script").Count());
        Assert.Contains(page.Descendants("p"), p => p.Value == "a note & more");
    }

    [Fact]
    public void A_result_comes_back_as_it_was_and_its_median_is_over_seeds()
    {
        using var folder = new TemporaryFolder();
        var result = Result();
        Assert.Equal(80, result.MedianReturn); // of 60, 80 and 500
        result.Write(folder.Path);
        Assert.Equal(result.ToJson(), ControlResult.Read(folder.Path).ToJson());
        File.WriteAllText(folder.File("result.json"), "{");
        Assert.Contains(
            "no result of 'attune control'",
            Assert.Throws<DataException>(() => ControlResult.Read(folder.Path)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_clip_is_a_text_and_other_texts_are_no_clips()
    {
        Assert.Equal(Episode.ToJson(), ClipText.Read(ClipText.Write(Episode))!.ToJson());
        Assert.All(
            (string[])["", "A clip", "{\"clip\":", "{\"clip\":{}}", "{\"clip\":null}", ClipText.Write(Episode with { Actions = [] })],
            text => Assert.Null(ClipText.Read(text))
        );
    }

    private static ControlResult Result() =>
        new(
            "preferences",
            "CartPole-v1",
            "1.0",
            "2 processors",
            ImmutableSortedDictionary<string, string>.Empty.Add("steps", "200"),
            ["a note & more"],
            [
                new ControlSeed(0, 200, 3, [50, 70], [new ControlPoint(100, 20, Correlation: 0.5), new ControlPoint(200, 60)], Episode),
                new ControlSeed(1, 200, 3, [500], [], null),
                new ControlSeed(2, 200, 3, [80], [], null),
            ]
        );
}
