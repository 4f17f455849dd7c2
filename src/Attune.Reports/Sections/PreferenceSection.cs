using Attune.Core.Runs;
using Attune.Reports.Html;
using Attune.Reports.Runs;

namespace Attune.Reports.Sections;

/// <summary>How a direct preference method changed the held-out chosen and rejected answers, in one sentence.</summary>
internal static class PreferenceSection
{
    public static void Write(Markup html, RunRecord run, string stage)
    {
        if (Reading([.. run.EventsOf(stage)]) is { } reading)
        {
            html.Element("p", reading);
        }
    }

    /// <summary>Null where the stage has no such figures.</summary>
    internal static string? Reading(RunEvent[] events)
    {
        RunEvent[] looks =
        [
            .. events
                .Where(e => e.Metrics.ContainsKey("eval_logps/chosen") && e.Metrics.ContainsKey("eval_logps/rejected"))
                .OrderBy(e => e.Updates),
        ];
        if (looks.Length < 2)
        {
            return null;
        }

        var (chosen, rejected) = (Change(looks, "eval_logps/chosen"), Change(looks, "eval_logps/rejected"));
        var sentence =
            $"On held-out pairs the log-probability of chosen answers changed by {Figure.Change(chosen)} nats and that of "
            + $"rejected ones by {Figure.Change(rejected)}";
        return (chosen >= 0, chosen > rejected) switch
        {
            (true, true) => sentence + ": the policy moved towards the chosen answers.",
            (false, true) => sentence
                + ": chosen answers lead only because rejected ones fell faster; the probability went to answers outside the data.",
            (_, false) => sentence + ": the policy did not learn to distinguish them.",
        };
    }

    private static double Change(RunEvent[] looks, string metric) => looks[^1].Metrics[metric] - looks[0].Metrics[metric];
}
