using Attune.Core.Runs;
using Attune.Reports.Sections;

namespace Attune.Reports;

/// <summary>
/// The parts of a run's report as pieces of HTML, for pages that bring their own frame and style sheet: no scripts, no style attributes,
/// nothing fetched, every text encoded.
/// </summary>
public static class RunFragment
{
    /// <summary>Verdict, remarks, reward against distance, samples, and each stage with its curves.</summary>
    /// <param name="link">The address of the page of a snapshot.</param>
    public static string Body(RunRecord run, Func<LearnedSnapshot, string> link)
    {
        var html = new Markup();
        if (run.Result is not null)
        {
            VerdictSection.Write(html, run);
        }
        RunReport.RemarkSection(html, run);
        FrontierSection.Write(html, run);
        SampleSection.Write(html, run);
        foreach (var stage in run.Stages)
        {
            StageSection.Write(html, run, stage, link);
        }

        TimeSection.Write(html, run);
        RunReport.RecipeSection(html, run);
        return html.ToString();
    }
}
