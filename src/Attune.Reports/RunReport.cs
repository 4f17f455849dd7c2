using Attune.Core.Files;
using Attune.Core.Runs;
using Attune.Reports.Html;
using Attune.Reports.Runs;
using Attune.Reports.Sections;

namespace Attune.Reports;

/// <summary>
/// <c>report.html</c>: one file that loads nothing and links only to the snapshots that the run was trained on, for screens from phone to
/// desktop, light and dark, and paper.
/// </summary>
public static class RunReport
{
    /// <summary>Reads <paramref name="runFolder"/> and writes its <c>report.html</c>, also for a run that is not finished.</summary>
    /// <returns>The path of the report.</returns>
    /// <exception cref="Core.AttuneException">The folder cannot be read, or the report not written.</exception>
    public static string Write(string runFolder)
    {
        var path = new RunFolder(runFolder).ReportFile;
        AtomicFile.WriteText(path, Render(RunRecord.Read(runFolder)));
        return path;
    }

    public static string Render(RunRecord run) => PageTemplate.Render(run.Name, html => Body(html, run));

    private static void Body(Markup html, RunRecord run)
    {
        HeadlineSection.Write(html, run);
        Contents(html, run);
        RemarkSection.Write(html, run);
        FrontierSection.Write(html, run);
        SampleSection.Write(html, run);
        foreach (var stage in run.Stages)
        {
            StageSection.Write(html, run, stage, snapshot => snapshot.ManifestLink());
        }

        TimeSection.Write(html, run);
        RecipeSection.Write(html, run.Recipe);
        html.Element(
            "footer",
            "In noisy figures, the thin line shows the logged values and the bold line their moving average; the number at the end "
                + "belongs to the average. A triangle marks a value that was not a number."
        );
    }

    private static void Contents(Markup html, RunRecord run)
    {
        var links = new List<(string Anchor, string Title)>();
        if (FrontierSection.Has(run))
        {
            links.Add(("frontier", "Reward against distance"));
        }

        if (SampleSection.Has(run))
        {
            links.Add(("samples", "Before and after"));
        }

        links.AddRange(run.Stages.Select(stage => (StageSection.Anchor(run, stage), run.TitleOf(stage))));
        if (TimeSection.Has(run))
        {
            links.Add(("time", "Time"));
        }

        if (run.Recipe is not null)
        {
            links.Add(("recipe", "Recipe"));
        }

        if (links.Count < 2)
        {
            return;
        }

        using (html.Open("nav", ("aria-label", "Contents")))
        {
            foreach (var (anchor, title) in links)
            {
                html.Element("a", title, ("href", "#" + anchor));
            }
        }
    }
}
