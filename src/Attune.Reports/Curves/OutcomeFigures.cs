using System.Collections.Immutable;
using Attune.Reports.Plotting;

namespace Attune.Reports.Curves;

/// <summary>Figures that show what training achieved.</summary>
internal static class OutcomeFigures
{
    public static ImmutableArray<CurveFigure> All { get; } =
    [
        new(
            "Gold and proxy reward",
            "reward",
            "On held-out prompts. Gold is the hidden utility, never used for training. The band is one standard deviation over answers.",
            CurveChapter.Outcome,
            [
                new("eval/gold_reward", "gold", Hue.Orange, Drawing.Line, "eval/gold_reward_sd"),
                new("eval/proxy_reward", "proxy", Hue.Blue, Drawing.Line, "eval/proxy_reward_sd"),
            ]
        ),
        new(
            "Divergence from the reference",
            "nats per answer",
            "Two estimates of the same divergence, k1 and k3. k1 can be slightly negative.",
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
            "Log-ratio of policy to reference, for chosen and rejected answers. Training widens the margin between them; "
                + "both may fall.",
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
            "nats per answer",
            "If the chosen line falls below its start, the policy moves probability to answers outside the data.",
            CurveChapter.Outcome,
            [new("eval_logps/chosen", "chosen", Hue.Orange, Drawing.Line), new("eval_logps/rejected", "rejected", Hue.Green, Drawing.Line)]
        ),
        new(
            "Pairs ordered by the policy",
            "share",
            "Share of pairs in which the chosen answer has the strictly higher implicit reward.",
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
                new("eval/proxy_win_rate", "by the reward used to choose", Hue.Green, Drawing.Line),
                new("eval/win_rate_bound", "n / (n + 1)", Hue.Purple, Drawing.Line),
            ]
        )
        {
            References = [new("even", 0.5)],
        },
        new(
            "Perplexity under the pretrained model",
            "1",
            "Perplexity of the sampled answers under the original model. It rises when the text degenerates.",
            CurveChapter.Outcome,
            [new("eval/perplexity_pretrained", "perplexity", Hue.Purple, Drawing.Line)]
        ),
        new(
            "Answers with an unknown word",
            "share",
            "Share of the sampled answers with a word that the grammar of their world does not know.",
            CurveChapter.Outcome,
            [new("eval/unknown_word_share", "unknown word", Hue.Purple, Drawing.Line)]
        ),
        new(
            "Problems solved",
            "share",
            "Share of held-out problems solved by choosing one of n answers, with 95% intervals over problems.",
            CurveChapter.Outcome,
            [
                Solved("oracle", "oracle: any is right", Hue.Ink),
                Solved("product", "process model, product of steps", Hue.Blue),
                Solved("min", "process model, worst step", Hue.Teal),
                Solved("outcome", "outcome model", Hue.Orange),
                Solved("weighted", "vote weighted by the model", Hue.Purple),
                Solved("majority", "majority vote", Hue.Green),
                Solved("blind", "blind choice", Hue.Olive),
            ]
        ),
        new(
            "Disagreement of the reward ensemble",
            "reward",
            "Standard deviation over the members. It rises where the reward is uncertain.",
            CurveChapter.Outcome,
            [new("eval/ensemble_sd", "held out", Hue.Purple, Drawing.Line)]
        ),
        new(
            "Distance to the exact optimum",
            "nats",
            "Divergence from the best policy for this reward and beta, in both directions, where answers can be enumerated.",
            CurveChapter.Outcome,
            [
                new("eval/posterior_kl", "KL(pi || pi*)", Hue.Blue, Drawing.Line),
                new("eval/posterior_kl_reverse", "KL(pi* || pi)", Hue.Orange, Drawing.Line),
            ]
        ),
        new(
            "Perplexity",
            "1",
            "exp(loss) per token.",
            CurveChapter.Outcome,
            [new("eval_perplexity", "held out", Hue.Orange, Drawing.Line)]
        ),
        new(
            "Loss",
            "nats",
            "The quantity that the optimiser minimises.",
            CurveChapter.Outcome,
            [new("loss", "training", Hue.Blue), new("eval_loss", "held out", Hue.Orange, Drawing.Line)]
        ),
        new(
            "Comparisons ordered correctly",
            "share",
            "Share of comparisons in which the preferred answer gets the strictly higher reward.",
            CurveChapter.Outcome,
            [new("accuracy", "training", Hue.Blue), new("eval_accuracy", "held out", Hue.Orange, Drawing.Line)]
        )
        {
            References = [new("chance", 0.5)],
        },
    ];

    private static Curve Solved(string chooser, string label, Hue hue) =>
        new($"eval/solved/{chooser}", label, hue, Drawing.Line, $"eval/solved_half_width/{chooser}");
}
