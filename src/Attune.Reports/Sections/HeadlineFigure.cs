using Attune.Reports.Html;
using Attune.Reports.Runs;

namespace Attune.Reports.Sections;

/// <summary>Which change is an improvement.</summary>
internal enum DesiredChange
{
    Up,
    Down,
    None,
}

/// <summary>One main figure: its value after the run, and before it where measured.</summary>
internal sealed record HeadlineFigure(
    string Title,
    string Value,
    string? Before = null,
    double? Change = null,
    DesiredChange DesiredChange = DesiredChange.None,
    string? Remark = null
)
{
    public static IEnumerable<HeadlineFigure> Of(RunRecord run) =>
        new[]
        {
            BeforeAfter(run, "Gold reward", "gold_reward", DesiredChange.Up, "hidden utility, held-out prompts"),
            BeforeAfter(run, "Proxy reward", "proxy_reward", DesiredChange.Up, "the learned reward"),
            run.Summary("kl_nats") is { } kl
                ? new("KL from the reference", Figure.Fixed(kl) + " nats", Remark: "summed over each answer")
                : null,
            WinRate(run),
            run.Summary("reward_model_accuracy") is { } accuracy
                ? new("Reward-model accuracy", Figure.Percent(accuracy), Remark: "held-out comparisons")
                : null,
            run.Summary("preference_accuracy") is { } ordered
                ? new("Preference accuracy", Figure.Percent(ordered), Remark: Interval(run, "preference_accuracy") ?? "held-out pairs")
                : null,
            BeforeAfter(
                run,
                "Perplexity, pretrained model",
                "perplexity_pretrained",
                DesiredChange.Down,
                "of the answers; a large rise means less fluent text"
            ),
            BeforeAfter(
                run,
                "Answers with an unknown word",
                "unknown_word_share",
                DesiredChange.Down,
                "share of the answers with a word that the grammar does not know"
            ),
            run.Summary("seconds") is { } seconds ? new("Time", Figure.Duration(seconds), Remark: "whole run") : null,
        }.OfType<HeadlineFigure>();

    public void Write(Markup html)
    {
        using (html.Open("div", ("class", "card figure")))
        {
            html.Element("h2", Title);
            using (html.Open("p", ("class", "value")))
            {
                if (Before is not null)
                {
                    html.Element("span", Before, ("class", "before")).Element("span", " → ", ("class", "arrow"));
                }

                html.Element("b", Value);
            }

            using (html.Open("p", ("class", "remark")))
            {
                if (Change is { } change)
                {
                    var kind =
                        DesiredChange == DesiredChange.None || change == 0 ? "even"
                        : (change > 0) == (DesiredChange == DesiredChange.Up) ? "good"
                        : "bad";
                    html.Element("span", Figure.Change(change), ("class", "change " + kind)).Text(" ");
                }

                html.Text(Remark ?? "");
            }
        }
    }

    private static HeadlineFigure? BeforeAfter(RunRecord run, string title, string name, DesiredChange hope, string remark)
    {
        var (before, after) = (run.Summary(name + "_before"), run.Summary(name + "_after"));
        return after is not { } now ? null
            : before is { } then ? new(title, Figure.Fixed(now), Figure.Fixed(then), now - then, hope, remark)
            : new(title, Figure.Fixed(now), Remark: remark);
    }

    private static HeadlineFigure? WinRate(RunRecord run)
    {
        if (run.Summary("win_rate_vs_reference") is not { } rate)
        {
            return null;
        }

        return new("Win rate", Figure.Percent(rate), Remark: Interval(run, "win_rate_vs_reference") ?? "against the reference policy");
    }

    private static string? Interval(RunRecord run, string name) =>
        run.Summary(name + "_low") is { } low && run.Summary(name + "_high") is { } high
            ? $"95% interval {Figure.Percent(low)} to {Figure.Percent(high)}"
            : null;
}
