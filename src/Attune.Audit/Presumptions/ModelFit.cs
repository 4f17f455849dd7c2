using Attune.Audit.Judgements;
using Attune.Core.Runs;
using Attune.Core.Statistics;
using Attune.Core.Statistics.Comparisons;
using Attune.Reports.Audits;

namespace Attune.Audit.Presumptions;

/// <summary>Presumption 3: one utility for each answer and the logistic function of differences explain the shares of wins.</summary>
public static class ModelFit
{
    private const int Presumption = 3;
    private const int Draws = 99;

    // A weak prior, so that an answer that never lost has a strength too. It is the same for data and draws.
    private const double Alpha = 0.05;

    public static IEnumerable<AuditFinding> Measure(IReadOnlyList<PromptGroup> groups, Seed seed) => [Saturated(groups, seed)];

    /// <summary>
    /// G² of one probability for each pair against the model, over all prompts, with a p-value by drawing judgements from the fit: the χ²
    /// distribution does not hold for the few judgements that a pair usually has.
    /// </summary>
    public static AuditFinding Saturated(IReadOnlyList<PromptGroup> groups, Seed seed)
    {
        double[][,] wins =
        [
            .. groups
                .Where(g => g.CanBeCircular && g.Answers.Count <= 20)
                .Select(g => g.Wins)
                .Where(w => FitTests.Of(w, new double[w.GetLength(0)]).FreedomGeneral > 0),
        ];
        var pairs = wins.Sum(w =>
            Comparison.Of(w).Select(c => (Math.Min(c.Winner, c.Loser), Math.Max(c.Winner, c.Loser))).Distinct().Count()
        );
        var judged = wins.Sum(w => Comparison.Of(w).Sum(c => c.Weight));
        if (pairs == 0 || judged < 20)
        {
            return Finding.Silent(
                Presumption,
                "a free probability for each pair against the model",
                "No prompt has three answers whose pairs were compared pair by pair often enough."
            );
        }

        double[][] strengths = [.. wins.Select(w => BradleyTerry.Fit(w.GetLength(0), Comparison.Of(w), Alpha).Strengths)];
        var observed = wins.Zip(strengths, (w, theta) => FitTests.Of(w, theta).RatioGeneral).Sum();
        double[] draws = [.. Enumerable.Range(0, Draws).Select(d => Drawn(wins, strengths, seed.For("fit", d).Rng()))];
        var p = FitTests.SimulatedP(observed, draws);
        return Finding.Of(
            Presumption,
            "G² per pair of a free probability for each pair against the model",
            new Interval(observed / pairs, double.NaN, double.NaN, pairs),
            p,
            p < 0.05,
            $"G² is {observed:0.0} where judgements drawn from the model give {draws.Average():0.0} on average",
            "a reward with ties or several dimensions; check circles above",
            judged / pairs < 2
                ? "pairs have fewer than two judgements on average: only circles can speak against the model"
                : "a pair's judgements are taken as independent"
        );
    }

    private static double Drawn(double[][,] wins, double[][] strengths, Rng rng) =>
        wins.Zip(
                strengths,
                (w, theta) =>
                {
                    var drawn = Draw(w, theta, rng);
                    return FitTests.Of(drawn, BradleyTerry.Fit(theta.Length, Comparison.Of(drawn), Alpha).Strengths).RatioGeneral;
                }
            )
            .Sum();

    private static double[,] Draw(double[,] wins, double[] theta, Rng rng)
    {
        var drawn = new double[theta.Length, theta.Length];
        for (var i = 0; i < theta.Length; i++)
        {
            for (var j = i + 1; j < theta.Length; j++)
            {
                var judged = (int)Math.Round(wins[i, j] + wins[j, i]);
                for (var k = 0; k < judged; k++)
                {
                    var won = rng.NextDouble() < PairLink.Logistic.Probability(theta[i] - theta[j]);
                    drawn[won ? i : j, won ? j : i]++;
                }
            }
        }

        return drawn;
    }
}
