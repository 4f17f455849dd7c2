using Attune.Core.Runs;
using Attune.Core.Statistics;
using Attune.Training.Evaluation;

namespace Attune.Recipes.Stages;

/// <summary>Before against after, on the same prompts with the same seeds.</summary>
internal static class AlignmentFigures
{
    public static Dictionary<string, double> Of(
        IReadOnlyList<EvaluatedAnswer> before,
        IReadOnlyList<EvaluatedAnswer> after,
        Progress progress
    )
    {
        var figures = new Dictionary<string, double> { ["updates"] = progress.Updates, ["episodes"] = progress.Items };
        if (after.Count == 0)
        {
            return figures;
        }

        var (old, now) = (PolicyEvaluation.Summarise(before), PolicyEvaluation.Summarise(after));
        figures["kl_nats"] = now["eval/kl"];
        figures["kl_nats_k3"] = now["eval/kl_k3"];
        BeforeAfter(figures, "response_length", "eval/response_length", old, now);
        BeforeAfter(figures, "perplexity_pretrained", "eval/perplexity_pretrained", old, now);
        BeforeAfter(figures, "unknown_word_share", "eval/unknown_word_share", old, now);
        BeforeAfter(figures, "proxy_positive_share", "eval/proxy_positive_share", old, now);
        BeforeAfter(figures, "gold_positive_share", "eval/gold_positive_share", old, now);
        BeforeAfter(figures, "distinct_answers", "eval/distinct_answers", old, now);
        BeforeAfter(figures, "distinct_2", "eval/distinct_2", old, now);
        BeforeAfter(figures, "proxy_reward", "eval/proxy_reward", old, now);
        BeforeAfter(figures, "gold_reward", "eval/gold_reward", old, now);
        // Gold decides who wins where it is known, else the proxy.
        if (before.All(a => Judge(a) is not null) && after.All(a => Judge(a) is not null))
        {
            var wins = before
                .Zip(
                    after,
                    (b, a) =>
                        Judge(a) > Judge(b) ? 1.0
                        : Judge(a) == Judge(b) ? 0.5
                        : 0
                )
                .Average();
            var interval = Wilson.Of(wins, after.Count);
            (figures["win_rate_vs_reference"], figures["win_rate_vs_reference_low"], figures["win_rate_vs_reference_high"]) = (
                wins,
                interval.Low,
                interval.High
            );
        }

        return figures;
    }

    /// <summary>Adds what was counted instead of sampled; nothing where answers cannot be enumerated.</summary>
    public static Dictionary<string, double> WithExact(this Dictionary<string, double> figures, Metrics before, Metrics after)
    {
        foreach (var (name, value) in after.Means())
        {
            var key = name["eval/".Length..];
            if (key != "best_objective")
            {
                figures[key + "_before"] = before[name];
            }

            figures[key + (key == "best_objective" ? "" : "_after")] = value;
        }

        return figures;
    }

    private static double? Judge(EvaluatedAnswer answer) => answer.Gold ?? answer.Proxy;

    private static void BeforeAfter(Dictionary<string, double> figures, string figure, string metric, Metrics before, Metrics after)
    {
        if (after.Contains(metric))
        {
            (figures[figure + "_before"], figures[figure + "_after"]) = (before[metric], after[metric]);
        }
    }
}
