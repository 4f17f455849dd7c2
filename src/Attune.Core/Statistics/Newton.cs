using MathNet.Numerics.LinearAlgebra;

namespace Attune.Core.Statistics;

/// <summary>A function's value with its first and second derivatives.</summary>
public sealed record Derivatives(double Value, Vector<double> Gradient, Matrix<double> Hessian)
{
    /// <summary>Zeros to add to.</summary>
    public static Derivatives Zero(int size) => new(0, Vector<double>.Build.Dense(size), Matrix<double>.Build.Dense(size, size));
}

/// <summary>Where a likelihood is largest.</summary>
/// <param name="Converged">False where the last step was still large: the likelihood may have no finite maximum.</param>
/// <param name="Information">The negative Hessian of what was maximised.</param>
public sealed record Maximum(double[] Parameters, double Value, Matrix<double> Information, bool Converged)
{
    /// <summary>The Moore-Penrose inverse of the information: for strengths, whose sum is free, the covariance under a sum of
    /// zero.</summary>
    public Matrix<double> Covariance => Newton.PseudoInverse(Information);

    public double[] StandardErrors => Newton.Roots(Covariance);
}

/// <summary>Newton's method with halved steps. Directions that the data say nothing about are left as they are.</summary>
public static class Newton
{
    private const int MostSteps = 300;

    public static Maximum Maximise(double[] start, Func<double[], Derivatives> evaluate)
    {
        double[] at = [.. start];
        var here = evaluate(at);
        var converged = false;
        for (var step = 0; step < MostSteps && !converged; step++)
        {
            var move = Solve(-here.Hessian, here.Gradient) ?? (Inverse(-here.Hessian, Math.Abs) * here.Gradient);
            (double[] Place, Derivatives Value) next = (at, here);
            for (var scale = 1.0; scale > 1e-10; scale /= 2)
            {
                double[] place = [.. at.Select((value, i) => value + (scale * move[i]))];
                var there = evaluate(place);
                if (there.Value >= here.Value - (1e-13 * (1 + Math.Abs(here.Value))))
                {
                    next = (place, there);
                    break;
                }
            }

            converged = move.AbsoluteMaximum() < 1e-11;
            (at, here) = next;
        }

        return new Maximum(at, here.Value, -here.Hessian, converged);
    }

    /// <summary>The Moore-Penrose inverse of a symmetric matrix.</summary>
    public static Matrix<double> PseudoInverse(Matrix<double> symmetric) => Inverse(symmetric, value => value);

    /// <summary>The roots of the diagonal: standard errors.</summary>
    public static double[] Roots(Matrix<double> covariance) => [.. covariance.Diagonal().Select(v => Math.Sqrt(Math.Max(0, v)))];

    /// <summary>H⁻¹ g by Cholesky's decomposition; null where H is not clearly positive definite, which only its eigenvalues can deal
    /// with.</summary>
    private static Vector<double>? Solve(Matrix<double> hessian, Vector<double> gradient)
    {
        var move = gradient.ToArray();
        return Cholesky.Solve(hessian.ToArray(), move) ? Vector<double>.Build.Dense(move) : null;
    }

    private static Matrix<double> Inverse(Matrix<double> symmetric, Func<double, double> bend)
    {
        var parts = symmetric.Evd(Symmetricity.Symmetric);
        var values = parts.EigenValues.Select(v => v.Real).ToArray();
        var floor = 1e-11 * values.Max(Math.Abs);
        var scaled = parts.EigenVectors.Clone();
        for (var i = 0; i < values.Length; i++)
        {
            scaled.SetColumn(i, scaled.Column(i) * (Math.Abs(values[i]) <= floor ? 0 : 1 / bend(values[i])));
        }

        return scaled * parts.EigenVectors.Transpose();
    }
}
