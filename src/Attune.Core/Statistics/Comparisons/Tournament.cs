namespace Attune.Core.Statistics.Comparisons;

/// <summary>Circles in a complete set of single comparisons (Kendall and Babington Smith 1940).</summary>
/// <param name="Circular">The number of circular triads d.</param>
/// <param name="Scores">How many others each item beats.</param>
public sealed record Tournament(int Items, double Circular, IReadOnlyList<double> Scores)
{
    /// <summary>Up to this many items the distribution under chance is counted out.</summary>
    public const int MostCounted = 9;

    /// <summary>The largest number that so many items can have.</summary>
    public double Most => Bound(Items) / 24;

    /// <summary>Kendall's ζ: 1 without circles, 0 with as many as there can be.</summary>
    public double Zeta => 1 - (Circular / Most);

    /// <summary>Where each answer is a fair coin.</summary>
    public double Expected => Triads(Items) / 4;

    public double Variance => 3 * Triads(Items) / 16;

    /// <summary>Standard deviations from chance; negative for fewer circles.</summary>
    public double Z => (Circular - Expected) / Math.Sqrt(Variance);

    /// <summary>Kendall's approximation; large where there are fewer circles than by chance. NaN for fewer than five items.</summary>
    public double ChiSquare => Items < 5 ? double.NaN : (8.0 / (Items - 4) * ((Triads(Items) / 4) - Circular + 0.5)) + Freedom;

    public double Freedom => Items < 5 ? double.NaN : Items * (Items - 1.0) * (Items - 2) / ((Items - 4.0) * (Items - 4));

    public double ChiSquareP => Distribution.ChiSquareAbove(ChiSquare, Freedom);

    /// <summary>P(as few circles) by chance, counted; NaN for more than <see cref="MostCounted"/> items.</summary>
    public double AtMostP => Counted(d => d <= Circular);

    /// <summary>P(as many circles) by chance, counted.</summary>
    public double AtLeastP => Counted(d => d >= Circular);

    /// <summary>Wins less losses of each item.</summary>
    public IReadOnlyList<double> Copeland => [.. Scores.Select(s => (2 * s) - (Items - 1))];

    /// <param name="beats">1 where the row's item was preferred.</param>
    public static Tournament Of(double[,] beats)
    {
        var items = beats.GetLength(0);
        double[] scores = [.. Enumerable.Range(0, items).Select(i => Enumerable.Range(0, items).Sum(j => i == j ? 0 : beats[i, j]))];
        return new Tournament(items, Triads(items) - scores.Sum(s => s * (s - 1) / 2), scores);
    }

    /// <summary>The number of sets of three.</summary>
    public static double Triads(int items) => items * (items - 1.0) * (items - 2) / 6;

    private static double Bound(int items) => Math.Pow(items, 3) - ((items % 2 == 1 ? 1 : 4) * items);

    private double Counted(Func<int, bool> takes)
    {
        if (Items > MostCounted)
        {
            return double.NaN;
        }

        var counts = TriadDistribution.Of(Items);
        return counts.Where(c => takes(c.Key)).Sum(c => c.Value) / counts.Values.Sum();
    }
}
