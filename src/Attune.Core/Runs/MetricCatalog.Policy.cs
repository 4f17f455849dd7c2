namespace Attune.Core.Runs;

public static partial class MetricCatalog
{
    private static MetricGroup Policy =>
        new(
            "Policy gradients",
            [
                new(
                    "objective/kl",
                    "nats",
                    "Mean over answers of the summed log pi - log pi_ref of the sampled tokens (estimator k1): unbiased, but "
                        + "sometimes negative.",
                    TrlPpo
                ),
                new(
                    "objective/kl_k3",
                    "nats",
                    "The same divergence by estimator k3, exp(-x) - 1 + x with x = log pi - log pi_ref per token: never negative.",
                    "Schulman 2020, Approximating KL divergence"
                ),
                new("objective/kl_coef", "1", "beta: the reward subtracted for each nat of divergence.", Ziegler + ", eq. 2"),
                new("objective/entropy", "nats", "Mean over answers of the summed -log pi of the sampled tokens.", TrlPpo),
                new(
                    "objective/non_score_reward",
                    "reward",
                    "Mean summed KL penalty per answer, -kl_coef times KL.",
                    TrlPpo + " (as its code logs it)"
                ),
                new("objective/rlhf_reward", "reward", "Mean score plus KL penalty, which PPO maximises.", TrlPpo),
                new("objective/scores", "reward", "Mean score of the sampled answers under the optimised reward.", TrlPpo),
                new("objective/scores_std", "reward", "Standard deviation of the scores over the answers of the round.", Own),
                new(
                    "reward_std",
                    "reward",
                    "Mean over prompts of the standard deviation of the rewards of their answers, where there are several.",
                    "TRL GRPO"
                ),
                new(
                    "frac_reward_zero_std",
                    "1",
                    "Share of prompts whose answers all got the same reward, so that nothing is learned from them.",
                    "TRL GRPO"
                ),
                new(
                    "kl",
                    "nats",
                    "GRPO: mean over answer tokens of the divergence estimate in its loss, before its coefficient. KTO: z_0, "
                        + "the divergence per answer, estimated from mismatched answers and not below 0.",
                    "TRL GRPO; TRL KTO"
                ),
                new(
                    "objective/baseline",
                    "reward",
                    "ReMax: mean score of the greedy answers to the round's prompts. A*-PO: mean of their values V*.",
                    Own
                ),
                new("objective/kept_scores", "reward", "Mean score of the answers kept for training (rejection sampling).", Own),
                new("objective/blind_scores", "reward", "Mean score of as many answers, chosen blindly among the same.", Own),
                new("objective/kept_share", "1", "Share of the round's answers kept for training, over its passes.", Own),
                new("online/labels", "labels", "Labels on which the newest reward model was trained and measured (online feedback).", Own),
                new(
                    "online/unanswered",
                    "questions",
                    "Questions of this refresh that gave no preference: ties, skipped, or not answered in time.",
                    Own
                ),
                new("online/label_age", "updates", "Policy updates since the compared answers were sampled, mean over labels.", Own),
                new("online/stale_labels", "1", "Share of the labels whose answers came from an earlier policy.", Own),
                new(
                    "online/accuracy_on_new",
                    "1",
                    "Accuracy of the previous reward model on the labels of this refresh, which it was not trained on.",
                    Own
                ),
                new("labels_from_update/<updates>", "labels", "Labels on answers that the policy gave after this many updates.", Own),
                new(
                    "policy/approxkl_avg",
                    "nats",
                    "Half the mean squared change of log-probability since the answers were sampled; 0 on the first minibatch.",
                    TrlPpo
                ),
                new(
                    "policy/kl_avg",
                    "nats",
                    "Mean over answer tokens of log pi_old - log pi: what they have lost since they were sampled.",
                    "TRL's classic PPO, policykl"
                ),
                new("policy/skipped", "1", "Microbatches whose loss was skipped because of ratio_threshold.", "TRL's classic PPO"),
                new("objective/entropy_coef", "1", "Weight of the entropy bonus in the round.", "Skywork-OR1"),
                new("sampling/drawn_share", "1", "Answers drawn over answers learned from, with max_resampling.", Own),
                new("skipped_updates", "updates", "Minibatches of the round without a token that counts.", Own),
                new(
                    "policy/clipfrac_avg",
                    "1",
                    "Share of actions (tokens; whole answers in RLOO) in which the clip decides: the ratio lies outside on the side to "
                        + "which the advantage pushes.",
                    TrlPpo + "; Schulman et al. 2017, eq. 7"
                ),
                new("policy/entropy_avg", "nats", "Mean entropy of the next-token distribution over answer tokens.", TrlPpo),
                new("policy/implicit_reward", "reward", "A*-PO: mean of beta 2 log(pi / pi_ref) over answers.", "TRL A2PO"),
                new("policy/optimal_advantage", "reward", "A*-PO: mean of r - V* over answers, its goal.", "TRL A2PO"),
                new(
                    "loss/policy_avg",
                    "1",
                    "Clipped policy loss; in GRPO with its KL term; in A*-PO the squared distance.",
                    TrlPpo + "; Schulman et al. 2017, eq. 7"
                ),
                new("loss/value_avg", "reward squared", "Clipped value loss, before its coefficient.", TrlPpo),
                new(
                    "loss/ptx_avg",
                    "nats",
                    "Language-modelling loss on the pretraining text mixed in (PPO-ptx).",
                    "Ouyang et al. 2022, eq. 2"
                ),
                new("policy/k3_avg", "nats", "Agents that act: mean of ratio - 1 - log ratio.", "stable-baselines3, approx_kl"),
                new(
                    "policy/outside_avg",
                    "1",
                    "Agents that act: share of steps whose ratio lies outside the clip range, on either side.",
                    "stable-baselines3, clip_fraction"
                ),
                new("episode/return", "reward", "Agents that act: mean sum of rewards of the episodes that ended in the round.", Own),
                new("episode/length", "steps", "Agents that act: mean length of the episodes that ended in the round.", Own),
                .. ComparedClips,
                new("val/clipfrac_avg", "1", "Share of tokens whose value prediction was clipped.", TrlPpo),
                new(
                    "val/ratio",
                    "1",
                    "Mean ratio of new to old probability of the actions (tokens; whole answers in RLOO); 1 on the first minibatch.",
                    TrlPpo
                ),
                new("val/ratio_var", "1", "Mean squared distance of that ratio from 1.", TrlPpo),
                new(
                    "val/explained_variance",
                    "1",
                    "1 - Var(return - value) / Var(return); 0 is no better than a constant.",
                    "verl, critic/vf_explained_var"
                ),
                new("val/bias", "reward", "Mean value minus mean return over the answer tokens; 0 where the critic knows the unit.", Own),
                new(
                    "val/advantage_std",
                    "reward",
                    "Standard deviation of the advantages before they are scaled or whitened: over tokens in PPO, REINFORCE++ and ReMax, "
                        + "over answers in the others.",
                    Own
                ),
                new("response_length/mean", "tokens", "Mean length of the sampled answers.", "verl"),
                new("response_length/min", "tokens", "Shortest sampled answer.", "verl"),
                new("response_length/max", "tokens", "Longest sampled answer.", "verl"),
                new("response_length/clip_ratio", "1", "Share of answers that reached the length limit without an end token.", "verl"),
                new("rewards/<reward>/mean", "reward", "Mean of one named part of a combined reward.", "TRL GRPO"),
                new("rewards/<reward>/std", "reward", "Standard deviation of one named part of a combined reward.", "TRL GRPO"),
            ]
        );
}
