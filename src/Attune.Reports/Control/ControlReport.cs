using System.Collections.Immutable;
using System.Globalization;
using Attune.Core.Files;
using Attune.Reports.Html;
using Attune.Reports.Plotting;

namespace Attune.Reports.Control;

/// <summary><c>report.html</c> of a run in which agents act: curves a seed, and an episode of each, drawn from its numbers.</summary>
public static class ControlReport
{
    public static string Write(string folder, ControlResult result)
    {
        var path = Path.Combine(folder, "report.html");
        AtomicFile.WriteText(path, Render(result));
        return path;
    }

    public static string Render(ControlResult result) =>
        PageTemplate.Render($"{result.Kind} on {result.Environment}", html => Body(html, result), PageTemplate.Episodes);

    /// <summary>A page of episodes alone.</summary>
    public static void WriteEpisodes(string path, string environment, IReadOnlyList<ShownEpisode> episodes) =>
        AtomicFile.WriteText(
            path,
            PageTemplate.Render(
                environment,
                html =>
                {
                    html.Element("h1", environment);
                    Episodes(html, episodes.Select((e, i) => ($"episode {i + 1}: return {Figure.Brief(e.Rewards.Sum())}", e)));
                },
                PageTemplate.Episodes
            )
        );

    private static void Body(Markup html, ControlResult result)
    {
        Header(html, result);
        using (html.Open("section"))
        {
            html.Element("h2", "Training");
            using (html.Open("div", ("class", "grid")))
            {
                Curve(html, result, "Return", "mean of a round's episodes, by the environment's own reward", p => p.Return);
                Curve(html, result, "Labels", "taken in so far", p => p.Labels);
                Curve(
                    html,
                    result,
                    "Learned against true reward",
                    "correlation over the states that a round visited; a high one alone does not make a good policy",
                    p => p.Correlation
                );
                Curve(html, result, "Loss of the reward networks", "nats a label that is trained on; 0.69 is chance", p => p.Loss);
                Curve(html, result, "Loss on held-out labels", "nats a label that a network never saw", p => p.HeldOutLoss);
            }
        }

        Seeds(html, result);
        Episodes(
            html,
            result.Seeds.Where(s => s.Episode is not null).Select(s => ($"seed {s.Seed}: return {Figure.Brief(s.Returns[0])}", s.Episode!))
        );
        Settings(html, result);
    }

    private static void Header(Markup html, ControlResult result)
    {
        using (html.Open("header"))
        {
            html.Element("p", "Attune control", ("class", "kicker"));
            html.Element("h1", $"{result.Kind} on {result.Environment}");
            using (html.Open("dl", ("class", "facts")))
            {
                Fact(html, "Median return", Figure.Brief(result.MedianReturn));
                Fact(html, "Seeds", string.Join(", ", result.Seeds.Select(s => s.Seed)));
                Fact(html, "Test episodes a seed", result.Seeds[0].Returns.Length.ToString(CultureInfo.InvariantCulture));
                Fact(html, "Machine", result.Machine);
                Fact(html, "Version", result.Version);
            }
        }

        foreach (var note in result.Notes)
        {
            html.Element("p", note, ("class", "note"));
        }
    }

    private static void Fact(Markup html, string name, string value)
    {
        using (html.Open("div"))
        {
            html.Element("dt", name).Element("dd", value);
        }
    }

    private static void Curve(Markup html, ControlResult result, string title, string hint, Func<ControlPoint, double?> of)
    {
        ImmutableArray<Series> series =
        [
            .. result.Seeds.Select(
                (seed, i) =>
                    new Series(
                        $"seed {seed.Seed}",
                        (Hue)(i % 8),
                        Drawing.Line,
                        [.. seed.Curve.Where(p => of(p) is not null).Select(p => new PlotPoint(p.Steps, of(p)!.Value))]
                    )
            ),
        ];
        if (series.All(s => s.Points.IsEmpty))
        {
            return;
        }

        using (html.Open("figure", ("class", "card")))
        {
            using (html.Open("figcaption"))
            {
                html.Element("strong", title).Text(" ").Element("span", hint);
            }

            html.Verbatim(new Plot(title, new Axis("steps"), new Axis(""), series).ToSvg());
        }
    }

    private static void Seeds(Markup html, ControlResult result)
    {
        using (html.Open("section"))
        {
            html.Element("h2", "Seeds");
            using (html.Open("table", ("class", "figures")))
            {
                Row(html, "th", ["seed", "mean return", "least", "most", "steps", "time"]);
                foreach (var seed in result.Seeds)
                {
                    Row(
                        html,
                        "td",
                        [
                            seed.Seed.ToString(CultureInfo.InvariantCulture),
                            Figure.Brief(seed.Returns.Average()),
                            Figure.Brief(seed.Returns.Min()),
                            Figure.Brief(seed.Returns.Max()),
                            seed.Steps.ToString("#,0", CultureInfo.InvariantCulture),
                            Figure.Duration(seed.Seconds),
                        ]
                    );
                }
            }
        }
    }

    private static void Row(Markup html, string cell, string[] texts)
    {
        using (html.Open("tr"))
        {
            foreach (var text in texts)
            {
                html.Element(cell, text);
            }
        }
    }

    private static void Episodes(Markup html, IEnumerable<(string Caption, ShownEpisode Episode)> episodes)
    {
        using (html.Open("section"))
        {
            html.Element("h2", "Episodes");
            html.Element("p", "Test episodes, drawn from their recorded steps.");
            using (html.Open("div", ("class", "grid")))
            {
                foreach (var (caption, episode) in episodes)
                {
                    using (html.Open("figure", ("class", "card replay"), ("data-episode", episode.ToJson())))
                    {
                        html.Element("figcaption", caption);
                    }
                }
            }
        }
    }

    private static void Settings(Markup html, ControlResult result)
    {
        using (html.Open("section"))
        {
            html.Element("h2", "Settings");
            using (html.Open("table", ("class", "figures")))
            {
                foreach (var (name, value) in result.Settings)
                {
                    Row(html, "td", [name, value]);
                }
            }
        }
    }
}
