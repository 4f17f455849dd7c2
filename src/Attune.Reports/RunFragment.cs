using Attune.Core.Runs;
using Attune.Reports.Html;
using Attune.Reports.Runs;
using Attune.Reports.Sections;

namespace Attune.Reports;

/// <summary>
/// The parts of a run's report as pieces of HTML, for pages with a frame and style sheet of their own. They have no scripts and no style
/// attributes, load nothing, and encode every text.
/// </summary>
public static class RunFragment
{
    /// <summary>Main figures, remarks, reward against distance, samples, and each stage with its curves.</summary>
    /// <param name="link">The address of the page of a snapshot.</param>
    public static string Body(RunRecord run, Func<LearnedSnapshot, string> link)
    {
        var html = new Markup();
        if (run.Result is not null)
        {
            HeadlineSection.Write(html, run);
        }
        RemarkSection.Write(html, run);
        FrontierSection.Write(html, run);
        SampleSection.Write(html, run);
        foreach (var stage in run.Stages)
        {
            StageSection.Write(html, run, stage, link);
        }

        TimeSection.Write(html, run);
        RecipeSection.Write(html, run.Recipe);
        return html.ToString();
    }
}
