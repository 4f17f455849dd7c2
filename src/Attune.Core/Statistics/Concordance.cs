namespace Attune.Core.Statistics;

/// <summary>Agreement of whole rankings.</summary>
public static class Concordance
{
    /// <summary>
    /// Kendall's W (Kendall and Babington Smith 1939), corrected for ties: 12 S / (m² (n³ - n) - m Σ T), with S the squared deviations of
    /// the rank sums and T = Σ (t³ - t) over the ties of a ranking.
    /// </summary>
    /// <param name="rankings">One ranking per person with a rank for every item; tied items have equal ranks. Only the order of the numbers
    /// matters.</param>
    /// <remarks>Not corrected for chance: people who rank at random have 1 / m on average, one half for two. <see cref="MeanSpearman"/>
    /// is.</remarks>
    /// <returns>1 where all rankings agree, 0 where all rank sums are equal; NaN for fewer than two people or items, or where every ranking
    /// ties all items.</returns>
    public static double KendallW(IReadOnlyList<IReadOnlyList<int>> rankings)
    {
        if (rankings.Count < 2 || rankings[0].Count < 2)
        {
            return double.NaN;
        }
        double people = rankings.Count,
            items = rankings[0].Count;
        var middle = rankings.Select(MidRanks).ToArray();
        var sums = Enumerable.Range(0, rankings[0].Count).Select(i => middle.Sum(r => r[i])).ToArray();
        var spread = sums.Sum(s => Math.Pow(s - sums.Average(), 2));
        var ties = rankings.Sum(r => r.GroupBy(rank => rank).Sum(g => Math.Pow(g.Count(), 3) - g.Count()));
        var most = (people * people * (Math.Pow(items, 3) - items)) - (people * ties);
        return most == 0 ? double.NaN : 12 * spread / most;
    }

    /// <summary>
    /// Spearman's rank correlation, averaged over all pairs of people: Kendall's W corrected for chance. Without ties it is
    /// (m W - 1) / (m - 1) (Kendall and Babington Smith 1939).
    /// </summary>
    /// <param name="rankings">As for <see cref="KendallW"/>.</param>
    /// <returns>1 where all rankings agree, 0 on average where people rank at random; NaN where no two of them distinguish items.</returns>
    public static double MeanSpearman(IReadOnlyList<IReadOnlyList<int>> rankings)
    {
        double[][] centred = [.. rankings.Select(MidRanks).Select(r => r.Select(rank => rank - r.Average()).ToArray())];
        double[][] telling = [.. centred.Where(r => r.Any(rank => rank != 0))];
        return telling.Length < 2
            ? double.NaN
            : telling
                .SelectMany((one, i) => telling.Skip(i + 1).Select(other => Dot(one, other) / Math.Sqrt(Dot(one, one) * Dot(other, other))))
                .Average();
    }

    private static double Dot(double[] left, double[] right) => left.Zip(right, (a, b) => a * b).Sum();

    /// <summary>Ranks from 1, where ties share the mean of their places.</summary>
    private static double[] MidRanks(IReadOnlyList<int> ranks) =>
        [.. ranks.Select(rank => ranks.Count(r => r < rank) + ((ranks.Count(r => r == rank) + 1) / 2.0))];
}
