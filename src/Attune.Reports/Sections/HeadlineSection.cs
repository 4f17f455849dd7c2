using System.Globalization;
using Attune.Reports.Html;
using Attune.Reports.Runs;

namespace Attune.Reports.Sections;

/// <summary>The run's name, its facts, and its main figures as cards.</summary>
internal static class HeadlineSection
{
    public static void Write(Markup html, RunRecord run)
    {
        using (html.Open("header"))
        {
            html.Element("p", "Attune run", ("class", "kicker"));
            html.Element("h1", run.Name);
            using (html.Open("dl", ("class", "facts")))
            {
                foreach (var (name, value) in Facts(run))
                {
                    using (html.Open("div"))
                    {
                        html.Element("dt", name).Element("dd", value);
                    }
                }
            }

            Warnings(html, run);
            if ((Sentence(run) ?? OtherwiseSaid(run)) is { } sentence)
            {
                html.Element("p", sentence, ("class", "verdict"));
            }
        }

        var cards = HeadlineFigure.Of(run).ToArray();
        if (cards.Length == 0)
        {
            return;
        }

        using (html.Open("section", ("class", "cards"), ("aria-label", "Main figures")))
        {
            foreach (var card in cards)
            {
                card.Write(html);
            }
        }
    }

    private static void Warnings(Markup html, RunRecord run)
    {
        foreach (var (stage, problem) in run.Diverged)
        {
            html.Element(
                "p",
                $"Training has diverged in {stage}: {problem}. What was trained from there on is of no use.",
                ("class", "warning"),
                ("role", "alert")
            );
        }
    }

    private static IEnumerable<(string Name, string Value)> Facts(RunRecord run)
    {
        if (run.Result is null)
        {
            yield return ("State", $"not finished: {Figure.Count(run.Events.Length, "event")} so far");
            yield break;
        }

        if (run.Result.Started is { } started)
        {
            yield return ("Started", started.ToString("d MMMM yyyy, HH:mm 'UTC'zzz", CultureInfo.InvariantCulture));
        }

        yield return ("Seed", run.Result.Seed.ToString(CultureInfo.InvariantCulture));
        if (run.Result.Machine is { } machine)
        {
            yield return ("Machine", machine);
        }

        yield return ("Attune", run.Result.Version);
    }

    /// <summary>A sentence about both rewards; null unless both were measured.</summary>
    internal static string? Sentence(RunRecord run)
    {
        if (Change(run, "gold_reward") is not { } gold || Change(run, "proxy_reward") is not { } proxy)
        {
            return null;
        }

        var distance = run.Summary("kl_nats") is { } kl ? $", {Figure.Fixed(kl)} nats from the reference" : "";
        return (gold > 0, proxy > 0) switch
        {
            (true, true) =>
                $"The hidden gold reward, which was never used for training, rose by {Figure.Fixed(gold)} while the optimised proxy "
                    + $"rose by {Figure.Fixed(proxy)}{distance}.",
            (false, true) => $"The proxy rose by {Figure.Fixed(proxy)} but the hidden gold reward changed by "
                + $"{Figure.Change(gold)}{distance}: the policy exploited the reward model instead of learning the task.",
            (true, false) =>
                $"The hidden gold reward rose by {Figure.Fixed(gold)} although the proxy changed by {Figure.Change(proxy)}{distance}.",
            _ => $"Neither reward rose: gold changed by {Figure.Change(gold)} and the proxy by {Figure.Change(proxy)}{distance}.",
        };
    }

    /// <summary>A sentence about a run without two rewards: of the last stage that was measured on what was held out.</summary>
    internal static string? OtherwiseSaid(RunRecord run)
    {
        if (run.Result?.Stages.LastOrDefault(s => Sentences.Any(x => s.Metrics.ContainsKey(x.Metric))) is not { } stage)
        {
            return run.Result?.Stages.LastOrDefault(s => s.Metrics.GetValueOrDefault("held_out", double.NaN) == 0) is { } blind
                ? $"{blind.Title ?? blind.Name}: nothing was held out, so no figure says how well it was learned."
                : null;
        }

        return Sentences.First(x => stage.Metrics.ContainsKey(x.Metric)).Of(stage.Metrics);
    }

    /// <summary>By the metric that makes each possible, the most telling first.</summary>
    private static readonly (string Metric, Func<IReadOnlyDictionary<string, double>, string> Of)[] Sentences =
    [
        (
            "preference_accuracy",
            m =>
                "Of held-out pairs, the policy makes the chosen answer likelier than the rejected one, as against the model it began as, "
                + $"in {Figure.Percent(m["preference_accuracy"])}."
        ),
        ("accuracy", m => $"The reward model orders {Figure.Percent(m["accuracy"])} of what was held out as the labels do."),
        ("eval_perplexity", OfPerplexity),
    ];

    private static string OfPerplexity(IReadOnlyDictionary<string, double> metrics)
    {
        var now = metrics["eval_perplexity"];
        return !metrics.TryGetValue("eval_perplexity_before", out var then)
                ? $"On held-out texts, the model's perplexity is {Figure.Fixed(now)} a token."
            : now < then
                ? $"On held-out texts, the model's perplexity fell from {Figure.Fixed(then)} to {Figure.Fixed(now)} a token: it learned "
                    + "what the rows have in common."
            : $"On held-out texts, the model's perplexity went from {Figure.Fixed(then)} to {Figure.Fixed(now)} a token: it learned "
                + "nothing that helps with rows it has not seen.";
    }

    private static double? Change(RunRecord run, string reward) => run.Summary(reward + "_after") - run.Summary(reward + "_before");
}
