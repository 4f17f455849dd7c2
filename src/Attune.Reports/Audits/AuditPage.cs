using System.Globalization;
using Attune.Reports.Html;
using Attune.Reports.Sections;

namespace Attune.Reports.Audits;

/// <summary><c>audit.html</c>: one section a presumption, one table row a measure.</summary>
internal static class AuditPage
{
    public static string Render(AuditReport report) =>
        PageTemplate.Render(
            "Audit of " + report.Source,
            html =>
            {
                Header(html, report);
                foreach (var (number, title) in AuditReport.Presumptions)
                {
                    Section(html, report, number, title);
                }
            }
        );

    /// <summary>A figure with its interval, as the terminal shows it too.</summary>
    public static string Value(AuditFinding finding) =>
        finding switch
        {
            { Value: null } => "–",
            { Low: null } => Number(finding.Value.Value),
            _ => $"{Number(finding.Value.Value)} ({Number(finding.Low.Value)} to {Number(finding.High!.Value)})",
        };

    private static string Number(double value) => value.ToString("0.000", CultureInfo.InvariantCulture);

    private static string P(double? p) =>
        p switch
        {
            null => "–",
            < 0.0001 => "< 0.0001",
            _ => p.Value.ToString("0.0000", CultureInfo.InvariantCulture),
        };

    private static void Header(Markup html, AuditReport report)
    {
        using (html.Open("header"))
        {
            html.Element("p", "Attune audit", ("class", "kicker"));
            html.Element("h1", report.Source);
            html.Element(
                "p",
                $"{report.Judgements} judged pairs of {report.Prompts} prompts; "
                    + (report.People == 0 ? "who judged is not recorded." : $"{report.People} people."),
                ("class", "verdict")
            );
        }
    }

    private static void Section(Markup html, AuditReport report, int number, string title)
    {
        using (html.Open("section", ("id", $"presumption-{number}")))
        {
            html.Element("h2", $"{number}. {title}");
            html.Element("p", report.Sentence(number));
            foreach (var figure in report.Figures.Where(f => f.Presumption == number))
            {
                using (html.Open("div", ("class", "grid")))
                using (html.Open("figure", ("class", "card")))
                {
                    FigureCaption.Write(html, figure.Plot.Title, "", figure.Hint);
                    html.Verbatim(figure.Plot.ToSvg());
                }
            }

            Table(html, [.. report.Findings.Where(f => f.Presumption == number)]);
        }
    }

    private static void Table(Markup html, AuditFinding[] findings)
    {
        if (findings.Length == 0)
        {
            return;
        }

        using (html.Open("table"))
        {
            using (html.Open("tr"))
            {
                foreach (
                    var head in new[]
                    {
                        "Measure",
                        "Figure (95%)",
                        "Units",
                        "p",
                        "p, corrected",
                        "Verdict",
                        "What it means",
                        "What could be done",
                        "Limits",
                    }
                )
                {
                    html.Element("th", head);
                }
            }

            foreach (var finding in findings)
            {
                Row(html, finding);
            }
        }
    }

    private static void Row(Markup html, AuditFinding finding)
    {
        using (html.Open("tr"))
        {
            html.Element("td", finding.Measure).Element("td", Value(finding));
            html.Element("td", finding.Units.ToString(CultureInfo.InvariantCulture));
            html.Element("td", P(finding.P)).Element("td", P(finding.Adjusted));
            html.Element("td", finding.Verdict == AuditVerdict.CannotTell ? "cannot tell" : finding.Verdict.ToString().ToLowerInvariant());
            html.Element("td", finding.Meaning).Element("td", finding.Remedy).Element("td", finding.Limits);
        }
    }
}
