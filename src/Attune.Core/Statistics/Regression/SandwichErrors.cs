using MathNet.Numerics.LinearAlgebra;

namespace Attune.Core.Statistics.Regression;

/// <summary>Errors that hold where the model's variance does not (Huber 1967; Liang and Zeger 1986).</summary>
public static class SandwichErrors
{
    /// <summary>The sum of outer products of the units' scores.</summary>
    public static Matrix<double> Meat(IReadOnlyList<Vector<double>> scores) =>
        scores.Select(s => s.OuterProduct(s)).Aggregate((a, b) => a + b);

    /// <summary>For units that hang together in clusters.</summary>
    /// <param name="bread">The inverse information.</param>
    /// <param name="scores">One a unit.</param>
    /// <param name="corrected">With g / (g - 1) · (n - 1) / (n - k).</param>
    public static Matrix<double> ClusterCovariance<T>(
        Matrix<double> bread,
        IReadOnlyList<Vector<double>> scores,
        IReadOnlyList<T> clusters,
        bool corrected = true
    )
    {
        Vector<double>[] sums =
        [
            .. scores.Zip(clusters).GroupBy(z => z.Second).Select(g => g.Select(z => z.First).Aggregate((a, b) => a + b)),
        ];
        double g = sums.Length,
            n = scores.Count;
        var factor = corrected ? g / (g - 1) * (n - 1) / (n - bread.RowCount) : 1;
        return bread * Meat(sums) * bread * factor;
    }

    /// <summary>The roots of <see cref="ClusterCovariance"/>'s diagonal.</summary>
    public static double[] Clustered<T>(
        Matrix<double> bread,
        IReadOnlyList<Vector<double>> scores,
        IReadOnlyList<T> clusters,
        bool corrected = true
    ) => Newton.Roots(ClusterCovariance(bread, scores, clusters, corrected));
}
