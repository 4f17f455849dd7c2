namespace Attune.Core.Runs;

public static partial class MetricCatalog
{
    private static MetricGroup Summary =>
        new(
            "Summary of a run",
            [
                new("gold_reward_before", "reward", "eval/gold_reward of the policy before it was aligned.", Own),
                new("gold_reward_after", "reward", "eval/gold_reward of the final policy.", Own),
                new("proxy_reward_before", "reward", "eval/proxy_reward of the policy before it was aligned.", Own),
                new("proxy_reward_after", "reward", "eval/proxy_reward of the final policy.", Own),
                new("kl_nats", "nats", "Divergence of the final policy from the reference.", Own),
                new(
                    "kl_nats_bound",
                    "nats",
                    "Upper bound of the divergence from the reference, where it is not measured (best-of-n).",
                    "Beirami et al. 2024"
                ),
                new("reward_model_accuracy", "1", "eval_accuracy of the final reward model.", Own),
                new("kept_score", "reward", "Rejection sampling: mean score of all answers kept in the run.", Own),
                new("blind_score", "reward", "Rejection sampling: mean score of as many answers, chosen blindly among the same.", Own),
                new("win_rate_vs_reference", "1", "eval/win_rate of the final policy.", Own),
                new("win_rate_vs_reference_low", "1", "Lower end of its 95% interval.", "Wilson 1927"),
                new("win_rate_vs_reference_high", "1", "Upper end of its 95% interval.", "Wilson 1927"),
                new("proxy_positive_share_before", "1", "eval/proxy_positive_share of the policy before it was aligned.", Own),
                new("proxy_positive_share_after", "1", "eval/proxy_positive_share of the final policy.", Own),
                new("gold_positive_share_before", "1", "eval/gold_positive_share of the policy before it was aligned.", Own),
                new("gold_positive_share_after", "1", "eval/gold_positive_share of the final policy.", Own),
                new("distinct_answers_before", "1", "eval/distinct_answers of the policy before it was aligned.", Own),
                new("distinct_answers_after", "1", "eval/distinct_answers of the final policy.", Own),
                new("distinct_2_before", "1", "eval/distinct_2 of the policy before it was aligned.", Own),
                new("distinct_2_after", "1", "eval/distinct_2 of the final policy.", Own),
                new("kept_perplexity_before", "1", "Perplexity of the replies in kept_data before the stage.", Own),
                new("kept_perplexity_after", "1", "Perplexity of the replies in kept_data under the final policy.", Own),
                new("perplexity_pretrained_before", "1", "eval/perplexity_pretrained of the policy before it was aligned.", Own),
                new("perplexity_pretrained_after", "1", "eval/perplexity_pretrained of the final policy.", Own),
                new("unknown_word_share_before", "1", "eval/unknown_word_share of the policy before it was aligned.", Own),
                new("unknown_word_share_after", "1", "eval/unknown_word_share of the final policy.", Own),
                new("seconds", "s", "Wall-clock time of the whole run.", Own),
            ]
        );
}
