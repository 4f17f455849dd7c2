using System.Collections.Immutable;
using Attune.Reports.Plotting;

namespace Attune.Reports.Curves;

/// <summary>Figures that show how training proceeded.</summary>
internal static class TrainingFigures
{
    public static ImmutableArray<CurveFigure> All { get; } =
    [
        new(
            "Next-token accuracy",
            "share",
            "Share of tokens that the model ranked first.",
            CurveChapter.Training,
            [new("mean_token_accuracy", "training", Hue.Blue), new("eval_mean_token_accuracy", "held out", Hue.Orange, Drawing.Line)]
        ),
        new(
            "Reward margin",
            "reward",
            "Reward of the preferred answer minus that of the other.",
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
            "nats per answer",
            "Noisy, because each update has different pairs.",
            CurveChapter.Training,
            [new("logps/chosen", "chosen", Hue.Blue), new("logps/rejected", "rejected", Hue.Purple)]
        ),
        new(
            "Mean logit",
            "1",
            "Mean over the answers' positions and the vocabulary.",
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
            "For GRPO per token. For KTO, z_0 per answer: estimated from mismatched answers and never below 0.",
            CurveChapter.Training,
            [new("kl", "training", Hue.Blue), new("eval_kl", "held out", Hue.Orange, Drawing.Line)]
        ),
        new(
            "Rewards",
            "reward",
            "Lowest, mean and highest in the batch.",
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
            "Standard deviation of the rewards of one prompt's answers. Near zero, there is nothing to learn from.",
            CurveChapter.Training,
            [new("reward_std", "spread", Hue.Blue)]
        ),
        new(
            "Prompts without differences",
            "share",
            "Share of prompts whose answers all got the same reward.",
            CurveChapter.Training,
            [new("frac_reward_zero_std", "share", Hue.Blue)]
        ),
        new(
            "Answers kept by rejection sampling",
            "reward",
            "Scores of the answers kept for training. The score is the mean over all answers.",
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
            "Reward model on new labels",
            "share",
            "Accuracy on the labels of each refresh, measured before training on them.",
            CurveChapter.Training,
            [new("online/accuracy_on_new", "accuracy", Hue.Orange, Drawing.Line)]
        )
        {
            References = [new("chance", 0.5)],
        },
        new(
            "KL coefficient",
            "reward per nat",
            "beta, the weight of the divergence penalty.",
            CurveChapter.Training,
            [new("objective/kl_coef", "beta", Hue.Blue, Drawing.Line)]
        ),
        new(
            "Entropy per token",
            "nats",
            "Entropy of the next-token distribution. Near zero, the policy no longer explores.",
            CurveChapter.Training,
            [
                new("entropy", "training", Hue.Blue),
                new("policy/entropy_avg", "policy", Hue.Blue),
                new("eval_entropy", "held out", Hue.Orange, Drawing.Line),
            ]
        ),
        new(
            "Entropy per answer",
            "nats",
            "Summed -log pi of the sampled tokens.",
            CurveChapter.Training,
            [new("objective/entropy", "answer", Hue.Blue)]
        ),
        new(
            "Answer length",
            "tokens",
            "Length of the sampled answers.",
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
            "Share of answers that ended without an end token.",
            CurveChapter.Training,
            [new("response_length/clip_ratio", "cut", Hue.Blue)]
        ),
    ];
}
