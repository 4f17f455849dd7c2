using Attune.Core;
using Attune.Core.Runs;
using Attune.Reports.Plotting;

namespace Attune.Bench.Figures;

/// <summary>How training in bfloat16 goes beside training in float32: curves of finished runs, a line for each seed.</summary>
public static class PrecisionFigure
{
    public const string Name = "precision";

    /// <param name="folder">Holds run folders f32-SEED and bf16-SEED of recipes/precision.yaml.</param>
    /// <exception cref="AttuneException">There are no such runs.</exception>
    public static FigureSheet Of(string? folder)
    {
        if (folder is null || !Directory.Exists(folder))
        {
            throw new AttuneException(
                $"the figure {Name} is drawn from runs: give --runs DIR with the run folders f32-1, bf16-1 and so on "
                    + "(studies/precision/run.sh makes them)."
            );
        }

        var runs = Directory
            .GetDirectories(folder)
            .Order(StringComparer.Ordinal)
            .Select(d => (Type: Path.GetFileName(d).Split('-')[0], Events: new RunFolder(d).ReadEvents().Entries))
            .Where(r => r.Type is "f32" or "bf16" && !r.Events.IsEmpty)
            .ToArray();
        if (runs.Length == 0)
        {
            throw new AttuneException($"{folder} holds no run folders named f32-SEED or bf16-SEED.");
        }

        Plot Panel(string title, string stage, string metric, string unit) =>
            new(
                title,
                new Axis("updates"),
                new Axis(unit),
                [
                    .. runs.Select(run => new Series(
                        run.Type,
                        run.Type == "f32" ? Hue.Blue : Hue.Orange,
                        Drawing.Line,
                        [
                            .. run
                                .Events.Where(e => e.Stage == stage && e.Metrics.ContainsKey(metric))
                                .Select(e => new PlotPoint(e.Updates, e.Metrics[metric])),
                        ]
                    )),
                ]
            )
            {
                Width = 330,
                Height = 270,
            };

        return new FigureSheet(
            "float32 (blue) and bfloat16 (orange), a line for each seed",
            [
                Panel("SFT: held-out loss", "sft", "eval_loss", "nats"),
                Panel("PPO: reward of the rollouts", "ppo", "objective/scores", "reward"),
                Panel("PPO: KL to the reference", "ppo", "objective/kl", "nats"),
            ]
        );
    }
}
