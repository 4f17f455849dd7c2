namespace Attune.Core.Statistics.Comparisons;

/// <summary>The orders that disagree least with costs of pairs (Kemeny 1959; Slater 1961).</summary>
/// <param name="Cost">The least sum of <c>cost[lower, upper]</c>: what says that the lower is better.</param>
/// <param name="Orders">The orders that reach it, best item first, lexicographically; at most as many as were asked for.</param>
/// <param name="Count">How many reach it.</param>
public sealed record BestOrders(double Cost, IReadOnlyList<int[]> Orders, double Count)
{
    /// <summary>More items take too long: the work doubles with each.</summary>
    public const int MostItems = 16;

    private const double Slack = 1e-9;

    /// <param name="against">Row over column: the weight of what says that the row's item is better.</param>
    public static BestOrders Of(double[,] against, int most = 100)
    {
        var items = against.GetLength(0);
        if (items > MostItems)
        {
            throw new ArgumentException($"{items} items; at most {MostItems} can be put into their best order.", nameof(against));
        }

        // least[set]: the least cost of putting the items of a set behind all others, best first.
        var (least, ways) = (new double[1 << items], new double[1 << items]);
        ways[0] = 1;
        for (var set = 1; set < 1 << items; set++)
        {
            least[set] = double.PositiveInfinity;
            foreach (var first in Members(set, items))
            {
                var cost = Step(against, first, set, items) + least[set & ~(1 << first)];
                if (cost < least[set] - Slack)
                {
                    (least[set], ways[set]) = (cost, ways[set & ~(1 << first)]);
                }
                else if (cost < least[set] + Slack)
                {
                    ways[set] += ways[set & ~(1 << first)];
                }
            }
        }

        var full = (1 << items) - 1;
        int[][] orders = [.. Walk(against, least, full, items).Take(most)];
        return new BestOrders(least[full], orders, ways[full]);
    }

    private static IEnumerable<int> Members(int set, int items) => Enumerable.Range(0, items).Where(i => ((set >> i) & 1) == 1);

    /// <summary>What putting an item before the rest of a set disagrees with.</summary>
    private static double Step(double[,] against, int first, int set, int items)
    {
        var cost = 0.0;
        for (var other = 0; other < items; other++)
        {
            cost += other != first && ((set >> other) & 1) == 1 ? against[other, first] : 0;
        }

        return cost;
    }

    private static IEnumerable<int[]> Walk(double[,] against, double[] least, int set, int items) =>
        set == 0
            ?
            [
                [],
            ]
            : Members(set, items)
                .Where(first => Step(against, first, set, items) + least[set & ~(1 << first)] < least[set] + Slack)
                .SelectMany(first => Walk(against, least, set & ~(1 << first), items).Select(rest => (int[])[first, .. rest]));
}
