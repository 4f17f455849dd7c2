namespace Attune.Core.Runs;

public static partial class MetricCatalog
{
    private const string Trl = "TRL";
    private const string TrlPpo = "TRL PPO";
    private const string Own = "Attune";
    private const string Ziegler = "Ziegler et al. 2019";

    private static MetricGroup Shared =>
        new(
            "All stages",
            [
                new("loss", "nats", "The quantity that the optimiser minimises, as a mean over the items of the update.", Trl),
                new("learning_rate", "1", "Step size of the optimiser at this update, after the schedule.", Trl),
                new("grad_norm", "1", "Euclidean norm of the whole gradient before clipping.", Trl),
                new("<group>/learning_rate", "1", "The same of a group of weights with a rate of its own: the critic's.", Own),
                new("<group>/grad_norm", "1", "Euclidean norm of that group's gradient before clipping.", Own),
                new("epoch", "1", "Passes through the training data so far.", Trl),
                new("num_tokens", "tokens", "Tokens trained on so far, without padding.", Trl),
                new("eval_loss", "nats", "The loss on held-out data.", Trl),
            ]
        );

    private static MetricGroup Supervised =>
        new(
            "Supervised fine-tuning",
            [
                new("entropy", "nats", "Mean entropy of the next-token distribution over trained tokens.", Trl),
                new("mean_token_accuracy", "1", "Share of trained tokens that the model ranked first.", Trl),
                new("eval_perplexity", "1", "exp(eval_loss) on held-out completions.", Own),
                new("eval_entropy", "nats", "The entropy on held-out data.", Trl),
                new("eval_mean_token_accuracy", "1", "The token accuracy on held-out data.", Trl),
            ]
        );

    private static MetricGroup Reward =>
        new(
            "Reward models",
            [
                new("accuracy", "1", "Share of comparisons in which the preferred answer got the strictly higher reward.", Trl),
                new("margin", "reward", "Mean reward of the preferred answer minus that of the other.", Trl),
                new("min_reward", "reward", "Lowest reward in the batch.", Trl),
                new("mean_reward", "reward", "Mean reward in the batch.", Trl),
                new("max_reward", "reward", "Highest reward in the batch.", Trl),
                new(
                    "groups/largest_weight",
                    "1",
                    "With `robust_step`: the weight of the group of annotators that counts most.",
                    "Sagawa et al. 2020"
                ),
                new("eval_accuracy", "1", "The accuracy on comparisons of held-out prompts.", Trl),
                new("eval_margin", "reward", "The margin on comparisons of held-out prompts.", Trl),
                new(
                    "eval_calibration_error",
                    "1",
                    "Expected calibration error: mean distance between predicted preference and observed share, weighted by bin counts.",
                    "Guo et al. 2017, eq. 3"
                ),
            ]
        );

    private static MetricGroup Preference =>
        new(
            "Direct preference optimisation",
            [
                .. PreferenceMetrics("", "the pairs (verdicts) of the update"),
                .. PreferenceMetrics("eval_", "held-out pairs (verdicts)"),
                new("eval_kl", "nats", "KTO's z_0 on held-out verdicts.", "TRL; Ethayarajh et al. 2024"),
                new(
                    "chosen_fell_at",
                    "updates",
                    "The update at which chosen answers had first become less likely than at the start, beyond noise; -1 for never.",
                    "Pal et al. 2024, arXiv:2402.13228"
                ),
                new("judge/pairs", "pairs", "Online DPO: pairs judged in the round.", Own),
                new("judge/ties", "1", "Online DPO: share of the questions for which the judge preferred neither answer.", Own),
                new(
                    "judge/alike",
                    "1",
                    "Online DPO: share of the prompts whose answers were all the same, so that no question was asked.",
                    Own
                ),
                new("left_out/<reason>", "rows", "Rows of the data left out for this reason.", Own),
                new("preference_accuracy", "1", "eval_rewards/accuracies of the final policy.", Own),
                new("preference_accuracy_low", "1", "Lower end of its 95% interval.", "Wilson 1927"),
                new("preference_accuracy_high", "1", "Upper end of its 95% interval.", "Wilson 1927"),
                new(
                    "system/<n>/<figure>",
                    "as the figure",
                    "preference_accuracy, its interval, or margins over the held-out pairs under the n-th system prompt, in the order of "
                        + "their texts; where there are several.",
                    Own
                ),
                new("eval_loss_before", "1", "eval_loss before training.", Own),
                new("eval_logps/chosen_before", "nats", "eval_logps/chosen before training.", Own),
                new("eval_logps/rejected_before", "nats", "eval_logps/rejected before training.", Own),
            ]
        );

    private static IEnumerable<MetricDefinition> PreferenceMetrics(string prefix, string over) =>
        [
            new(
                prefix + "rewards/chosen",
                "reward",
                "Mean implicit reward of chosen answers (beta times the log ratio to the reference, or the method's "
                    + $"counterpart) over {over}.",
                Trl
            ),
            new(prefix + "rewards/rejected", "reward", "The same for rejected answers.", Trl),
            new(prefix + "rewards/margins", "reward", "Mean implicit reward of chosen answers minus that of rejected answers.", Trl),
            new(
                prefix + "rewards/accuracies",
                "1",
                "Share of pairs in which the chosen answer has the strictly higher implicit reward.",
                Trl
            ),
            new(prefix + "logps/chosen", "nats", "Mean log pi of chosen answers, summed over their tokens.", Trl),
            new(prefix + "logps/rejected", "nats", "The same for rejected answers.", Trl),
            new(prefix + "logits/chosen", "1", "Mean logit over the positions of chosen answers and the vocabulary.", Trl),
            new(prefix + "logits/rejected", "1", "The same for rejected answers.", Trl),
            new(
                prefix + "nll_loss",
                "nats",
                "ORPO, CPO: negative log-likelihood of chosen answers per token, averaged as in the loss. TPO: that of gold answers.",
                Trl
            ),
            new(prefix + "delta", "reward", "BCO: the running mean of implicit rewards that answers are compared with.", Trl),
            new(prefix + "log_odds_chosen", "nats", "ORPO: mean log odds ratio of chosen to rejected answers.", Trl),
            new(prefix + "log_odds_ratio", "nats", "ORPO: mean log sigma of that ratio.", Trl),
        ];
}
