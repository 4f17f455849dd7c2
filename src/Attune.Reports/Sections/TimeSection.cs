using Attune.Core.Runs;
using Attune.Reports.Plotting;

namespace Attune.Reports.Sections;

/// <summary>Where the time went, by stage, and by part where the stage logged it.</summary>
internal static class TimeSection
{
    // In the order in which a round goes.
    private static readonly (string Metric, string Label)[] Parts =
    [
        ("time/checkpoint", "checkpoints"),
        ("time/repack", "weights to the engine"),
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
                    Row(html, "Loading, evaluating, writing", whole - accounted, longest, whole, "stage");
                }
            }
        }
    }

    /// <summary>What the stage logged, and what is left: loading, encoding, saving, and the last checkpoint.</summary>
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
        // A resumed stage's own clock knows nothing of the seconds before; then the parts are told without a rest.
        return parts.Length > 0 && rest > 0.01 * stage.Seconds ? [.. parts, ("the rest", rest)] : parts;
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
