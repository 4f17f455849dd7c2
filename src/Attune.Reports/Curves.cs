using System.Collections.Immutable;
using Attune.Reports.Plotting;

namespace Attune.Reports;

/// <summary>Where in a stage a figure belongs.</summary>
public enum CurveChapter
{
    Outcome,
    Training,
    Optimiser,
}

/// <summary>One line of a figure.</summary>
/// <param name="SpreadMetric">The metric that holds the standard deviation around it, if any.</param>
public sealed record Curve(string Metric, string Label, Hue Hue, Drawing Drawing = Drawing.Smoothed, string? SpreadMetric = null);

/// <summary>A figure of a stage's curves over updates. Curves without data are left out, and figures without curves.</summary>
public sealed record CurveFigure(string Title, string Unit, string Hint, CurveChapter Chapter, ImmutableArray<Curve> Curves)
{
    public ImmutableArray<ReferenceLine> References { get; init; } = [];
    public AxisKind Kind { get; init; } = AxisKind.Linear;
}

/// <summary>The figures a stage may show, in reading order. Metrics that no figure names get one of their own at the end.</summary>
public static class CurveCatalog
{
    public static ImmutableArray<CurveFigure> Figures { get; } = [.. Outcome, .. Training, .. Optimiser];

    private static IEnumerable<CurveFigure> Outcome =>
        [
            new(
                "Gold and proxy reward",
                "reward",
                "On held-out prompts. Gold is the hidden utility and never trained on; the band is one standard deviation over answers.",
                CurveChapter.Outcome,
                [
                    new("eval/gold_reward", "gold", Hue.Orange, Drawing.Line, "eval/gold_reward_sd"),
                    new("eval/proxy_reward", "proxy", Hue.Blue, Drawing.Line, "eval/proxy_reward_sd"),
                ]
            ),
            new(
                "Divergence from the reference",
                "nats an answer",
                "Two estimates of the same divergence, k1 and k3; k1 may dip below zero.",
                CurveChapter.Outcome,
                [
                    new("objective/kl", "k1", Hue.Blue),
                    new("objective/kl_k3", "k3", Hue.Green),
                    new("eval/kl", "k1, held out", Hue.Orange, Drawing.Line),
                    new("eval/kl_bound", "upper bound", Hue.Orange, Drawing.Line),
                    new("eval/kl_k3", "k3, held out", Hue.Purple, Drawing.Line),
                ]
            ),
            new(
                "Implicit rewards",
                "reward",
                "Of chosen and rejected answers, by the policy itself against the reference. The margin between them is what "
                    + "is learned; both may fall.",
                CurveChapter.Outcome,
                [
                    new("rewards/chosen", "chosen", Hue.Blue),
                    new("rewards/rejected", "rejected", Hue.Purple),
                    new("eval_rewards/chosen", "chosen, held out", Hue.Orange, Drawing.Line),
                    new("eval_rewards/rejected", "rejected, held out", Hue.Green, Drawing.Line),
                ]
            )
            {
                References = [new("the reference", 0)],
            },
            new(
                "Margin of the implicit rewards",
                "reward",
                "Chosen minus rejected.",
                CurveChapter.Outcome,
                [new("rewards/margins", "training", Hue.Blue), new("eval_rewards/margins", "held out", Hue.Orange, Drawing.Line)]
            )
            {
                References = [new("the reference", 0)],
            },
            new(
                "Log-probability of held-out answers",
                "nats an answer",
                "Where the chosen line falls below its start, the policy moves its probability to answers that nobody judged.",
                CurveChapter.Outcome,
                [
                    new("eval_logps/chosen", "chosen", Hue.Orange, Drawing.Line),
                    new("eval_logps/rejected", "rejected", Hue.Green, Drawing.Line),
                ]
            ),
            new(
                "Pairs ordered by the policy",
                "share",
                "Chosen answers with the strictly higher implicit reward.",
                CurveChapter.Outcome,
                [new("rewards/accuracies", "training", Hue.Blue), new("eval_rewards/accuracies", "held out", Hue.Orange, Drawing.Line)]
            )
            {
                References = [new("chance", 0.5)],
            },
            new(
                "Win rate against the reference",
                "share",
                "Held-out prompts on which the answer beats the reference policy's.",
                CurveChapter.Outcome,
                [
                    new("eval/win_rate", "win rate", Hue.Blue, Drawing.Line),
                    new("eval/proxy_win_rate", "by the reward that chose", Hue.Green, Drawing.Line),
                    new("eval/win_rate_bound", "n / (n + 1)", Hue.Purple, Drawing.Line),
                ]
            )
            {
                References = [new("even", 0.5)],
            },
            new(
                "Perplexity under the pretrained model",
                "1",
                "Of the sampled answers, by the untouched model: rises when the text degenerates.",
                CurveChapter.Outcome,
                [new("eval/perplexity_pretrained", "perplexity", Hue.Purple, Drawing.Line)]
            ),
            new(
                "Disagreement of the reward ensemble",
                "reward",
                "Standard deviation over its members: rises where the reward is guessed, not known.",
                CurveChapter.Outcome,
                [new("eval/ensemble_sd", "held out", Hue.Purple, Drawing.Line), new("ensemble_sd", "training", Hue.Blue)]
            ),
            new(
                "Distance to the exact optimum",
                "nats",
                "Divergence from the best policy for this reward and beta, both ways, where answers can be enumerated.",
                CurveChapter.Outcome,
                [
                    new("eval/posterior_kl", "KL(pi || pi*)", Hue.Blue, Drawing.Line),
                    new("eval/posterior_kl_reverse", "KL(pi* || pi)", Hue.Orange, Drawing.Line),
                ]
            ),
            new(
                "Variety",
                "share",
                "Distinct word pairs among all word pairs of the answers.",
                CurveChapter.Outcome,
                [new("eval/distinct_2", "distinct pairs", Hue.Green, Drawing.Line)]
            ),
            new(
                "Perplexity",
                "1",
                "exp(loss) a token.",
                CurveChapter.Outcome,
                [new("perplexity", "training", Hue.Blue), new("eval_perplexity", "held out", Hue.Orange, Drawing.Line)]
            ),
            new(
                "Loss",
                "nats",
                "What the optimiser lowers.",
                CurveChapter.Outcome,
                [new("loss", "training", Hue.Blue), new("eval_loss", "held out", Hue.Orange, Drawing.Line)]
            ),
            new(
                "Comparisons ordered rightly",
                "share",
                "Preferred answers that get the strictly higher reward.",
                CurveChapter.Outcome,
                [
                    new("accuracy", "training", Hue.Blue),
                    new("eval_accuracy", "held out", Hue.Orange, Drawing.Line),
                    new("eval_gold_accuracy", "held out, by gold", Hue.Green, Drawing.Line),
                ]
            )
            {
                References = [new("chance", 0.5)],
            },
        ];

    private static IEnumerable<CurveFigure> Training =>
        [
            new(
                "Next-token accuracy",
                "share",
                "Tokens that were the model's first choice.",
                CurveChapter.Training,
                [new("mean_token_accuracy", "training", Hue.Blue), new("eval_mean_token_accuracy", "held out", Hue.Orange, Drawing.Line)]
            ),
            new(
                "Reward margin",
                "reward",
                "Preferred minus other answer.",
                CurveChapter.Training,
                [new("margin", "training", Hue.Blue), new("eval_margin", "held out", Hue.Orange, Drawing.Line)]
            ),
            new(
                "Calibration error",
                "share",
                "Mean distance between predicted preference and observed share.",
                CurveChapter.Training,
                [new("eval_calibration_error", "held out", Hue.Orange, Drawing.Line)]
            ),
            new(
                "Log-probability of training answers",
                "nats an answer",
                "Of other pairs in each update: noisy.",
                CurveChapter.Training,
                [new("logps/chosen", "chosen", Hue.Blue), new("logps/rejected", "rejected", Hue.Purple)]
            ),
            new(
                "Mean logit",
                "1",
                "Over the answers' positions and the vocabulary.",
                CurveChapter.Optimiser,
                [
                    new("logits/chosen", "chosen", Hue.Blue),
                    new("logits/rejected", "rejected", Hue.Purple),
                    new("eval_logits/chosen", "chosen, held out", Hue.Orange, Drawing.Line),
                    new("eval_logits/rejected", "rejected, held out", Hue.Green, Drawing.Line),
                ]
            ),
            new(
                "Estimated divergence",
                "nats",
                "GRPO's a token; KTO's z_0 an answer, from mismatched answers and never below 0.",
                CurveChapter.Training,
                [new("kl", "training", Hue.Blue), new("eval_kl", "held out", Hue.Orange, Drawing.Line)]
            ),
            new(
                "Rewards given",
                "reward",
                "Range over the batch.",
                CurveChapter.Training,
                [new("max_reward", "highest", Hue.Green), new("mean_reward", "mean", Hue.Blue), new("min_reward", "lowest", Hue.Purple)]
            ),
            new(
                "Score and KL penalty",
                "reward",
                "PPO maximises their sum, the RLHF reward.",
                CurveChapter.Training,
                [
                    new("objective/scores", "score", Hue.Blue, Drawing.Smoothed, "objective/scores_std"),
                    new("objective/rlhf_reward", "with penalty", Hue.Green),
                    new("objective/non_score_reward", "penalty", Hue.Purple),
                ]
            ),
            new(
                "Spread within prompts",
                "reward",
                "Standard deviation of the rewards of one prompt's answers: near zero, there is nothing to compare.",
                CurveChapter.Training,
                [new("reward_std", "spread", Hue.Blue)]
            ),
            new(
                "Prompts without differences",
                "share",
                "All their answers earned the same.",
                CurveChapter.Training,
                [new("frac_reward_zero_std", "share", Hue.Blue)]
            ),
            new(
                "What rejection keeps",
                "reward",
                "Scores of the answers that are imitated; the mean of all is the score.",
                CurveChapter.Training,
                [new("objective/kept_scores", "kept", Hue.Green)]
            ),
            new(
                "Age of the labels",
                "updates",
                "Policy updates since the compared answers were written, mean over labels.",
                CurveChapter.Training,
                [new("online/label_age", "age", Hue.Orange, Drawing.Line)]
            ),
            new(
                "Reward model on labels it never saw",
                "share",
                "Accuracy, before each refresh, on the labels that the refresh brought.",
                CurveChapter.Training,
                [new("online/accuracy_on_new", "accuracy", Hue.Orange, Drawing.Line)]
            )
            {
                References = [new("chance", 0.5)],
            },
            new(
                "KL coefficient",
                "reward a nat",
                "beta, the price of divergence.",
                CurveChapter.Training,
                [new("objective/kl_coef", "beta", Hue.Blue, Drawing.Line)]
            ),
            new(
                "Entropy a token",
                "nats",
                "Of the next-token distribution: near zero, the policy no longer explores.",
                CurveChapter.Training,
                [
                    new("entropy", "training", Hue.Blue),
                    new("policy/entropy_avg", "policy", Hue.Blue),
                    new("eval_entropy", "held out", Hue.Orange, Drawing.Line),
                ]
            ),
            new(
                "Entropy an answer",
                "nats",
                "Summed -log pi of the sampled tokens.",
                CurveChapter.Training,
                [new("objective/entropy", "answer", Hue.Blue)]
            ),
            new(
                "Answer length",
                "tokens",
                "Of the sampled answers.",
                CurveChapter.Training,
                [
                    new("response_length/max", "longest", Hue.Purple),
                    new("response_length/mean", "mean", Hue.Blue),
                    new("response_length/min", "shortest", Hue.Green),
                    new("eval/response_length", "held out", Hue.Orange, Drawing.Line),
                ]
            ),
            new(
                "Answers cut at the length limit",
                "share",
                "They ended without an end token.",
                CurveChapter.Training,
                [new("response_length/clip_ratio", "cut", Hue.Blue)]
            ),
        ];

    private static IEnumerable<CurveFigure> Optimiser =>
        [
            new("Policy loss", "1", "Clipped surrogate of PPO.", CurveChapter.Optimiser, [new("loss/policy_avg", "policy", Hue.Blue)]),
            new(
                "Value loss",
                "reward squared",
                "Clipped error of the value network.",
                CurveChapter.Optimiser,
                [new("loss/value_avg", "value", Hue.Blue)]
            ),
            new(
                "Explained variance",
                "share",
                "How much of the return the value network foresees; 0 is no better than a constant.",
                CurveChapter.Optimiser,
                [new("val/explained_variance", "explained", Hue.Blue)]
            )
            {
                References = [new("a constant", 0)],
            },
            new(
                "Clipped tokens",
                "share",
                "Tokens whose ratio, or value, hit the clip.",
                CurveChapter.Optimiser,
                [new("policy/clipfrac_avg", "policy", Hue.Blue), new("val/clipfrac_avg", "value", Hue.Green)]
            ),
            new(
                "Change within a round",
                "nats",
                "Half the mean squared change of log-probability since sampling.",
                CurveChapter.Optimiser,
                [new("policy/approxkl_avg", "approximate KL", Hue.Blue)]
            ),
            new(
                "Probability ratio",
                "1",
                "New to old probability of the sampled tokens.",
                CurveChapter.Optimiser,
                [new("val/ratio", "mean", Hue.Blue)]
            ),
            new(
                "Language-model loss mixed in",
                "nats",
                "On pretraining text (PPO-ptx).",
                CurveChapter.Optimiser,
                [new("loss/ptx_avg", "loss", Hue.Blue)]
            ),
            new("Gradient norm", "1", "Before clipping; logarithmic.", CurveChapter.Optimiser, [new("grad_norm", "norm", Hue.Blue)])
            {
                Kind = AxisKind.Logarithmic,
            },
            new(
                "Learning rate",
                "1",
                "After the schedule.",
                CurveChapter.Optimiser,
                [new("learning_rate", "learning rate", Hue.Blue, Drawing.Line)]
            ),
            new(
                "Seconds a round",
                "s",
                "Where a round's time went.",
                CurveChapter.Optimiser,
                [
                    new("time/rollout", "sampling", Hue.Blue),
                    new("time/reward", "rewards", Hue.Green),
                    new("time/logprobs", "log-probabilities", Hue.Purple),
                    new("time/update", "updates", Hue.Orange),
                    new("time/feedback", "asking", Hue.Orange, Drawing.Line),
                ]
            ),
        ];
}
