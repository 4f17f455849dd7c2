using Attune.Core.Statistics;
using Attune.Core.Statistics.Hypotheses;
using Attune.Core.Statistics.Regression;
using Attune.Reports.Audits;
using Attune.Reports.Plotting;
using Attune.Reports.Runs;

namespace Attune.Audit.Presumptions;

/// <summary>Presumption 1, as far as a run's own figures tell: whether it reached what its reward allows, and what held it back.</summary>
public static class Optimum
{
    private const int Presumption = 1;
    private const int FewestRounds = 6;

    /// <summary>A critic that explains less of the variance of returns than this does no more than a constant.</summary>
    private const double LeastExplained = 0.1;

    /// <summary>PPO's step is small where few ratios leave the clip range; beyond this share the clip decides how far it goes.</summary>
    private const double MostClipped = 0.3;

    /// <summary>Of what was gained so far: less to come is called reached.</summary>
    private const double LeastGain = 0.05;

    public static IEnumerable<AuditFinding> Measure(RunRecord run) =>
        [Curve(run).Finding, Critic(run), Clip(run), Budget(run), Labels(run), Turn(run)];

    /// <summary>A power law a - b n^-c through the rounds' mean scores, and what twice the answers would add by it.</summary>
    public static (AuditFinding Finding, PowerLaw? Law, double[] Answers, double[] Scores) Curve(RunRecord run)
    {
        const string measure = "gain in reward that twice as many answers would bring, by a power law through the rounds";
        var rounds = run.Events.Where(e => e.Metrics.ContainsKey("objective/scores") && e.Items > 0).ToArray();
        double[] answers = [.. rounds.Select(e => (double)e.Items)],
            scores = [.. rounds.Select(e => e.Metrics["objective/scores"])];
        if (rounds.Length < FewestRounds || scores.Distinct().Count() < 4 || answers.Distinct().Count() < rounds.Length)
        {
            return (Silent(measure, $"Fewer than {FewestRounds} rounds of one stage log objective/scores."), null, answers, scores);
        }

        var law = PowerLaw.Fit(answers, scores, null);
        var gain = law.Gain(answers[^1], 2 * answers[^1]);
        var reached = law.At(answers[^1]).Value - law.At(answers[0]).Value;
        if (!(law.C > 0) || !(law.B > 0) || !double.IsFinite(gain.Error) || !(reached > 0))
        {
            return (
                Silent(measure, "The rounds' scores do not rise and level off, so that nothing can be said beyond them."),
                null,
                answers,
                scores
            );
        }

        var finding = Finding.Of(
            Presumption,
            measure,
            new Interval(gain.Value, gain.Low, gain.High, rounds.Length),
            null,
            gain.Low > LeastGain * reached,
            $"the reward was still rising: twice the answers would add {gain.Value:0.00} to the {reached:0.00} gained",
            "train longer; a higher learning rate",
            "rounds are taken as independent; a power law need not hold beyond what was seen; the reward is the optimised one, not what "
                + "people want"
        );
        return (finding, law, answers, scores);
    }

    /// <summary>What the critic explains of returns in the last quarter of rounds.</summary>
    public static AuditFinding Critic(RunRecord run)
    {
        var interval = Late(run, "val/explained_variance");
        return interval is null
            ? Silent("critic: explained variance of returns, last quarter of rounds", "The run logs no val/explained_variance.")
            : Finding.Of(
                Presumption,
                $"critic: explained variance of returns, last quarter of rounds (at least {LeastExplained})",
                interval,
                null,
                interval.High < LeastExplained,
                $"the critic explains {interval.Value:P0} of the variance of returns",
                "warm the critic up, give it a larger learning rate, or use a method without one (RLOO, GRPO)",
                "returns that are nearly noise cannot be explained by any critic"
            );
    }

    public static AuditFinding Clip(RunRecord run)
    {
        var interval = Late(run, "policy/clipfrac_avg");
        return interval is null
            ? Silent("clip: share of tokens that it decides, last quarter of updates", "The run logs no policy/clipfrac_avg.")
            : Finding.Of(
                Presumption,
                $"clip: share of tokens that it decides, last quarter of updates (at most {MostClipped})",
                interval,
                null,
                interval.Low > MostClipped,
                $"the clip decides {interval.Value:P0} of tokens",
                "a smaller learning rate or fewer epochs a round",
                "with one update a round nothing is ever clipped"
            );
    }

    /// <summary>What the divergence costs of what answers earn.</summary>
    public static AuditFinding Budget(RunRecord run)
    {
        const string measure = "KL budget: penalty paid in the last quarter of rounds, reward per answer";
        var paid = Late(run, "objective/non_score_reward");
        return paid is null
            ? Silent(measure, "The run logs no objective/non_score_reward.")
            : Finding.Described(
                Presumption,
                measure,
                new Interval(-paid.Value, -paid.High, -paid.Low, paid.Units),
                "where the penalty is as large as the gain in score, a smaller coefficient would let the policy go further; gold or "
                    + "people tell whether that is wanted"
            );
    }

    /// <summary>Whether the reward model is as good as its labels allow, where the world knows how good that is.</summary>
    public static AuditFinding Labels(RunRecord run)
    {
        const string measure = "reward model: held-out accuracy less the best that these labels allow";
        var stages = run.Result?.Stages ?? [];
        double? Metric(string name) =>
            stages.Select(s => s.Metrics.TryGetValue(name, out var value) ? value : (double?)null).LastOrDefault(v => v is not null);
        return Metric("best_possible_accuracy") is { } best && Metric("accuracy") is { } accuracy && Metric("accuracy_high") is { } high
            ? Finding.Of(
                Presumption,
                measure,
                new Interval(
                    accuracy - best,
                    (Metric("accuracy_low") ?? double.NaN) - best,
                    high - best,
                    (int)(Metric("held_out_pairs") ?? 0)
                ),
                null,
                high < best,
                $"the reward model orders {accuracy:P1} of held-out pairs as people did, where {best:P1} is possible",
                "more labels, a larger reward model, or several members",
                "the best possible accuracy is that of a judge who knows the hidden utility"
            )
            : Silent(measure, "The best possible accuracy is known only where annotators are simulated.");
    }

    /// <summary>Whether what people want fell while the reward rose (Gao, Schulman and Hilton 2023).</summary>
    public static AuditFinding Turn(RunRecord run)
    {
        const string measure = "gold reward: last evaluation less the best one before";
        var path = run
            .Events.Where(e => e.Metrics.ContainsKey("eval/gold_reward") && e.Metrics.ContainsKey("eval/proxy_reward"))
            .Select(e => (Gold: e.Metrics["eval/gold_reward"], Proxy: e.Metrics["eval/proxy_reward"]))
            .ToArray();
        if (path.Length < 3)
        {
            return Silent(measure, "Fewer than three evaluations log both gold and proxy reward.");
        }

        var best = path.MaxBy(p => p.Gold);
        var (fall, gained) = (path[^1].Gold - best.Gold, best.Gold - path[0].Gold);
        var turned = path[^1].Proxy > best.Proxy && fall < -0.1 * Math.Abs(gained);
        return Finding.Of(
            Presumption,
            measure,
            new Interval(fall, double.NaN, double.NaN, path.Length),
            null,
            turned,
            $"gold fell by {-fall:0.00} of {gained:0.00} gained while the optimised reward rose to {path[^1].Proxy:0.00}",
            "stop at the best validation gold; a larger KL coefficient; an ensemble's lower bound as reward",
            "called a turn from a tenth of the gain; evaluations are few, and without gold nothing shows a turn"
        );
    }

    /// <summary>The rounds and the curve through them, on to twice the answers.</summary>
    public static Plot? Figure(RunRecord run)
    {
        var (_, law, answers, scores) = Curve(run);
        if (law is null)
        {
            return null;
        }

        var (from, to) = (answers[0], 2 * answers[^1]);
        return new Plot(
            "Learning curve",
            new Axis("answers"),
            new Axis("reward"),
            [
                new Series("rounds", Hue.Blue, Drawing.Dots, [.. answers.Zip(scores, (n, s) => new PlotPoint(n, s))]),
                new Series(
                    "power law",
                    Hue.Orange,
                    Drawing.Line,
                    [
                        .. Enumerable
                            .Range(0, 41)
                            .Select(i => from + (i * (to - from) / 40))
                            .Select(n => (N: n, At: law.At(n)))
                            .Select(p => new PlotPoint(p.N, p.At.Value, p.At.Low, p.At.High)),
                    ]
                ),
            ]
        );
    }

    private static Interval? Late(RunRecord run, string metric)
    {
        double[] values = [.. run.Events.Where(e => e.Metrics.ContainsKey(metric)).Select(e => e.Metrics[metric]).Where(double.IsFinite)];
        double[] late = [.. values.TakeLast(Math.Max(2, values.Length / 4))];
        if (late.Length < 2)
        {
            return null;
        }

        var mean = MeanTest.Of(late);
        return new Interval(mean.Difference, mean.Interval.Low, mean.Interval.High, late.Length);
    }

    private static AuditFinding Silent(string measure, string why) => Finding.Silent(Presumption, measure, why);
}
