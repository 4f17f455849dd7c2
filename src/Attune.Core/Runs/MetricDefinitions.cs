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
                new("loss", "nats", "What the optimiser lowers, as a mean over the items of the update.", Trl),
                new("learning_rate", "1", "Step size of the optimiser at this update, after the schedule.", Trl),
                new("grad_norm", "1", "Euclidean norm of the whole gradient before clipping.", Trl),
                new("epoch", "1", "Passes through the training data so far.", Trl),
                new("num_tokens", "tokens", "Tokens that went through training so far, without padding.", Trl),
                new("eval_loss", "nats", "The loss on held-out data.", Trl),
            ]
        );

    private static MetricGroup Supervised =>
        new(
            "Supervised fine-tuning",
            [
                new("entropy", "nats", "Mean entropy of the next-token distribution over trained tokens.", Trl),
                new("mean_token_accuracy", "1", "Share of trained tokens that were the model's first choice.", Trl),
                new("perplexity", "1", "exp(loss), where loss is the mean negative log-likelihood a token.", Own),
                new("eval_perplexity", "1", "exp(eval_loss) on held-out completions.", Own),
                new("eval_entropy", "nats", "The entropy on held-out data.", Trl),
                new("eval_mean_token_accuracy", "1", "The token accuracy on held-out data.", Trl),
            ]
        );

    private static MetricGroup Reward =>
        new(
            "Reward models",
            [
                new("accuracy", "1", "Share of comparisons whose preferred answer got the strictly higher reward.", Trl),
                new("margin", "reward", "Mean reward of the preferred answer minus that of the other.", Trl),
                new("min_reward", "reward", "Lowest reward in the batch.", Trl),
                new("mean_reward", "reward", "Mean reward in the batch.", Trl),
                new("max_reward", "reward", "Highest reward in the batch.", Trl),
                new("eval_accuracy", "1", "The accuracy on comparisons of held-out prompts.", Trl),
                new("eval_margin", "reward", "The margin on comparisons of held-out prompts.", Trl),
                new(
                    "eval_calibration_error",
                    "1",
                    "Expected calibration error: mean distance between predicted preference and observed share, weighted by bin counts.",
                    "Guo et al. 2017, eq. 3"
                ),
                new(
                    "eval_gold_accuracy",
                    "1",
                    "Share of held-out pairs that the model orders as the hidden utility does, noise of the labels aside.",
                    Own
                ),
                new(
                    "reference_mean",
                    "reward",
                    "Mean reward of reference samples before normalisation, which is then moved to 0.",
                    Ziegler + ", section 2"
                ),
                new(
                    "reference_std",
                    "reward",
                    "Standard deviation of the reward over reference samples before normalisation.",
                    Ziegler + ", section 2"
                ),
                new(
                    "ensemble_sd",
                    "reward",
                    "Mean standard deviation of the reward over the members of the ensemble, on held-out answers.",
                    "Christiano et al. 2017, section 2.2.4"
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
                    "When chosen answers were first seen to have become less likely than at the start, beyond noise; -1 for never.",
                    "Pal et al. 2024, arXiv:2402.13228"
                ),
                new("judge/pairs", "pairs", "Online DPO: judged pairs of the round.", Own),
                new("judge/ties", "1", "Online DPO: share of the questions on which the judge preferred no answer.", Own),
                new("judge/alike", "1", "Online DPO: share of the prompts whose answers read all alike, so that nobody was asked.", Own),
                new("left_out/<reason>", "rows", "Rows of the data that were left out, for this reason.", Own),
                new("preference_accuracy", "1", "eval_rewards/accuracies of the final policy.", Own),
                new("preference_accuracy_low", "1", "Lower end of its 95% interval.", "Wilson 1927"),
                new("preference_accuracy_high", "1", "Upper end of its 95% interval.", "Wilson 1927"),
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
                "Mean implicit reward of chosen answers (beta times the log ratio to the reference, or what the method has in "
                    + $"its place) over {over}.",
                Trl
            ),
            new(prefix + "rewards/rejected", "reward", "The same of rejected answers.", Trl),
            new(prefix + "rewards/margins", "reward", "Mean implicit reward of chosen minus that of rejected answers.", Trl),
            new(prefix + "rewards/accuracies", "1", "Share of pairs whose chosen answer has the strictly higher implicit reward.", Trl),
            new(prefix + "logps/chosen", "nats", "Mean log pi of chosen answers, summed over their tokens.", Trl),
            new(prefix + "logps/rejected", "nats", "The same of rejected answers.", Trl),
            new(prefix + "logits/chosen", "1", "Mean logit over the positions of chosen answers and the vocabulary.", Trl),
            new(prefix + "logits/rejected", "1", "The same of rejected answers.", Trl),
            new(prefix + "nll_loss", "nats", "ORPO: negative log-likelihood of chosen answers a token.", Trl),
            new(prefix + "log_odds_chosen", "nats", "ORPO: mean log odds ratio of chosen to rejected answers.", Trl),
            new(prefix + "log_odds_ratio", "nats", "ORPO: mean log sigma of that ratio.", Trl),
        ];

    private static MetricGroup Policy =>
        new(
            "Policy gradients",
            [
                new("episode", "answers", "Answers sampled so far.", TrlPpo),
                new(
                    "objective/kl",
                    "nats",
                    "Mean over answers of the summed log pi - log pi_ref of the sampled tokens (estimator k1): unbiased, and "
                        + "negative at times.",
                    TrlPpo
                ),
                new(
                    "objective/kl_k3",
                    "nats",
                    "The same divergence by estimator k3, exp(-x) - 1 + x with x = log pi - log pi_ref a token: never negative.",
                    "Schulman 2020, Approximating KL divergence"
                ),
                new("objective/kl_coef", "1", "beta: reward taken away for each nat of divergence.", Ziegler + ", eq. 2"),
                new("objective/entropy", "nats", "Mean over answers of the summed -log pi of the sampled tokens.", TrlPpo),
                new(
                    "objective/non_score_reward",
                    "reward",
                    "Mean summed KL penalty an answer, -kl_coef times KL.",
                    TrlPpo + " (as its code logs it)"
                ),
                new("objective/rlhf_reward", "reward", "Mean score plus KL penalty: what PPO maximises.", TrlPpo),
                new("objective/scores", "reward", "Mean score of the sampled answers by the reward that is optimised.", TrlPpo),
                new("objective/scores_std", "reward", "Standard deviation of the scores over the answers of the round.", Own),
                new(
                    "reward_std",
                    "reward",
                    "Mean over prompts of the standard deviation of the rewards of their answers (RLOO, GRPO).",
                    "TRL GRPO"
                ),
                new(
                    "frac_reward_zero_std",
                    "1",
                    "Share of prompts whose answers all earned the same: nothing is learned from them.",
                    "TRL GRPO"
                ),
                new(
                    "kl",
                    "nats",
                    "GRPO: mean over answer tokens of the divergence's estimate in its loss, before its coefficient. KTO: z_0, "
                        + "the divergence an answer as estimated from mismatched answers, not below 0.",
                    "TRL GRPO; TRL KTO"
                ),
                new("objective/kept_scores", "reward", "Mean score of the answers that are imitated (rejection sampling).", Own),
                new("objective/kept_share", "1", "Share of the round's answers that are imitated, over its passes.", Own),
                new("online/labels", "labels", "Labels that the newest reward model was trained and measured on (online feedback).", Own),
                new(
                    "online/unanswered",
                    "questions",
                    "Questions of this refresh that brought no preference: ties, skipped, or not answered in time.",
                    Own
                ),
                new("online/label_age", "updates", "Mean over labels of the policy's updates since it wrote the compared answers.", Own),
                new("online/stale_labels", "1", "Share of the labels whose answers an earlier policy wrote.", Own),
                new(
                    "online/accuracy_on_new",
                    "1",
                    "Accuracy, on the labels of this refresh, of the reward model before it, which never saw them.",
                    Own
                ),
                new("labels_from_update/<updates>", "labels", "Labels on answers that the policy wrote after so many updates.", Own),
                new(
                    "policy/approxkl_avg",
                    "nats",
                    "Half the mean squared change of log-probability since the answers were sampled; 0 on the first minibatch.",
                    TrlPpo
                ),
                new(
                    "policy/clipfrac_avg",
                    "1",
                    "Share of actions (tokens; whole answers in RLOO) whose probability ratio was clipped.",
                    TrlPpo + "; Schulman et al. 2017, eq. 7"
                ),
                new("policy/entropy_avg", "nats", "Mean entropy of the next-token distribution over answer tokens.", TrlPpo),
                new("loss/policy_avg", "1", "Clipped policy loss; in GRPO with its KL term.", TrlPpo + "; Schulman et al. 2017, eq. 7"),
                new("loss/value_avg", "reward squared", "Clipped value loss, before its coefficient.", TrlPpo),
                new(
                    "loss/ptx_avg",
                    "nats",
                    "Language-model loss on pretraining text that is mixed in (PPO-ptx).",
                    "Ouyang et al. 2022, eq. 2"
                ),
                new("val/clipfrac_avg", "1", "Share of tokens whose value prediction was clipped.", TrlPpo),
                new(
                    "val/ratio",
                    "1",
                    "Mean ratio of new to old probability of the actions (tokens; whole answers in RLOO); 1 on the first minibatch.",
                    TrlPpo
                ),
                new("val/ratio_var", "1", "Mean squared distance of that ratio from 1.", TrlPpo),
                new("val/num_eos_tokens", "tokens", "End tokens among the sampled answers of the round.", TrlPpo),
                new(
                    "val/explained_variance",
                    "1",
                    "1 - Var(return - value) / Var(return); 0 is no better than a constant.",
                    "verl, critic/vf_explained_var"
                ),
                new("val/advantage_std", "reward", "Standard deviation of the advantages before whitening.", Own),
                new("response_length/mean", "tokens", "Mean length of the sampled answers.", "verl"),
                new("response_length/min", "tokens", "Shortest sampled answer.", "verl"),
                new("response_length/max", "tokens", "Longest sampled answer.", "verl"),
                new("response_length/clip_ratio", "1", "Share of answers that reached the length limit without an end token.", "verl"),
                new("rewards/<reward>/mean", "reward", "Mean of one named part of a combined reward.", "TRL GRPO"),
                new("rewards/<reward>/std", "reward", "Standard deviation of one named part of a combined reward.", "TRL GRPO"),
            ]
        );

    private static MetricGroup Evaluation =>
        new(
            "Held-out evaluation of a policy",
            [
                new(
                    "eval/gold_reward",
                    "reward",
                    "Mean hidden utility of answers to held-out prompts; never trained on.",
                    "Gao et al. 2022"
                ),
                new("eval/gold_reward_sd", "reward", "Standard deviation of the hidden utility over those answers.", Own),
                new("eval/proxy_reward", "reward", "Mean of the optimised reward on the same answers.", "Gao et al. 2022"),
                new("eval/proxy_reward_sd", "reward", "Standard deviation of the optimised reward over those answers.", Own),
                new("eval/kl", "nats", "Divergence from the reference policy on the same answers, estimator k1.", "Gao et al. 2022"),
                new(
                    "eval/kl_k3",
                    "nats",
                    "The same divergence by estimator k3: never negative.",
                    "Schulman 2020, Approximating KL divergence"
                ),
                new(
                    "eval/perplexity_pretrained",
                    "1",
                    "Perplexity of the answers under the untouched pretrained model: rises when the text degenerates.",
                    Own
                ),
                new(
                    "eval/win_rate",
                    "1",
                    "Share of held-out prompts on which the answer beats the reference policy's; ties count half.",
                    "Stiennon et al. 2020"
                ),
                new("eval/gold_reward_se", "reward", "Standard error of eval/gold_reward over prompts (best-of-n).", Own),
                new("eval/proxy_reward_se", "reward", "Standard error of eval/proxy_reward over prompts (best-of-n).", Own),
                new(
                    "eval/proxy_win_rate",
                    "1",
                    "Share of held-out prompts on which best-of-n beats one answer by the reward that chose it; ties count half.",
                    "Nakano et al. 2021"
                ),
                new("eval/win_rate_bound", "1", "n / (n + 1): the most that this share can be.", Own),
                new("eval/kl_bound", "nats", "ln n - (n - 1) / n: upper bound of the divergence of best-of-n.", "Beirami et al. 2024"),
                new("best_of_n/<n>/<figure>", "as the figure", "A figure of the held-out evaluation for best-of-n.", Own),
                new(
                    "eval/ensemble_sd",
                    "reward",
                    "Mean disagreement (standard deviation) of the reward ensemble on the answers.",
                    "Coste et al. 2023"
                ),
                new("eval/response_length", "tokens", "Mean length of the held-out answers.", Own),
                new(
                    "eval/distinct_2",
                    "1",
                    "Distinct word pairs divided by all word pairs of the answers: falls when they repeat themselves.",
                    "Li et al. 2016"
                ),
                new(
                    "eval/posterior_kl",
                    "nats",
                    "KL(pi || pi*), the divergence from the exact optimum pi* = pi_0 exp(r / beta) / Z, where answers can be "
                        + "enumerated; beta times it is what the objective lacks of its best value.",
                    Ziegler + ", eq. 2"
                ),
                new(
                    "eval/posterior_kl_reverse",
                    "nats",
                    "KL(pi* || pi), the same divergence the other way round: large where the policy has lost answers that the "
                        + "optimum keeps.",
                    Own
                ),
                new(
                    "eval/posterior_tv",
                    "1",
                    "Total variation between the policy and the exact optimum: 0 equal, 1 nothing in common.",
                    Own
                ),
                new(
                    "eval/exact_kl",
                    "nats",
                    "KL(pi || pi_0) summed over all answers, where they can be enumerated: no sampling in it.",
                    Own
                ),
                new("eval/exact_gold_reward", "reward", "Expected hidden utility over all answers, where they can be enumerated.", Own),
                new("eval/exact_proxy_reward", "reward", "Expected optimised reward over all answers, where they can be enumerated.", Own),
                new(
                    "eval/exact_objective",
                    "reward",
                    "E[r] - beta KL(pi || pi_0) over all answers, where they can be enumerated.",
                    Ziegler + ", eq. 2"
                ),
                new("eval/best_objective", "reward", "beta log Z, the largest value of that objective.", "Korbak et al. 2022"),
            ]
        );

    private static MetricGroup Time =>
        new(
            "Time",
            [
                new("time/repack", "s", "Giving the rollout engine the round's weights.", Own),
                new("time/evaluation", "s", "Held-out evaluation of the policy.", Own),
                new("time/feedback", "s", "Sampling questions and waiting for their answers, in this refresh (online feedback).", Own),
                new("time/refresh", "s", "Training the reward models anew, in this refresh (online feedback).", Own),
                new("time/rollout", "s", "Sampling answers, in this round.", Own),
                new("time/reward", "s", "Scoring them by the reward.", Own),
                new(
                    "time/logprobs",
                    "s",
                    "Their log-probabilities under policy and reference, their values, and what is made of them before the first update.",
                    Own
                ),
                new("time/update", "s", "Optimiser steps: of the round where answers are sampled, else of one update.", Own),
                new("time/checkpoint", "s", "Writing the checkpoint before this round.", Own),
                new("time/total", "s", "The whole round or update.", Own),
                new("time/tokens_per_second", "tokens/s", "Trained or sampled tokens a second.", Own),
            ]
        );

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
                new("win_rate_vs_reference", "1", "eval/win_rate of the final policy.", Own),
                new("win_rate_vs_reference_low", "1", "Lower end of its 95% interval.", "Wilson 1927"),
                new("win_rate_vs_reference_high", "1", "Upper end of its 95% interval.", "Wilson 1927"),
                new("perplexity_pretrained_before", "1", "eval/perplexity_pretrained of the policy before it was aligned.", Own),
                new("perplexity_pretrained_after", "1", "eval/perplexity_pretrained of the final policy.", Own),
                new("seconds", "s", "Wall-clock time of the whole run.", Own),
            ]
        );
}
