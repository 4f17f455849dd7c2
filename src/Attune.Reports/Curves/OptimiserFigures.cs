using System.Collections.Immutable;
using Attune.Reports.Plotting;

namespace Attune.Reports.Curves;

/// <summary>Figures about the optimiser, the networks and the time taken.</summary>
internal static class OptimiserFigures
{
    public static ImmutableArray<CurveFigure> All { get; } =
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
            "Share of the return's variance that the value network predicts. 0 is no better than a constant.",
            CurveChapter.Optimiser,
            [new("val/explained_variance", "explained", Hue.Blue)]
        )
        {
            References = [new("a constant", 0)],
        },
        new(
            "Clipped tokens",
            "share",
            "Share of tokens whose ratio or value was clipped.",
            CurveChapter.Optimiser,
            [new("policy/clipfrac_avg", "policy", Hue.Blue), new("val/clipfrac_avg", "value", Hue.Green)]
        ),
        new(
            "Change within a round",
            "nats",
            "Half the mean squared change in log-probability since sampling.",
            CurveChapter.Optimiser,
            [new("policy/approxkl_avg", "approximate KL", Hue.Blue)]
        ),
        new(
            "Probability ratio",
            "1",
            "Ratio of new to old probability of the sampled tokens.",
            CurveChapter.Optimiser,
            [new("val/ratio", "mean", Hue.Blue)]
        ),
        new(
            "Language-modelling loss (PPO-ptx)",
            "nats",
            "Loss on pretraining text, added to PPO's loss.",
            CurveChapter.Optimiser,
            [new("loss/ptx_avg", "loss", Hue.Blue)]
        ),
        new("Gradient norm", "1", "Before clipping, on a logarithmic scale.", CurveChapter.Optimiser, [new("grad_norm", "norm", Hue.Blue)])
        {
            Kind = AxisKind.Logarithmic,
        },
        new(
            "Learning rate",
            "1",
            "With the schedule applied.",
            CurveChapter.Optimiser,
            [new("learning_rate", "learning rate", Hue.Blue, Drawing.Line)]
        ),
        new(
            "Seconds per round",
            "s",
            "How each round's time was spent.",
            CurveChapter.Optimiser,
            [
                new("time/rollout", "sampling", Hue.Blue),
                new("time/reward", "rewards", Hue.Green),
                new("time/logprobs", "log-probabilities", Hue.Purple),
                new("time/update", "updates", Hue.Orange),
                new("time/feedback", "collecting feedback", Hue.Orange, Drawing.Line),
            ]
        ),
        new(
            "Tokens learned per second",
            "tokens/s",
            "Tokens over the time of their updates; sampling and evaluating not counted.",
            CurveChapter.Optimiser,
            [new("time/tokens_per_second", "learning", Hue.Blue)]
        ),
        new("Memory", "GiB", "Of the process.", CurveChapter.Optimiser, [new("memory/resident", "process", Hue.Blue, Drawing.Line)]),
    ];
}
