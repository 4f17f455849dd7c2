using MathNet.Numerics.LinearAlgebra;

namespace Attune.Core.Statistics.Comparisons;

/// <summary>A preference from the first item of an edge to the second.</summary>
/// <param name="Flow">By how much the second is preferred.</param>
/// <param name="Weight">How much the edge counts.</param>
public readonly record struct FlowEdge(int First, int Second, double Flow, double Weight = 1);

/// <summary>
/// A flow of preferences in three parts (Jiang, Lim, Yao and Ye 2011, "Statistical ranking and combinatorial Hodge theory"): the
/// gradient of
/// a potential, which an order explains; a curl, which circles of three explain; and a harmonic part, longer circles.
/// </summary>
/// <param name="Triangles">Sets of three with all edges.</param>
/// <param name="Potential">Of each item, with sum 0.</param>
/// <param name="CurlOnTriangles">The flow around each triangle.</param>
public sealed record Hodge(
    IReadOnlyList<(int A, int B, int C)> Triangles,
    double[] Potential,
    double[] Gradient,
    double[] Curl,
    double[] Harmonic,
    double[] CurlOnTriangles,
    double TotalEnergy,
    double GradientEnergy,
    double CurlEnergy,
    double HarmonicEnergy
)
{
    public double CurlShare => CurlEnergy / TotalEnergy;

    /// <summary>What no order explains.</summary>
    public double IntransitiveShare => (CurlEnergy + HarmonicEnergy) / TotalEnergy;

    public static Hodge Of(int items, IReadOnlyList<FlowEdge> edges)
    {
        var flow = Vector<double>.Build.Dense([.. edges.Select(e => e.Flow)]);
        var weights = Vector<double>.Build.Dense([.. edges.Select(e => e.Weight)]);
        var rise = Matrix<double>.Build.Dense(edges.Count, items);
        foreach (var (k, edge) in edges.Index())
        {
            rise[k, edge.First] = -1;
            rise[k, edge.Second] = 1;
        }

        var weighted = Matrix<double>.Build.DiagonalOfDiagonalVector(weights);
        var potential = Newton.PseudoInverse(rise.Transpose() * weighted * rise) * (rise.Transpose() * flow.PointwiseMultiply(weights));
        var gradient = rise * potential;
        var triangles = TrianglesOf(items, edges);
        var around = Around(edges, triangles);
        var curl = Projected(around, weights, flow - gradient);
        var harmonic = flow - gradient - curl;
        double Energy(Vector<double> part) => weights.DotProduct(part.PointwiseMultiply(part));
        return new Hodge(
            triangles,
            [.. potential],
            [.. gradient],
            [.. curl],
            [.. harmonic],
            around is null ? [] : [.. around * flow],
            Energy(flow),
            Energy(gradient),
            Energy(curl),
            Energy(harmonic)
        );
    }

    /// <summary>The flow of a matrix of wins: log-odds of the second item with half a win added to both, weighted by the
    /// comparisons.</summary>
    public static FlowEdge[] LogOdds(double[,] wins) => Edges(wins, (first, second) => Math.Log((second + 0.5) / (first + 0.5)));

    /// <summary>The flow of a matrix of wins: wins of the second item less those of the first, as a share.</summary>
    public static FlowEdge[] Mean(double[,] wins) => Edges(wins, (first, second) => (second - first) / (first + second));

    private static FlowEdge[] Edges(double[,] wins, Func<double, double, double> flow) =>
        [
            .. from i in Enumerable.Range(0, wins.GetLength(0))
            from j in Enumerable.Range(i + 1, wins.GetLength(0) - i - 1)
            where wins[i, j] + wins[j, i] > 0
            select new FlowEdge(i, j, flow(wins[i, j], wins[j, i]), wins[i, j] + wins[j, i]),
        ];

    private static (int A, int B, int C)[] TrianglesOf(int items, IReadOnlyList<FlowEdge> edges)
    {
        var linked = edges.Select(e => (Math.Min(e.First, e.Second), Math.Max(e.First, e.Second))).ToHashSet();
        return
        [
            .. from a in Enumerable.Range(0, items)
            from b in Enumerable.Range(a + 1, items - a - 1)
            where linked.Contains((a, b))
            from c in Enumerable.Range(b + 1, items - b - 1)
            where linked.Contains((a, c)) && linked.Contains((b, c))
            select (a, b, c),
        ];
    }

    /// <summary>For each triangle a, b, c the flow from a to b to c and back; null where there are no triangles.</summary>
    private static Matrix<double>? Around(IReadOnlyList<FlowEdge> edges, (int A, int B, int C)[] triangles)
    {
        if (triangles.Length == 0)
        {
            return null;
        }

        var place = edges.Index().ToDictionary(e => (e.Item.First, e.Item.Second), e => e.Index);
        var around = Matrix<double>.Build.Dense(triangles.Length, edges.Count);
        foreach (var (row, (a, b, c)) in triangles.Index())
        {
            foreach (var (from, to) in new[] { (a, b), (b, c), (c, a) })
            {
                var forward = place.TryGetValue((from, to), out var column);
                around[row, forward ? column : place[(to, from)]] = forward ? 1 : -1;
            }
        }

        return around;
    }

    /// <summary>The part of a flow that lies in the range of W⁻¹ Cᵀ.</summary>
    private static Vector<double> Projected(Matrix<double>? around, Vector<double> weights, Vector<double> rest)
    {
        if (around is null)
        {
            return Vector<double>.Build.Dense(rest.Count);
        }

        var spread = Matrix<double>.Build.DiagonalOfDiagonalVector(1 / weights) * around.Transpose();
        return spread * (Newton.PseudoInverse(around * spread) * (around * rest));
    }
}
