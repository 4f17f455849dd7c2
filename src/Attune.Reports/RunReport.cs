using System.Security.Cryptography;
using System.Text;
using Attune.Core.Files;
using Attune.Core.Runs;
using Attune.Reports.Sections;

namespace Attune.Reports;

/// <summary>
/// <c>report.html</c>: one file that fetches nothing and links to nothing but the snapshots the run learned from, for screens from phone to
/// desktop, light and dark, and paper.
/// </summary>
public static class RunReport
{
    private static readonly string Style = Embedded("report.css");
    private static readonly string Script = Embedded("report.js");

    /// <summary>Reads <paramref name="runFolder"/> and writes its <c>report.html</c>, also for a run that is not finished.</summary>
    /// <returns>The path of the report.</returns>
    /// <exception cref="Core.AttuneException">The folder cannot be read, or the report not written.</exception>
    public static string Write(string runFolder)
    {
        var path = new RunFolder(runFolder).ReportFile;
        AtomicFile.WriteText(path, Render(RunRecord.Read(runFolder)));
        return path;
    }

    public static string Render(RunRecord run) => Page(run.Name, html => Body(html, run));

    /// <summary>A whole page in the reports' dress.</summary>
    /// <param name="body">Writes what stands in the page's one column.</param>
    internal static string Page(string title, Action<Markup> body)
    {
        var html = new Markup();
        html.Verbatim("<!DOCTYPE html>\n");
        using (html.Open("html", ("lang", "en")))
        {
            Head(html, title);
            using (html.Open("body"))
            {
                using (html.Open("main"))
                {
                    body(html);
                }

                html.Verbatim("<script>" + Script + "</script>");
            }
        }

        return html.Verbatim("\n").ToString();
    }

    private static void Head(Markup html, string title)
    {
        using (html.Open("head"))
        {
            html.Empty("meta", ("charset", "utf-8"));
            // Even if a text from a model slipped through unencoded, the browser would neither run nor fetch anything.
            var hash = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Script)));
            html.Empty(
                "meta",
                ("http-equiv", "Content-Security-Policy"),
                (
                    "content",
                    $"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'"
                )
            );
            html.Empty("meta", ("name", "viewport"), ("content", "width=device-width, initial-scale=1"));
            html.Element("title", title + " · Attune");
            html.Verbatim("<style>" + Style + "</style>");
        }
    }

    private static void Body(Markup html, RunRecord run)
    {
        VerdictSection.Write(html, run);
        Contents(html, run);
        RemarkSection(html, run);
        FrontierSection.Write(html, run);
        SampleSection.Write(html, run);
        foreach (var stage in run.Stages)
        {
            StageSection.Write(html, run, stage, snapshot => snapshot.ManifestLink());
        }

        TimeSection.Write(html, run);
        RecipeSection(html, run);
        html.Element(
            "footer",
            "Where a figure is noisy, the thin line is what was logged and the bold line its moving average; the number at its "
                + "end is the average's. A triangle marks a value that was not a number."
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

    internal static void RemarkSection(Markup html, RunRecord run)
    {
        if (run.Remarks.IsDefaultOrEmpty)
        {
            return;
        }

        using (html.Open("ul", ("class", "notes")))
        {
            foreach (var remark in run.Remarks)
            {
                html.Element("li", remark);
            }
        }
    }

    internal static void RecipeSection(Markup html, RunRecord run)
    {
        if (run.Recipe is null)
        {
            return;
        }

        using (html.Open("section", ("id", "recipe")))
        {
            html.Element("h2", "The recipe as it ran");
            html.Element("pre", run.Recipe.TrimEnd(), ("class", "card"));
        }
    }

    private static string Embedded(string name)
    {
        using var stream = typeof(RunReport).Assembly.GetManifestResourceStream("Attune.Reports." + name)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }
}
