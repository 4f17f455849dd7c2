namespace Attune.Core.Statistics.Comparisons;

/// <summary>How many ordered triples were tested for stochastic transitivity, and how many violate it weakly, moderately,
/// strongly.</summary>
/// <param name="Tested">(a, b, c) with P(a over b) ≥ ½, P(b over c) ≥ ½, and a and c compared.</param>
/// <param name="Weak">P(a over c) &lt; ½.</param>
/// <param name="Moderate">P(a over c) below the smaller of the two.</param>
/// <param name="Strong">P(a over c) below the larger of the two.</param>
public sealed record StochasticTransitivity(
    int Tested,
    int Weak,
    int Moderate,
    int Strong,
    IReadOnlyList<(int A, int B, int C)> WeakViolations
);

/// <summary>Circles in repeated or incomplete comparisons.</summary>
/// <param name="Complete">Sets of three with all pairs compared.</param>
/// <param name="Strict">Those without a tied pair.</param>
/// <param name="Circular">Circular ones among the strict.</param>
/// <param name="TiesBroken">Circular ones among the complete, where ties are broken by fair coins: the expected number.</param>
/// <param name="ExpectedAtShares">The expected number where one answer a pair is drawn at the observed shares.</param>
public sealed record TriadCounts(int Complete, int Strict, int Circular, double TiesBroken, double ExpectedAtShares)
{
    /// <summary>The expected number where every answer is a fair coin.</summary>
    public double Chance => Complete / 4.0;
}

/// <summary>What a matrix of wins says about circles and about who is best.</summary>
public sealed class PairCounts(double[,] wins)
{
    private const double Slack = 1e-12;

    public int Items { get; } = wins.GetLength(0);

    /// <summary>The item that wins every majority against all others; null where there is none.</summary>
    public int? CondorcetWinner => Only(i => All.All(j => i == j || wins[i, j] > wins[j, i]));

    /// <summary>The item that loses every majority against all others.</summary>
    public int? CondorcetLoser => Only(i => All.All(j => i == j || wins[i, j] < wins[j, i]));

    /// <summary>Items that lose no majority; against those that they were not compared with they have not lost.</summary>
    public IReadOnlyList<int> WeakCondorcetWinners => [.. All.Where(i => All.All(j => i == j || wins[i, j] >= wins[j, i]))];

    /// <summary>Majorities won less majorities lost.</summary>
    public IReadOnlyList<double> Copeland => [.. All.Select(i => All.Sum(j => i == j ? 0.0 : Math.Sign(wins[i, j] - wins[j, i])))];

    /// <summary>Majorities won and half of those tied.</summary>
    public IReadOnlyList<double> CopelandWithTies =>
        [.. All.Select(i => All.Sum(j => i == j || !Compared(i, j) ? 0 : (1 + Math.Sign(wins[i, j] - wins[j, i])) / 2.0))];

    /// <summary>The mean share of wins over the others that the item was compared with.</summary>
    public IReadOnlyList<double> BordaShares =>
        [.. All.Select(i => All.Where(j => i != j && Compared(i, j)).Select(j => Share(i, j)).DefaultIfEmpty(double.NaN).Average())];

    public IReadOnlyList<double> TotalWins => [.. All.Select(i => All.Sum(j => wins[i, j]))];

    /// <summary>Triads whose answers around the circle all point one way or tie, at least one of them strict: no order with ties gives
    /// them.</summary>
    public int WeaklyInconsistentTriads =>
        CompleteTriples()
            .Count(t =>
            {
                int[] signs = [Sign(t.A, t.B), Sign(t.B, t.C), Sign(t.C, t.A)];
                return signs.Any(s => s != 0) && (signs.All(s => s >= 0) || signs.All(s => s <= 0));
            });

    private int Sign(int i, int j) => Math.Sign(wins[i, j] - wins[j, i]);

    private IEnumerable<int> All => Enumerable.Range(0, Items);

    /// <summary>Orders that the fewest judgements disagree with.</summary>
    public BestOrders Kemeny() => BestOrders.Of(wins);

    /// <summary>Orders that the fewest majorities disagree with.</summary>
    public BestOrders Slater() => BestOrders.Of(Costs((w, l) => w > l ? 1 : 0));

    /// <summary>Orders that the smallest margins disagree with: the least weight of a feedback arc set.</summary>
    public BestOrders Margins() => BestOrders.Of(Costs((w, l) => Math.Max(w - l, 0)));

    public TriadCounts Triads()
    {
        var (complete, strict, circular, broken, expected) = (0, 0, 0, 0.0, 0.0);
        foreach (var (a, b, c) in CompleteTriples())
        {
            double[] cycle = [Share(a, b), Share(b, c), Share(c, a)];
            double[] majority =
            [
                .. cycle.Select(p =>
                    Math.Abs(p - 0.5) < Slack ? 0.5
                    : p > 0.5 ? 1
                    : 0
                ),
            ];
            var isStrict = !majority.Contains(0.5);
            var circles = Around(majority);
            complete++;
            strict += isStrict ? 1 : 0;
            circular += isStrict && circles == 1 ? 1 : 0;
            broken += circles;
            expected += Around(cycle);
        }

        return new TriadCounts(complete, strict, circular, broken, expected);
    }

    public StochasticTransitivity Transitivity()
    {
        var (tested, moderate, strong) = (0, 0, 0);
        var violations = new List<(int, int, int)>();
        foreach (var a in All)
        {
            foreach (var b in All.Where(b => b != a && Compared(a, b) && Share(a, b) >= 0.5 - Slack))
            {
                foreach (var c in All.Where(c => c != a && c != b && Compared(b, c) && Compared(a, c) && Share(b, c) >= 0.5 - Slack))
                {
                    var (p, one, two) = (Share(a, c), Share(a, b), Share(b, c));
                    tested++;
                    moderate += p < Math.Min(one, two) - Slack ? 1 : 0;
                    strong += p < Math.Max(one, two) - Slack ? 1 : 0;
                    if (p < 0.5 - Slack)
                    {
                        violations.Add((a, b, c));
                    }
                }
            }
        }

        return new StochasticTransitivity(tested, violations.Count, moderate, strong, violations);
    }

    private static double Around(double[] cycle) => (cycle[0] * cycle[1] * cycle[2]) + ((1 - cycle[0]) * (1 - cycle[1]) * (1 - cycle[2]));

    private IEnumerable<(int A, int B, int C)> CompleteTriples() =>
        from a in All
        from b in Enumerable.Range(a + 1, Items - a - 1)
        where Compared(a, b)
        from c in Enumerable.Range(b + 1, Items - b - 1)
        where Compared(a, c) && Compared(b, c)
        select (a, b, c);

    private bool Compared(int i, int j) => wins[i, j] + wins[j, i] > 0;

    private double Share(int i, int j) => wins[i, j] / (wins[i, j] + wins[j, i]);

    private int? Only(Func<int, bool> condition) => All.Where(condition).Select(i => (int?)i).FirstOrDefault();

    private double[,] Costs(Func<double, double, double> cost)
    {
        var costs = new double[Items, Items];
        foreach (var i in All)
        {
            foreach (var j in All.Where(j => j != i))
            {
                costs[i, j] = cost(wins[i, j], wins[j, i]);
            }
        }

        return costs;
    }
}
