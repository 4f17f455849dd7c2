using Attune.Algorithms.Reward;
using Attune.Core.Runs;
using Attune.Learning.Evaluation;

namespace Attune.Recipes.Stages;

/// <summary>Before against after, on the same prompts with the same seeds.</summary>
internal static class AlignmentFigures
{
    public static Dictionary<string, double> Of(IReadOnlyList<ExamAnswer> before, IReadOnlyList<ExamAnswer> after, Progress progress)
    {
        var (old, now) = (PolicyExam.Summarise(before), PolicyExam.Summarise(after));
        // Gold decides who wins where it is known, else the proxy.
        double Judge(ExamAnswer answer) => answer.Gold ?? answer.Proxy;
        var wins = before.Zip(after, (b, a) => Judge(a) > Judge(b) ? 1.0 : Judge(a) == Judge(b) ? 0.5 : 0).Average();
        var (low, high) = PairFit.Wilson(wins, after.Count);
        var figures = new Dictionary<string, double>
        {
            ["updates"] = progress.Updates,
            ["episodes"] = progress.Items,
            ["proxy_reward_before"] = old["eval/proxy_reward"],
            ["proxy_reward_after"] = now["eval/proxy_reward"],
            ["kl_nats"] = now["eval/kl"],
            ["kl_nats_k3"] = now["eval/kl_k3"],
            ["win_rate_vs_reference"] = wins,
            ["win_rate_vs_reference_low"] = low,
            ["win_rate_vs_reference_high"] = high,
            ["response_length_before"] = old["eval/response_length"],
            ["response_length_after"] = now["eval/response_length"],
            ["perplexity_pretrained_before"] = old["eval/perplexity_pretrained"],
            ["perplexity_pretrained_after"] = now["eval/perplexity_pretrained"],
        };
        if (old.Contains("eval/gold_reward"))
        {
            figures["gold_reward_before"] = old["eval/gold_reward"];
            figures["gold_reward_after"] = now["eval/gold_reward"];
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
}
