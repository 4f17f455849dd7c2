using Attune.Reports.Html;
using Attune.Reports.Runs;

namespace Attune.Reports.Sections;

/// <summary>What could not be read from the run folder.</summary>
internal static class RemarkSection
{
    public static void Write(Markup html, RunRecord run)
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
}
