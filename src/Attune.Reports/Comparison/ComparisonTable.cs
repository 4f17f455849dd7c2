using Attune.Reports.Html;
using Attune.Reports.Sections;

namespace Attune.Reports.Comparison;

/// <summary>The main figures of runs, a row a run and a column a figure that some run has.</summary>
internal static class ComparisonTable
{
    public static void Write(Markup html, IReadOnlyList<ComparedRun> runs)
    {
        HeadlineFigure[][] figures = [.. runs.Select(r => HeadlineFigure.Of(r.Run).ToArray())];
        string[] titles = [.. figures.SelectMany(f => f.Select(x => x.Title)).Distinct()];
        using (html.Open("div", ("class", "scroll")))
        using (html.Open("table"))
        {
            using (html.Open("thead"))
            using (html.Open("tr"))
            {
                html.Element("th", "Run", ("scope", "col"));
                foreach (var title in titles)
                {
                    html.Element("th", title, ("scope", "col"), ("class", "number"));
                }
            }

            using (html.Open("tbody"))
            {
                foreach (var (run, own) in runs.Zip(figures))
                {
                    Row(html, run, titles.Select(t => own.FirstOrDefault(f => f.Title == t)));
                }
            }
        }
    }

    private static void Row(Markup html, ComparedRun run, IEnumerable<HeadlineFigure?> figures)
    {
        using (html.Open("tr", ("class", "hue-" + (int)run.Hue)))
        {
            html.Element("th", run.Run.Result is null ? run.Label + " (not finished)" : run.Label, ("scope", "row"));
            foreach (var figure in figures)
            {
                html.Element(
                    "td",
                    figure is null ? ""
                        : figure.Before is null ? figure.Value
                        : $"{figure.Before} → {figure.Value}",
                    ("class", "number")
                );
            }
        }
    }
}
