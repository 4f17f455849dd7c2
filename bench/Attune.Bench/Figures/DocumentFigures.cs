using System.Collections.Immutable;
using Attune.Core;
using Attune.Core.Conversations;
using Attune.Reports.Html;
using Attune.Reports.Plotting;
using Attune.Worlds.Exact;
using Attune.Worlds.Tiny;

namespace Attune.Bench.Figures;

/// <summary>
/// Figures of the documentation that are computed, not measured: each is a sum over all outcomes, the same on any machine.
/// </summary>
public static class DocumentFigures
{
    private static readonly int[] Powers = [.. Enumerable.Range(0, 13).Select(i => 1 << i)];

    private static readonly ImmutableSortedDictionary<string, Func<FigureSheet>> All = ImmutableSortedDictionary<string, Func<FigureSheet>>
        .Empty.Add("over-optimisation", OverOptimisation)
        .Add("posterior", PosteriorAndOthers);

    public static IEnumerable<string> Names => All.Keys;

    /// <exception cref="AttuneException">There is no such figure.</exception>
    public static FigureSheet Named(string name) =>
        All.TryGetValue(name, out var make)
            ? make()
            : throw new AttuneException($"there is no figure '{name}'; there are {string.Join(", ", Names)}.{Suggestion.For(name, Names)}");

    /// <summary>
    /// Best-of-n under an imperfect proxy: Gaussian errors, heavy-tailed errors, and the careless rater of the tiny language.
    /// </summary>
    public static FigureSheet OverOptimisation()
    {
        Plot Panel(string title, IEnumerable<(double Gold, double Proxy, double Divergence)> points)
        {
            var all = points.ToArray();
            var peak = all.MaxBy(p => p.Gold);
            return new Plot(
                title,
                new Axis("KL from the start, nats", Low: 0),
                new Axis("reward"),
                [
                    Points("proxy", Hue.Blue, all.Select(p => (p.Divergence, p.Proxy))),
                    Points("gold", Hue.Orange, all.Select(p => (p.Divergence, p.Gold))),
                ]
            )
            {
                Width = 330,
                Height = 270,
                Marks = peak.Gold > all[^1].Gold ? [new Mark(Hue.Orange, peak.Divergence, peak.Gold, "gold turns down")] : [],
            };
        }

        var (gaussian, student) = (NoisyProxy.GaussianErrors(), NoisyProxy.StudentErrors());
        return new FigureSheet(
            "Best of n by a proxy, n = 1, 2, 4, ... 4096: when gold turns down",
            [
                Panel("proxy = gold + Gaussian error", Powers.Select(n => gaussian.BestOf(n))),
                Panel("proxy = gold + Student t (3) error", Powers.Select(n => student.BestOf(n))),
                Panel("tiny language, careless rater", Powers.Select(n => BestInTinyLanguage(n))),
            ]
        );
    }

    /// <summary>Mean over the prompts of the tiny language, whose texts are drawn as the language itself has them.</summary>
    public static (double Gold, double Proxy, double Divergence) BestInTinyLanguage(double n)
    {
        var (gold, proxy, divergence) = (0.0, 0.0, 0.0);
        foreach (var prompt in TinyLanguage.Prompts)
        {
            var (prior, utility, seen) = Outcomes(prompt);
            var kept = BestOfN.Of(prior, seen, n);
            gold += Distribution.Mean(kept, utility) / TinyLanguage.Prompts.Length;
            proxy += Distribution.Mean(kept, seen) / TinyLanguage.Prompts.Length;
            divergence += Distribution.Divergence(kept, prior) / TinyLanguage.Prompts.Length;
        }

        return (gold, proxy, divergence);
    }

    /// <summary>What the posterior, IPO and best-of-n do with the same start and the same wishes.</summary>
    public static FigureSheet PosteriorAndOthers()
    {
        var rewards = Enumerable.Range(-30, 61).Select(i => i / 10.0).ToArray();
        var total = rewards.Sum(r => Math.Exp(-r * r / 2));
        var prior = rewards.Select(r => Math.Exp(-r * r / 2) / total).ToArray();
        var preference = PopulationOptima.BradleyTerry(rewards, 0.25);
        var temperatures = Enumerable.Range(0, 40).Select(i => 12 * Math.Pow(0.25 / 12, i / 39.0)).ToArray();
        var posterior = temperatures.Select(b => Posterior.Of(prior, rewards, b).Probabilities);
        var ipo = temperatures.Select(t => PopulationOptima.Ipo(prior, preference, prior, t / 12).Probabilities);
        var best = Enumerable.Range(0, 61).Select(i => BestOfN.Of(prior, rewards, Math.Pow(128, i / 60.0)));
        return new FigureSheet(
            "One start, one reward: the posterior and what other methods make of it",
            [
                new Plot(
                    "mean reward against KL",
                    new Axis("KL from the start, nats", Low: 0, High: 4),
                    new Axis("reward"),
                    [
                        Curve("posterior", Hue.Ink, Drawing.Dashed, posterior, prior, rewards),
                        Curve("IPO", Hue.Green, Drawing.Dashed, ipo, prior, rewards),
                        Curve("best-of-n", Hue.Orange, Drawing.Dashed, best, prior, rewards),
                    ]
                )
                {
                    Width = 470,
                    Height = 320,
                },
                new Plot(
                    "log pi - log pi0 against reward, all at about 1 nat",
                    new Axis("reward"),
                    new Axis("nats"),
                    [
                        Ratio("posterior", Hue.Ink, Nearest(posterior, prior), prior, rewards),
                        Ratio("IPO", Hue.Green, Nearest(ipo, prior), prior, rewards),
                        Ratio(
                            "best-of-n",
                            Hue.Orange,
                            Nearest(Enumerable.Range(10, 90).Select(n => BestOfN.Of(prior, rewards, n / 10.0)), prior),
                            prior,
                            rewards
                        ),
                    ]
                )
                {
                    Width = 470,
                    Height = 320,
                },
            ]
        );
    }

    private static (double[] Prior, double[] Gold, double[] Proxy) Outcomes(Prompt prompt)
    {
        var answers = Enumerable.Range(0, 6).SelectMany(Words).ToArray();
        var (gold, proxy) = (new TinyUtility(), new TinyProxy());
        return (
            [.. answers.Select(a => TinyLanguage.ProbabilityOf(prompt, a))],
            [.. answers.Select(a => gold.Of(prompt, a).Total)],
            [.. answers.Select(a => proxy.Of(prompt, a).Total)]
        );
    }

    private static IEnumerable<string> Words(int length) =>
        length == 0 ? [""] : Words(length - 1).SelectMany(word => TinyLanguage.Letters.Select(letter => word + letter));

    private static Series Points(string name, Hue hue, IEnumerable<(double Divergence, double Reward)> points) =>
        new(
            name,
            hue,
            Drawing.Path,
            [
                .. points.Select(
                    (p, i) =>
                        new PlotPoint(p.Divergence, p.Reward)
                        {
                            Hint = $"n = {1 << i}: {Figure.Fixed(p.Reward)} at {Figure.Fixed(p.Divergence)} nats",
                        }
                ),
            ]
        )
        {
            Tag = name,
        };

    private static Series Curve(string name, Hue hue, Drawing drawing, IEnumerable<double[]> policies, double[] prior, double[] rewards) =>
        new(
            name,
            hue,
            drawing,
            [.. policies.Select(p => new PlotPoint(Distribution.Divergence(p, prior), Distribution.Mean(p, rewards))).Where(p => p.X < 4)]
        )
        {
            Tag = name,
        };

    private static Series Ratio(string name, Hue hue, double[] policy, double[] prior, double[] rewards) =>
        new(name, hue, Drawing.Dashed, [.. rewards.Select((r, i) => new PlotPoint(r, Math.Log(policy[i] / prior[i]))).Where(p => p.Y > -6)])
        {
            Tag = name,
        };

    private static double[] Nearest(IEnumerable<double[]> policies, double[] prior) =>
        policies.MinBy(p => Math.Abs(Distribution.Divergence(p, prior) - 1))!;
}
