namespace Attune.Core.Runs;

public static partial class MetricCatalog
{
    private static MetricGroup Evaluation =>
        new(
            "Held-out evaluation of a policy",
            [
                new(
                    "eval/gold_reward",
                    "reward",
                    "Mean hidden utility of answers to held-out prompts. It is never used for training.",
                    "Gao et al. 2022"
                ),
                new("eval/gold_reward_sd", "reward", "Standard deviation of the hidden utility over those answers.", Own),
                new("eval/proxy_reward", "reward", "Mean of the optimised reward on the same answers.", "Gao et al. 2022"),
                new(
                    "eval/proxy_positive_share",
                    "1",
                    "Share of those answers whose optimised reward is above 0; with a classifier's logit, nearly those that it calls so.",
                    Own
                ),
                new("eval/gold_positive_share", "1", "The same of the hidden utility, or of the classifier that judges in its place.", Own),
                new("eval/distinct_answers", "1", "Different answers over all answers to the held-out prompts.", Own),
                new(
                    "eval/distinct_2",
                    "1",
                    "Different pairs of neighbouring words over all such pairs in those answers.",
                    "Li et al. 2016, distinct-2"
                ),
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
                    "Perplexity of the answers under the original pretrained model. It rises when the text degenerates.",
                    Own
                ),
                new("eval/unknown_word_share", "1", "Share of the answers with a word that the grammar of their world does not know.", Own),
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
                    "Share of held-out prompts on which best-of-n beats a single answer under the reward used to choose it; "
                        + "ties count half.",
                    "Nakano et al. 2021"
                ),
                new("eval/win_rate_bound", "1", "n / (n + 1): the upper bound of this share.", Own),
                new("eval/kl_bound", "nats", "ln n - (n - 1) / n: upper bound of the divergence of best-of-n.", "Beirami et al. 2024"),
                new(
                    "eval/solved/<chooser>",
                    "1",
                    "Share of held-out problems solved by choosing one of n answers: product, min, outcome, weighted, majority, blind or "
                        + "oracle.",
                    "Lightman et al. 2023"
                ),
                new("eval/solved_half_width/<chooser>", "1", "Half of its 95% interval over problems.", Own),
                new("best_of_n/<n>/<figure>", "as the figure", "A figure of the held-out evaluation for best-of-n.", Own),
                new(
                    "validation/<figure>",
                    "reward",
                    "eval/<figure> (gold_reward, proxy_reward or ensemble_sd) on the validation prompts, by which a run is stopped or its "
                        + "best weights are chosen.",
                    Own
                ),
                new(
                    "eval/ensemble_sd",
                    "reward",
                    "Mean disagreement (standard deviation) of the reward ensemble on the answers.",
                    "Coste et al. 2023"
                ),
                new("eval/response_length", "tokens", "Mean length of the held-out answers.", Own),
                new(
                    "eval/posterior_kl",
                    "nats",
                    "KL(pi || pi*), the divergence from the exact optimum pi* = pi_0 exp(r / beta) / Z, where answers can be "
                        + "enumerated. Multiplied by beta, it is the gap between the objective and its best value.",
                    Ziegler + ", eq. 2"
                ),
                new(
                    "eval/posterior_kl_reverse",
                    "nats",
                    "KL(pi* || pi), the same divergence in the other direction: large if the policy has lost answers that the "
                        + "optimum keeps.",
                    Own
                ),
                new(
                    "eval/posterior_tv",
                    "1",
                    "Total variation between the policy and the exact optimum: 0 if equal, 1 if they have nothing in common.",
                    Own
                ),
                new(
                    "eval/exact_kl",
                    "nats",
                    "KL(pi || pi_0) summed over all answers, where they can be enumerated, without sampling.",
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
                new("time/repack", "s", "Copying the round's weights to the rollout engine.", Own),
                new("time/evaluation", "s", "Held-out evaluation of the policy.", Own),
                new("time/feedback", "s", "Sampling questions and waiting for their labels, in this refresh (online feedback).", Own),
                new("time/refresh", "s", "Retraining the reward models in this refresh (online feedback).", Own),
                new("time/rollout", "s", "Sampling answers, in this round.", Own),
                new("time/reward", "s", "Scoring the answers with the reward.", Own),
                new(
                    "time/logprobs",
                    "s",
                    "Log-probabilities of the answers under policy and reference, their values, and what is computed from them "
                        + "before the first update.",
                    Own
                ),
                new("time/update", "s", "Optimiser steps: those of the round if answers are sampled, otherwise those of one update.", Own),
                new("time/checkpoint", "s", "Writing the checkpoint before this round.", Own),
                new(
                    "time/tokens_per_second",
                    "tokens/s",
                    "Tokens that were learned from, prompts included and padding not, over the time of their updates (time/update).",
                    "TRL and transformers, train_tokens_per_second"
                ),
                new("memory/resident", "GiB", "Memory of the process after the update or round, as the system counts it.", Own),
            ]
        );
}
