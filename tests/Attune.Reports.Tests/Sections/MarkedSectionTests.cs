using Attune.Core.Runs;
using Attune.Reports.Html;
using Attune.Reports.Sections;

namespace Attune.Reports.Tests.Sections;

public sealed class MarkedSectionTests
{
    [Fact]
    public void Parts_are_marked_where_they_are_once_for_each_that_judges()
    {
        var page = Page(
            new MarkedAnswer("Why?", "😀 Good. <Bad>.", [new(0, 7, "style", 0.9), new(8, 14, "style", 0.25), new(8, 14, "blame", 0)])
        );
        Assert.Contains(
            """<ins title="nothing wrong: 0.90">😀 Good.</ins> <del title="nothing wrong: 0.25">&lt;Bad&gt;.</del>""",
            page,
            StringComparison.Ordinal
        );
        Assert.Contains("""😀 Good. <del title="nothing wrong: 0.00">&lt;Bad&gt;.</del>""", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Places_that_overlap_or_do_not_exist_show_the_text_once()
    {
        var page = Page(
            new MarkedAnswer("Why?", "abcdef", [new(1, 4, "m", 0), new(2, 5, "m", 1), new(5, 99, "m", 0), new(0, 0, "none", 0)])
        );
        Assert.Contains(
            """a<del title="nothing wrong: 0.00">bcd</del><ins title="nothing wrong: 1.00">e</ins><del title="nothing wrong: 0.00">f</del>""",
            page,
            StringComparison.Ordinal
        );
        Assert.Contains("abcdef", page, StringComparison.Ordinal);
    }

    private static string Page(MarkedAnswer answer)
    {
        var html = new Markup();
        MarkedSection.Write(html, new StageResult("s", 0, new Dictionary<string, double>()) { Marked = [answer] });
        return html.ToString();
    }
}
