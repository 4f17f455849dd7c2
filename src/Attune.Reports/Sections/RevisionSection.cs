using System.Collections.Immutable;
using Attune.Core.Runs;
using Attune.Reports.Html;

namespace Attune.Reports.Sections;

/// <summary>Answers beside what became of them, with the critiques between, for Constitutional AI.</summary>
internal static class RevisionSection
{
    public static void Write(Markup html, StageResult stage)
    {
        if (stage.Revisions is not { IsDefaultOrEmpty: false } records)
        {
            return;
        }

        html.Element("h3", "Critiques and revisions");
        foreach (var record in records)
        {
            var (old, now) = WordDifference.Between(record.Response, record.Final);
            using (html.Open("article", ("class", "card sample")))
            {
                html.Element("p", record.Prompt, ("class", "prompt"));
                using (html.Open("div", ("class", "pair")))
                {
                    WriteAnswer(html, "Answer", old, "del");
                    WriteAnswer(html, "Revision", now, "ins");
                }

                WriteRounds(html, record.Rounds);
            }
        }
    }

    private static void WriteRounds(Markup html, ImmutableArray<RevisionRound> rounds)
    {
        using (html.Open("ul", ("class", "notes")))
        {
            foreach (var round in rounds)
            {
                using (html.Open("li"))
                {
                    html.Element("code", round.Principle).Text(" " + round.Critique);
                }
            }
        }
    }

    private static void WriteAnswer(Markup html, string title, ImmutableArray<TextSegment> segments, string mark)
    {
        using (html.Open("div"))
        {
            html.Element("h4", title);
            using (html.Open("p", ("class", "answer")))
            {
                foreach (var segment in segments)
                {
                    _ = segment.Changed ? html.Element(mark, segment.Text) : html.Text(segment.Text);
                }
            }
        }
    }
}
