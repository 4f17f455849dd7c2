namespace Attune.Core.Statistics.Comparisons;

/// <summary>How many of all tournaments have each number of circular triads, counted out.</summary>
public static class TriadDistribution
{
    /// <param name="items">At least 1; more than 10 take long.</param>
    /// <returns>The number of tournaments by their number of circular triads.</returns>
    /// <remarks>Items enter one after another. The circles depend on the scores alone, so equal sets of scores are counted
    /// together.</remarks>
    public static SortedDictionary<int, double> Of(int items)
    {
        var states = new Dictionary<string, (int[] Scores, double Count)> { ["0"] = ([0], 1) };
        for (var size = 1; size < items; size++)
        {
            var next = new Dictionary<string, (int[] Scores, double Count)>();
            foreach (var (scores, count) in states.Values)
            {
                for (var beaten = 0; beaten < 1 << size; beaten++)
                {
                    int[] grown = [.. scores.Select((s, i) => s + (((beaten >> i) & 1) == 0 ? 1 : 0)), int.PopCount(beaten)];
                    Array.Sort(grown);
                    var key = string.Join(',', grown);
                    next[key] = (grown, count + (next.TryGetValue(key, out var known) ? known.Count : 0));
                }
            }

            states = next;
        }

        var distribution = new SortedDictionary<int, double>();
        foreach (var (scores, count) in states.Values)
        {
            var circular = (int)Tournament.Triads(items) - scores.Sum(s => s * (s - 1) / 2);
            distribution[circular] = distribution.GetValueOrDefault(circular) + count;
        }

        return distribution;
    }
}
