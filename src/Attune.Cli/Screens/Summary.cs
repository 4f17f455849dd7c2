using System.Globalization;
using Attune.Core.Runs;
using Spectre.Console;

namespace Attune.Cli.Screens;

/// <summary>The main figures of a finished run.</summary>
internal static class Summary
{
    public static void Show(RunResult result, string folder)
    {
        var table = new Table()
            .Border(TableBorder.Rounded)
            .AddColumn("")
            .AddColumn(new TableColumn("before").RightAligned())
            .AddColumn(new TableColumn("after").RightAligned());
        Row(table, "gold reward (hidden utility)", Find(result, "gold_reward_before"), Find(result, "gold_reward_after"), "0.000");
        Row(table, "proxy reward (optimised)", Find(result, "proxy_reward_before"), Find(result, "proxy_reward_after"), "0.000");
        Row(table, "KL to the reference, nats", Find(result, "kl_nats") is null ? null : 0, Find(result, "kl_nats"), "0.00");
        Row(
            table,
            "win rate against the reference",
            Find(result, "win_rate_vs_reference") is null ? null : 0.5,
            Find(result, "win_rate_vs_reference"),
            "0.0 %"
        );
        LanguageRows(table, result);
        Row(table, "reward-model accuracy, held out", null, Find(result, "reward_model_accuracy"), "0.0 %");
        Row(table, "preference accuracy, held out", null, Find(result, "preference_accuracy"), "0.0 %");
        StageRows(table, result);
        if (table.Rows.Count > 0)
        {
            Terminal.Messages.Write(table);
        }

        var seconds = Find(result, "seconds") ?? 0;
        Terminal.Messages.MarkupLineInterpolated(
            CultureInfo.InvariantCulture,
            $"{seconds:0} s. Report: [bold]{Path.Combine(folder, "report.html")}[/]   Figures: {Path.Combine(folder, "result.json")}"
        );
        foreach (var line in RunEnd.Lines(result, folder))
        {
            Terminal.Messages.MarkupLineInterpolated($"{line}");
        }

        foreach (var stage in result.Stages.Where(s => s.Diverged is not null))
        {
            Terminal.Messages.MarkupLineInterpolated(
                $"[white on red bold] WARNING [/] [red bold]{stage.Name}: training has diverged: {stage.Diverged}[/]"
            );
        }
    }

    /// <summary>Whether the answers are still in the language that the pretrained model knows.</summary>
    private static void LanguageRows(Table table, RunResult result)
    {
        Row(
            table,
            "perplexity under the pretrained model",
            Find(result, "perplexity_pretrained_before"),
            Find(result, "perplexity_pretrained_after"),
            "0.00"
        );
        Row(
            table,
            "answers with an unknown word",
            Find(result, "unknown_word_share_before"),
            Find(result, "unknown_word_share_after"),
            "0.0 %"
        );
    }

    private static void StageRows(Table table, RunResult result)
    {
        foreach (var stage in result.Stages.Where(s => s.Metrics.ContainsKey("eval_logps/chosen_before")))
        {
            Row(
                table,
                $"{stage.Name}: log-probability of chosen answers, held out",
                stage.Metrics["eval_logps/chosen_before"],
                stage.Metrics["eval_logps/chosen"],
                "0.0"
            );
            Row(
                table,
                $"{stage.Name}: log-probability of rejected answers, held out",
                stage.Metrics["eval_logps/rejected_before"],
                stage.Metrics["eval_logps/rejected"],
                "0.0"
            );
        }

        foreach (var stage in result.Stages.Where(s => s.Metrics.ContainsKey("eval_perplexity")))
        {
            Row(
                table,
                $"{stage.Name}: held-out perplexity",
                stage.Metrics["eval_perplexity_before"],
                stage.Metrics["eval_perplexity"],
                "0.00"
            );
        }
    }

    private static double? Find(RunResult result, string name) => result.Summary.TryGetValue(name, out var value) ? value : null;

    private static void Row(Table table, string name, double? before, double? after, string format)
    {
        if (after is { } now)
        {
            table.AddRow(
                name,
                before?.ToString(format, CultureInfo.InvariantCulture) ?? "",
                now.ToString(format, CultureInfo.InvariantCulture)
            );
        }
    }
}
