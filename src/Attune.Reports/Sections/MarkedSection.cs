using System.Globalization;
using Attune.Core.Conversations;
using Attune.Core.Runs;
using Attune.Reports.Html;

namespace Attune.Reports.Sections;

/// <summary>Answers with the parts that people marked, or that models judged: the text once for each that judges it.</summary>
internal static class MarkedSection
{
    public static void Write(Markup html, StageResult stage)
    {
        if (stage.Marked is not { IsDefaultOrEmpty: false } answers)
        {
            return;
        }

        html.Element("h3", "Parts of answers");
        html.Element(
            "p",
            "Red: something is wrong with the part. Green: a model finds nothing wrong. Hold the pointer over a part for how sure it is."
        );
        foreach (var answer in answers)
        {
            using (html.Open("article", ("class", "card sample")))
            {
                html.Element("p", answer.Prompt, ("class", "prompt"));
                WriteAnswer(html, answer);
            }
        }
    }

    private static void WriteAnswer(Markup html, MarkedAnswer answer)
    {
        if (answer.Parts.IsEmpty)
        {
            html.Element("p", answer.Answer, ("class", "answer"));
            return;
        }

        foreach (var judged in answer.Parts.GroupBy(p => p.By, StringComparer.Ordinal))
        {
            html.Element("h4", judged.Key);
            using (html.Open("p", ("class", "answer")))
            {
                WriteParts(html, answer.Answer, judged);
            }
        }
    }

    private static void WriteParts(Markup html, string text, IEnumerable<MarkedPart> parts)
    {
        var (at, end) = (0, CodePoints.Count(text));
        foreach (var part in parts.OrderBy(p => p.Start))
        {
            // Parts may overlap, and a file may say places that the text does not have.
            var (start, stop) = (Math.Clamp(part.Start, at, end), Math.Clamp(part.End, at, end));
            html.Text(CodePoints.Slice(text, at, start));
            if (start < stop)
            {
                var sure = string.Create(CultureInfo.InvariantCulture, $"nothing wrong: {part.Good:0.00}");
                html.Element(part.Good > 0.5 ? "ins" : "del", CodePoints.Slice(text, start, stop), ("title", sure));
            }

            at = Math.Max(start, stop);
        }

        html.Text(CodePoints.Slice(text, at, end));
    }
}
