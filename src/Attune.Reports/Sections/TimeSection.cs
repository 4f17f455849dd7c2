using Attune.Core.Runs;
using Attune.Reports.Html;
using Attune.Reports.Plotting;
using Attune.Reports.Runs;

namespace Attune.Reports.Sections;

/// <summary>How long each stage took, and each of its parts where logged.</summary>
internal static class TimeSection
{
    // In the order of a round.
    private static readonly (string Metric, string Label)[] Parts =
    [
        ("time/checkpoint", "checkpoints"),
        ("time/repack", "copying weights to the sampler"),
        ("time/evaluation", "held-out answers"),
        ("time/rollout", "sampling"),
        ("time/reward", "rewards"),
        ("time/logprobs", "log-probabilities, values"),
        ("time/update", "updates"),
    ];

    public static bool Has(RunRecord run) => run.Result?.Stages.Any(stage => stage.Seconds > 0) == true;

    public static void Write(Markup html, RunRecord run)
    {
        if (!Has(run))
        {
            return;
        }

        using (html.Open("section", ("id", "time")))
        {
            html.Element("h2", "Where the time went");
            using (html.Open("div", ("class", "card bars")))
            {
                var stages = run.Result!.Stages;
                var longest = stages.Max(stage => stage.Seconds);
                var accounted = stages.Sum(stage => stage.Seconds);
                foreach (var stage in stages)
                {
                    Row(html, run.TitleOf(stage.Name), stage.Seconds, longest, accounted, "stage");
                    foreach (var (label, seconds) in PartsOf(run, stage))
                    {
                        Row(html, label, seconds, longest, accounted, "part");
                    }
                }

                if (run.Summary("seconds") is { } whole && whole - accounted > 0.02 * whole)
                {
                    Row(html, "Loading, evaluating and writing", whole - accounted, longest, whole, "stage");
                }
            }
        }
    }

    /// <summary>The parts that the stage logged, and the rest: loading, encoding, saving and the last checkpoint.</summary>
    private static (string Label, double Seconds)[] PartsOf(RunRecord run, StageResult stage)
    {
        var parts = Parts
            .Select(part =>
                (
                    part.Label,
                    Seconds: run.EventsOf(stage.Name)
                        .Sum(e => e.Metrics.TryGetValue(part.Metric, out var seconds) && double.IsFinite(seconds) ? seconds : 0)
                )
            )
            .Where(part => part.Seconds > 0)
            .ToArray();
        var rest = stage.Seconds - parts.Sum(part => part.Seconds);
        // The clock of a resumed stage starts at the resumption, so the parts can exceed it; then there is no rest.
        return parts.Length > 0 && rest > 0.01 * stage.Seconds ? [.. parts, ("other", rest)] : parts;
    }

    private static void Row(Markup html, string label, double seconds, double longest, double whole, string kind)
    {
        using (html.Open("div", ("class", "row " + kind)))
        {
            html.Element("span", label, ("class", "name"));
            var width = Markup.Number(Math.Clamp(100 * seconds / Math.Max(longest, double.Epsilon), 0.3, 100));
            using (
                html.Open(
                    "svg",
                    ("viewBox", "0 0 100 10"),
                    ("preserveAspectRatio", "none"),
                    ("aria-hidden", "true"),
                    ("class", "hue-" + (int)Hue.Blue)
                )
            )
            {
                html.Empty("rect", ("class", "fill"), ("width", width), ("height", "10"));
            }

            html.Element(
                "span",
                $"{Figure.Duration(seconds)} · {Figure.Percent(seconds / Math.Max(whole, double.Epsilon))}",
                ("class", "amount")
            );
        }
    }
}
