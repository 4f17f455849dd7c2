using System.Collections.Immutable;
using Attune.Core.Runs;
using Attune.Reports.Html;
using Attune.Reports.Runs;

namespace Attune.Reports.Sections;

/// <summary>Answers to the fixed prompts, before and after, side by side.</summary>
internal static class SampleSection
{
    public static bool Has(RunRecord run) => Pairs(run).Any();

    public static void Write(Markup html, RunRecord run)
    {
        // The last stage is open; earlier ones can be opened.
        var stages = Pairs(run).Reverse().ToArray();
        if (stages.Length == 0)
        {
            return;
        }

        using (html.Open("section", ("id", "samples")))
        {
            html.Element("h2", "Before and after");
            html.Element(
                "p",
                "Answers to the run's fixed prompts. Words that do not appear in the other answer are marked.",
                ("class", "lead")
            );
            foreach (var (stage, pairs) in stages)
            {
                using (stage == stages[0].Stage ? html.Open("details", ("open", "open")) : html.Open("details"))
                {
                    html.Element("summary", run.TitleOf(stage));
                    foreach (var (before, after) in pairs)
                    {
                        WritePair(html, before, after);
                    }
                }
            }
        }
    }

    private static IEnumerable<(string Stage, ImmutableArray<(SampleEvent Before, SampleEvent After)> Pairs)> Pairs(RunRecord run) =>
        run
            .Samples.GroupBy(sample => sample.Stage, StringComparer.Ordinal)
            .Select(stage =>
                (
                    stage.Key,
                    stage
                        .GroupBy(sample => sample.PromptIndex)
                        .OrderBy(prompt => prompt.Key)
                        .Select(prompt => (Before: prompt.MinBy(sample => sample.Updates)!, After: prompt.MaxBy(sample => sample.Updates)!))
                        .Where(pair => pair.Before.Updates < pair.After.Updates)
                        .ToImmutableArray()
                )
            )
            .Where(stage => stage.Item2.Length > 0);

    private static void WritePair(Markup html, SampleEvent before, SampleEvent after)
    {
        var (old, now) = WordDifference.Between(before.Answer, after.Answer);
        using (html.Open("article", ("class", "card sample")))
        {
            html.Element("p", before.Prompt, ("class", "prompt"));
            using (html.Open("div", ("class", "pair")))
            {
                WriteAnswer(html, before, old, "Before", "del");
                WriteAnswer(html, after, now, "After", "ins");
            }
        }
    }

    private static void WriteAnswer(Markup html, SampleEvent sample, ImmutableArray<TextSegment> runs, string title, string mark)
    {
        using (html.Open("div"))
        {
            using (html.Open("h4"))
            {
                html.Text(title + " ").Element("small", "update " + Figure.Brief(sample.Updates));
            }

            using (html.Open("p", ("class", "answer")))
            {
                foreach (var run in runs)
                {
                    _ = run.Changed ? html.Element(mark, run.Text) : html.Text(run.Text);
                }

                if (sample.Answer.Length == 0)
                {
                    html.Element("em", "(empty)");
                }
            }

            var figures = new[] { ("gold", sample.Gold), ("proxy", sample.Proxy), ("KL", sample.Kl) }
                .Where(figure => figure.Item2 is not null)
                .ToArray();
            if (figures.Length > 0)
            {
                using (html.Open("p", ("class", "scores")))
                {
                    foreach (var (name, value) in figures)
                    {
                        using (html.Open("span"))
                        {
                            html.Text(name + " ").Element("b", Figure.Fixed(value!.Value));
                        }

                        html.Text(" ");
                    }
                }
            }
        }
    }
}
