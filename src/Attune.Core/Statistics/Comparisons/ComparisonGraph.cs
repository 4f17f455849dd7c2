namespace Attune.Core.Statistics.Comparisons;

/// <summary>Who was compared with whom, which decides whether strengths can be told (Ford 1957).</summary>
public sealed class ComparisonGraph
{
    private readonly int _items;
    private readonly bool[,] _beats;

    public ComparisonGraph(int items, IEnumerable<Comparison> comparisons)
    {
        _items = items;
        _beats = new bool[items, items];
        foreach (var (winner, loser, weight) in comparisons)
        {
            _beats[winner, loser] |= weight > 0;
        }
    }

    /// <summary>Items that are linked by comparisons; between two parts nothing can be said.</summary>
    public IReadOnlyList<int[]> Components => Parts(Reachable(either: true));

    /// <summary>Items each of which can be reached from each other by wins.</summary>
    public IReadOnlyList<int[]> StrongComponents => Parts(Reachable(either: false));

    /// <summary>Ford's condition: a finite maximum of the likelihood exists.</summary>
    public bool HasFiniteMaximum => StrongComponents.Count == 1;

    /// <summary>Items that were compared and never lost.</summary>
    public IReadOnlyList<int> Undefeated => [.. Items.Where(i => Items.Any(j => _beats[i, j]) && !Items.Any(j => _beats[j, i]))];

    /// <summary>Items that were compared and never won.</summary>
    public IReadOnlyList<int> Winless => [.. Items.Where(i => Items.Any(j => _beats[j, i]) && !Items.Any(j => _beats[i, j]))];

    private IEnumerable<int> Items => Enumerable.Range(0, _items);

    private bool[,] Reachable(bool either)
    {
        var reached = new bool[_items, _items];
        foreach (var start in Items)
        {
            var open = new Stack<int>([start]);
            reached[start, start] = true;
            while (open.TryPop(out var at))
            {
                foreach (var next in Items.Where(n => !reached[start, n] && (_beats[at, n] || (either && _beats[n, at]))))
                {
                    reached[start, next] = true;
                    open.Push(next);
                }
            }
        }

        return reached;
    }

    private int[][] Parts(bool[,] reached) =>
        [
            .. Items
                .Where(i => !Items.Take(i).Any(j => reached[i, j] && reached[j, i]))
                .Select(i => Items.Where(j => reached[i, j] && reached[j, i]).ToArray()),
        ];
}
