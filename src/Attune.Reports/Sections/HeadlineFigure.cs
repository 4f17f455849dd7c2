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

/// <summary>What a figure says of the run.</summary>
internal enum Judgement
{
    Neutral,
    Good,
    Bad,
}

/// <summary>A judgement with the few words that say what it rests on.</summary>
internal sealed record Mark(Judgement Judgement, string Text)
{
    public string Class =>
        Judgement switch
        {
            Judgement.Good => "good",
            Judgement.Bad => "bad",
            _ => "even",
        };

    public static Mark Neutral(string text) => new(Judgement.Neutral, text);

    /// <summary>By the sign of a change.</summary>
    public static Mark OfChange(double change, DesiredChange hope) =>
        new(
            hope == DesiredChange.None || change == 0 || !double.IsFinite(change) ? Judgement.Neutral
                : (change > 0) == (hope == DesiredChange.Up) ? Judgement.Good
                : Judgement.Bad,
            Figure.Change(change)
        );

    /// <summary>A share against one half: what can be told apart from it, where an interval is known.</summary>
    public static Mark OfShare(double share, (double Low, double High)? interval, string half)
    {
        var (low, high) = interval ?? (share, share);
        return low > 0.5 ? new(Judgement.Good, "above " + half)
            : high < 0.5 ? new(Judgement.Bad, "below " + half)
            : Neutral("not told apart from " + half);
    }
}

/// <summary>One main figure: its value after the run, and before it where measured.</summary>
internal sealed record HeadlineFigure(string Title, string Value, Mark Mark, string Remark, string? Before = null)
{
    public static IEnumerable<HeadlineFigure> Of(RunRecord run) =>
        new[]
        {
            BeforeAfter(run, "Gold reward", "gold_reward", DesiredChange.Up, "hidden utility, held-out prompts"),
            BeforeAfter(run, "Proxy reward", "proxy_reward", DesiredChange.Up, "the learned reward"),
            run.Summary("kl_nats") is { } kl
                ? new("KL from the reference", Figure.Fixed(kl) + " nats", Mark.Neutral("a distance"), "summed over each answer")
                : null,
            WinRate(run),
            RewardAccuracy(run),
            PreferenceAccuracy(run),
            HeldOutPerplexity(run),
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
            run.Summary("seconds") is { } seconds
                ? new("Time", Figure.Duration(seconds), Mark.Neutral(Figure.Count(run.Stages.Count(), "stage")), "whole run")
                : null,
        }.OfType<HeadlineFigure>();

    public void Write(Markup html)
    {
        using (html.Open("div", ("class", "card figure " + Mark.Class)))
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
                html.Element("span", Mark.Text, ("class", "change " + Mark.Class)).Text(" " + Remark);
            }
        }
    }

    private static HeadlineFigure? BeforeAfter(RunRecord run, string title, string name, DesiredChange hope, string remark) =>
        run.Summary(name + "_after") is { } now ? BeforeAfter(title, run.Summary(name + "_before"), now, hope, remark) : null;

    private static HeadlineFigure BeforeAfter(string title, double? before, double now, DesiredChange hope, string remark) =>
        before is { } then
            ? new(title, Figure.Fixed(now), Mark.OfChange(now - then, hope), remark, Figure.Fixed(then))
            : new(title, Figure.Fixed(now), Mark.Neutral("not measured before"), remark);

    private static HeadlineFigure? WinRate(RunRecord run)
    {
        if (run.Summary("win_rate_vs_reference") is not { } rate)
        {
            return null;
        }

        var interval = Interval(run.Summary("win_rate_vs_reference_low"), run.Summary("win_rate_vs_reference_high"));
        return new("Win rate", Figure.Percent(rate), Mark.OfShare(rate, interval, "even"), Said(interval, "against the reference policy"));
    }

    /// <summary>Of the reward model, which is another model and orders other pairs than the policy does in the next figure.</summary>
    private static HeadlineFigure? RewardAccuracy(RunRecord run)
    {
        if (run.Summary("reward_model_accuracy") is not { } accuracy)
        {
            return null;
        }

        var interval = Interval(run.Last("accuracy_low"), run.Last("accuracy_high"));
        var pairs = run.Last("held_out_pairs") is { } count ? Figure.Count((long)count, "held-out comparison") : "held-out comparisons";
        return new(
            "Reward-model accuracy",
            Figure.Percent(accuracy),
            Mark.OfShare(accuracy, interval, "chance"),
            Said(interval, $"{pairs}, ordered by the reward model's scores")
        );
    }

    private static HeadlineFigure? PreferenceAccuracy(RunRecord run)
    {
        if (run.Summary("preference_accuracy") is not { } accuracy)
        {
            return null;
        }

        var interval = Interval(run.Summary("preference_accuracy_low"), run.Summary("preference_accuracy_high"));
        return new(
            "Preference accuracy",
            Figure.Percent(accuracy),
            Mark.OfShare(accuracy, interval, "chance"),
            Said(interval, "held-out pairs, ordered by what the policy has made likelier")
        );
    }

    /// <summary>What fine-tuning is measured by, where nothing that came after it is.</summary>
    private static HeadlineFigure? HeldOutPerplexity(RunRecord run) =>
        run.Summary("kl_nats") is null && run.Summary("preference_accuracy") is null && run.Last("eval_perplexity") is { } now
            ? BeforeAfter(
                "Held-out perplexity",
                run.Last("eval_perplexity_before"),
                now,
                DesiredChange.Down,
                run.Last("held_out") is { } rows
                    ? $"a token, {Figure.Count((long)rows, "held-out text")}; lower is better"
                    : "a token; lower is better"
            )
            : null;

    private static (double Low, double High)? Interval(double? low, double? high) => low is { } from && high is { } to ? (from, to) : null;

    private static string Said((double Low, double High)? interval, string what) =>
        interval is var (low, high) ? $"95% interval {Figure.Percent(low)} to {Figure.Percent(high)}; {what}" : what;
}
