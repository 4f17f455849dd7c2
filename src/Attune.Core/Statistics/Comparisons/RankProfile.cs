namespace Attune.Core.Statistics.Comparisons;

/// <summary>Whole rankings of the same items, each by a number of people, and what rules of voting make of them.</summary>
/// <param name="Pairwise">How many people put the row's item before the column's.</param>
/// <param name="Borda">n - 1 points for the first place down to 0 for the last.</param>
/// <param name="Plurality">First places.</param>
/// <param name="LastPlaces">Last places.</param>
/// <param name="Minimax">The worst margin against another item; the smallest wins.</param>
public sealed record RankProfile(double[,] Pairwise, double[] Borda, double[] Plurality, double[] LastPlaces, double[] Minimax)
{
    public PairCounts Counts => new(Pairwise);

    public IReadOnlyList<int> BordaWinners => [.. Borda.Index().Where(b => b.Item >= Borda.Max() - 1e-12).Select(b => b.Index)];

    /// <summary>Whether a winner by points would lose against every other item.</summary>
    public bool BordaWinnerIsCondorcetLoser => Counts.CondorcetLoser is { } loser && BordaWinners.Contains(loser);

    /// <param name="rankings">Weights and items, best first.</param>
    public static RankProfile Of(int items, IReadOnlyList<(double Weight, IReadOnlyList<int> Best)> rankings)
    {
        var pairwise = new double[items, items];
        var (borda, first, last) = (new double[items], new double[items], new double[items]);
        foreach (var (weight, order) in rankings)
        {
            first[order[0]] += weight;
            last[order[^1]] += weight;
            for (var place = 0; place < order.Count; place++)
            {
                borda[order[place]] += weight * (items - 1 - place);
                foreach (var lower in order.Skip(place + 1))
                {
                    pairwise[order[place], lower] += weight;
                }
            }
        }

        double[] minimax =
        [
            .. Enumerable
                .Range(0, items)
                .Select(i =>
                    Enumerable.Range(0, items).Where(j => j != i).Select(j => pairwise[j, i] - pairwise[i, j]).DefaultIfEmpty(0).Max()
                ),
        ];
        return new RankProfile(pairwise, borda, first, last, minimax);
    }
}
