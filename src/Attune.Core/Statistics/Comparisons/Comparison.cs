namespace Attune.Core.Statistics.Comparisons;

/// <summary>One item was preferred to another.</summary>
/// <param name="Winner">Number of the item, from 0.</param>
/// <param name="Loser">Number of the item, from 0.</param>
/// <param name="Weight">How often, or how much it counts.</param>
public readonly record struct Comparison(int Winner, int Loser, double Weight = 1)
{
    /// <summary>A matrix of wins: row over column.</summary>
    public static double[,] Wins(int items, IEnumerable<Comparison> comparisons)
    {
        var wins = new double[items, items];
        foreach (var (winner, loser, weight) in comparisons)
        {
            wins[winner, loser] += weight;
        }

        return wins;
    }

    /// <summary>The comparisons of a matrix of wins.</summary>
    public static Comparison[] Of(double[,] wins) =>
        [
            .. from i in Enumerable.Range(0, wins.GetLength(0))
            from j in Enumerable.Range(0, wins.GetLength(0))
            where wins[i, j] > 0
            select new Comparison(i, j, wins[i, j]),
        ];
}
