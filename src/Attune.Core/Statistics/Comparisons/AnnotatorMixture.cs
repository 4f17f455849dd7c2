namespace Attune.Core.Statistics.Comparisons;

/// <summary>A comparison by a person.</summary>
public readonly record struct PersonComparison(int Person, int Winner, int Loser);

/// <summary>The state of the mixture after a step.</summary>
/// <param name="Shares">How large each cluster is.</param>
/// <param name="Strengths">By cluster and item.</param>
/// <param name="Responsibilities">By person: how probable each cluster is for this person.</param>
/// <param name="LogLikelihood">Of all people under these parameters.</param>
public sealed record MixtureStep(
    double[] Shares,
    double[][] Strengths,
    double[][] Responsibilities,
    double LogLikelihood,
    double Penalised
);

/// <summary>
/// People in clusters, each cluster with its own strengths: expectation-maximisation over Bradley and Terry's model (Dempster, Laird and
/// Rubin 1977), with a ridge α Σ θ² for each cluster.
/// </summary>
public static class AnnotatorMixture
{
    /// <summary>Steps from given responsibilities, each an M step and then an E step, until no responsibility moves.</summary>
    /// <param name="start">By person and cluster.</param>
    /// <param name="most">The largest number of steps.</param>
    public static IEnumerable<MixtureStep> Steps(
        int items,
        IReadOnlyList<PersonComparison> comparisons,
        double[][] start,
        double alpha,
        int most = 2000,
        double tolerance = 1e-13
    )
    {
        var byPerson = comparisons.ToLookup(c => c.Person);
        var parts = Parts(items, comparisons, alpha);
        var responsibilities = start;
        double[][]? theta = null;
        for (var step = 0; step < most; step++)
        {
            var next = Step(items, parts, byPerson, responsibilities, alpha, theta);
            yield return next;
            theta = next.Strengths;
            var moved = next.Responsibilities.Zip(responsibilities, (a, b) => a.Zip(b, (x, y) => Math.Abs(x - y)).Max()).Max();
            if (moved < tolerance)
            {
                yield break;
            }

            responsibilities = next.Responsibilities;
        }
    }

    /// <summary>log Σ_k r_k P_k of new comparisons, with each person's responsibilities.</summary>
    public static double HeldOut(MixtureStep fitted, IEnumerable<PersonComparison> comparisons) =>
        comparisons.Sum(c =>
            Math.Log(
                fitted
                    .Responsibilities[c.Person]
                    .Select((r, k) => r * PairLink.Logistic.Probability(Difference(fitted.Strengths[k], c)))
                    .Sum()
            )
        );

    private static double Difference(double[] theta, PersonComparison c) => theta[c.Winner] - theta[c.Loser];

    private static MixtureStep Step(
        int items,
        int[][] parts,
        ILookup<int, PersonComparison> byPerson,
        double[][] responsibilities,
        double alpha,
        double[][]? start
    )
    {
        var clusters = responsibilities[0].Length;
        double[] shares = [.. Enumerable.Range(0, clusters).Select(k => responsibilities.Average(r => r[k]))];
        double[][] theta =
        [
            .. Enumerable.Range(0, clusters).Select(k => Fitted(parts, Pooled(items, byPerson, responsibilities, k), alpha, start?[k])),
        ];
        var (sum, next) = (0.0, new double[responsibilities.Length][]);
        for (var person = 0; person < next.Length; person++)
        {
            double[] logs =
            [
                .. theta.Select((t, k) => Math.Log(shares[k]) + byPerson[person].Sum(c => PairLink.Logistic.Log(Difference(t, c)).Value)),
            ];
            var most = logs.Max();
            var total = most + Math.Log(logs.Sum(l => Math.Exp(l - most)));
            sum += total;
            next[person] = [.. logs.Select(l => Math.Exp(l - total))];
        }

        return new MixtureStep(shares, theta, next, sum, sum - (alpha * theta.Sum(t => t.Sum(s => s * s))));
    }

    /// <summary>Answers that nothing links have strengths of their own: fits of a few parameters instead of one of many. A ridge holds each
    /// part; without one, their common sum could not be told.</summary>
    private static int[][] Parts(int items, IEnumerable<PersonComparison> comparisons, double alpha) =>
        alpha == 0
            ?
            [
                [.. Enumerable.Range(0, items)],
            ]
            : [.. new ComparisonGraph(items, comparisons.Select(c => new Comparison(c.Winner, c.Loser))).Components];

    private static double[] Fitted(int[][] parts, double[,] wins, double alpha, double[]? start)
    {
        var theta = new double[parts.Sum(p => p.Length)];
        foreach (var part in parts)
        {
            var within = new double[part.Length, part.Length];
            foreach (var (i, item) in part.Index())
            {
                foreach (var (j, other) in part.Index())
                {
                    within[i, j] = wins[item, other];
                }
            }

            var from = start is null ? null : part.Select(item => start[item]).ToArray();
            var strengths =
                alpha > 0
                    ? RidgeStrengths.Fit(within, alpha, from)
                    : BradleyTerry.Fit(part.Length, Comparison.Of(within), alpha, start: from).Strengths;
            foreach (var (i, item) in part.Index())
            {
                theta[item] = strengths[i];
            }
        }

        return theta;
    }

    /// <summary>Everybody's comparisons, weighted by how much each person belongs to a cluster.</summary>
    private static double[,] Pooled(int items, ILookup<int, PersonComparison> byPerson, double[][] responsibilities, int cluster)
    {
        var wins = new double[items, items];
        foreach (var person in byPerson)
        {
            foreach (var (_, winner, loser) in person)
            {
                wins[winner, loser] += responsibilities[person.Key][cluster];
            }
        }

        return wins;
    }
}
