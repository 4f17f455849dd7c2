using Attune.Core.Statistics.Comparisons;
using MathNet.Numerics.LinearAlgebra;

namespace Attune.Core.Statistics.Regression;

/// <summary>logit P(y = 1) = x β, by maximum likelihood.</summary>
public sealed class LogisticRegression
{
    private readonly Maximum _fit;
    private readonly Vector<double>[] _scores;

    /// <param name="x">One row a unit; put a 1 first for an intercept.</param>
    /// <param name="y">1 or 0, or a probability between.</param>
    /// <param name="offsets">Added to x β with a coefficient of 1.</param>
    public LogisticRegression(double[][] x, double[] y, double[]? offsets = null)
    {
        var rows = x.Select(r => Vector<double>.Build.Dense(r)).ToArray();
        double At(int i, Vector<double> beta) => (rows[i] * beta) + (offsets?[i] ?? 0);
        _fit = Newton.Maximise(
            new double[x[0].Length],
            beta =>
            {
                var (sum, at) = (0.0, Derivatives.Zero(beta.Length));
                var (gradient, hessian) = (at.Gradient, at.Hessian);
                for (var i = 0; i < rows.Length; i++)
                {
                    var logit = At(i, Vector<double>.Build.Dense(beta));
                    var p = PairLink.Logistic.Probability(logit);
                    sum += (y[i] * PairLink.Logistic.Log(logit).Value) + ((1 - y[i]) * PairLink.Logistic.Log(-logit).Value);
                    gradient += rows[i] * (y[i] - p);
                    hessian -= rows[i].OuterProduct(rows[i]) * (p * (1 - p));
                }

                return new Derivatives(sum, gradient, hessian);
            }
        );
        var found = Vector<double>.Build.Dense(Coefficients);
        _scores = [.. rows.Select((row, i) => row * (y[i] - PairLink.Logistic.Probability(At(i, found))))];
    }

    public double[] Coefficients => _fit.Parameters;

    public double LogLikelihood => _fit.Value;

    public double[] Errors => _fit.StandardErrors;

    /// <summary>HC0, and with n / (n - k) HC1.</summary>
    public double[] RobustErrors(bool corrected)
    {
        var factor = corrected ? _scores.Length / (double)(_scores.Length - Coefficients.Length) : 1;
        return Newton.Roots(_fit.Covariance * SandwichErrors.Meat(_scores) * _fit.Covariance * factor);
    }

    public Matrix<double> ClusterCovariance<T>(IReadOnlyList<T> clusters, bool corrected = true) =>
        SandwichErrors.ClusterCovariance(_fit.Covariance, _scores, clusters, corrected);

    public double[] ClusterErrors<T>(IReadOnlyList<T> clusters, bool corrected = true) =>
        Newton.Roots(ClusterCovariance(clusters, corrected));
}
