using Attune.Core.Runs;
using Attune.Reports.Html;
using Attune.Reports.Runs;

namespace Attune.Reports.Sections;

/// <summary>One stage: what happened, its curves, and its final figures.</summary>
internal static class StageSection
{
    /// <param name="link">The address of a snapshot from where the page is shown.</param>
    public static void Write(Markup html, RunRecord run, string stage, Func<LearnedSnapshot, string> link)
    {
        using (html.Open("section", ("id", Anchor(run, stage))))
        {
            html.Element("h2", run.TitleOf(stage));
            html.Element("p", WhatHappened(run, stage), ("class", "lead"));
            if (run.ResultOf(stage) is { } result)
            {
                SnapshotLines.Write(html, result, link);
                Notes(html, result);
                CalibrationSection.Write(html, result);
                RevisionSection.Write(html, result);
                MarkedSection.Write(html, result);
            }

            PreferenceSection.Write(html, run, stage);

            if (AccuracyApart(run, stage) is { } apart)
            {
                html.Element("p", apart, ("class", "lead"));
            }

            CurveSection.Write(html, run, stage);
            if (run.ResultOf(stage) is { Metrics.Count: > 0 } finished)
            {
                Figures(html, finished);
            }
        }
    }

    public static string Anchor(RunRecord run, string stage) => "stage-" + run.Stages.ToList().IndexOf(stage);

    private static string WhatHappened(RunRecord run, string stage)
    {
        var events = run.EventsOf(stage).ToArray();
        var parts = new List<string>();
        if (
            run.ResultOf(stage) is { } measured
            && measured.Metrics.TryGetValue("prompts", out var prompts)
            && measured.Metrics.TryGetValue("answers", out var answers)
        )
        {
            return $"{Figure.Count((long)answers, "answer")} to {Figure.Count((long)prompts, "prompt")}, in "
                + $"{Figure.Duration(measured.Seconds)}.";
        }

        if (events.Length > 0)
        {
            parts.Add(Figure.Count(events.Max(e => e.Updates), "update"));
            if (events.Max(e => e.Round) is > 0 and var rounds)
            {
                parts.Add("in " + Figure.Count(rounds, "round"));
            }

            if (events.Max(e => e.Items) is > 0 and var items)
            {
                parts.Add("over " + Figure.Count(items, "item"));
            }
        }

        if (run.ResultOf(stage) is { } result)
        {
            parts.Add((events.Length == 0 ? "Took " : "in ") + Figure.Duration(result.Seconds));
        }

        return parts.Count == 0 ? "" : string.Join(' ', parts) + ".";
    }

    /// <summary>Why the curve of held-out accuracy does not end at the figure that stands above; null where it does.</summary>
    private static string? AccuracyApart(RunRecord run, string stage)
    {
        var measured = run.EventsOf(stage).Where(e => e.Metrics.ContainsKey("eval_accuracy")).MaxBy(e => e.Updates);
        if (
            measured is null
            || run.ResultOf(stage) is not { } result
            || !result.Metrics.TryGetValue("accuracy", out var final)
            || Figure.Percent(measured.Metrics["eval_accuracy"]) == Figure.Percent(final)
        )
        {
            return null;
        }

        var members = result.Metrics.GetValueOrDefault("members", 1);
        var last = Figure.Percent(measured.Metrics["eval_accuracy"]);
        return members > 1
            ? $"The curve of held-out accuracy is of one member after another and ends at {last}; the "
                + $"{Figure.Count((long)members, "member")} together order {Figure.Percent(final)} correctly."
            : $"The curve of held-out accuracy ends at {last}, measured after update {measured.Updates}; the finished model orders "
                + $"{Figure.Percent(final)} correctly.";
    }

    private static void Notes(Markup html, StageResult result)
    {
        if (result.Notes.IsEmpty)
        {
            return;
        }

        using (html.Open("ul", ("class", "notes")))
        {
            foreach (var note in result.Notes)
            {
                html.Element("li", note);
            }
        }
    }

    private static void Figures(Markup html, StageResult result)
    {
        using (html.Open("details"))
        {
            html.Element("summary", "All final metrics of this stage");
            using (html.Open("div", ("class", "scroll")))
            using (html.Open("table"))
            using (html.Open("tbody"))
            {
                foreach (var (name, value) in result.Metrics.OrderBy(metric => metric.Key, StringComparer.Ordinal))
                {
                    var metric = MetricCatalog.Find(name);
                    using (html.Open("tr"))
                    {
                        using (html.Open("th", ("scope", "row")))
                        {
                            html.Element("code", name);
                        }

                        html.Element("td", Figure.Brief(value), ("class", "number"));
                        html.Element("td", metric?.Unit is null or "1" ? "" : metric.Unit);
                        html.Element("td", metric?.Meaning ?? "");
                    }
                }
            }
        }
    }
}
