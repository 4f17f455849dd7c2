namespace Attune.Reports.Sections;

/// <summary>Which direction of change a reader hopes for.</summary>
internal enum Hope
{
    Up,
    Down,
    None,
}

/// <summary>One main figure: a value now, and before where it was measured.</summary>
internal sealed record VerdictCard(
    string Title,
    string Value,
    string? Before = null,
    double? Change = null,
    Hope Hope = Hope.None,
    string? Remark = null
)
{
    public static IEnumerable<VerdictCard> Of(RunRecord run) =>
        new[]
        {
            BeforeAfter(run, "Gold reward", "gold_reward", Hope.Up, "hidden utility, held-out prompts"),
            BeforeAfter(run, "Proxy reward", "proxy_reward", Hope.Up, "the learned reward"),
            run.Summary("kl_nats") is { } kl
                ? new("KL from the reference", Figure.Fixed(kl) + " nats", Remark: "summed over an answer")
                : null,
            WinRate(run),
            run.Summary("reward_model_accuracy") is { } accuracy
                ? new("Reward-model accuracy", Figure.Percent(accuracy), Remark: "held-out comparisons")
                : null,
            run.Summary("preference_accuracy") is { } ordered
                ? new("Preference accuracy", Figure.Percent(ordered), Remark: Interval(run, "preference_accuracy") ?? "held-out pairs")
                : null,
            BeforeAfter(run, "Perplexity, pretrained model", "perplexity_pretrained", Hope.Down, "of the answers: is it still fluent?"),
            run.Summary("seconds") is { } seconds ? new("Time", Figure.Duration(seconds), Remark: "whole run") : null,
        }.OfType<VerdictCard>();

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
                        Hope == Hope.None || change == 0 ? "even"
                        : (change > 0) == (Hope == Hope.Up) ? "good"
                        : "bad";
                    html.Element("span", Figure.Change(change), ("class", "change " + kind)).Text(" ");
                }

                html.Text(Remark ?? "");
            }
        }
    }

    private static VerdictCard? BeforeAfter(RunRecord run, string title, string name, Hope hope, string remark)
    {
        var (before, after) = (run.Summary(name + "_before"), run.Summary(name + "_after"));
        return after is not { } now ? null
            : before is { } then ? new(title, Figure.Fixed(now), Figure.Fixed(then), now - then, hope, remark)
            : new(title, Figure.Fixed(now), Remark: remark);
    }

    private static VerdictCard? WinRate(RunRecord run)
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
