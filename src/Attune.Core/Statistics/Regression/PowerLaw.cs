using MathNet.Numerics.LinearAlgebra;

namespace Attune.Core.Statistics.Regression;

/// <summary>A learning curve a - b n^-c by weighted least squares.</summary>
/// <param name="Squares">The weighted sum of squared residuals.</param>
/// <param name="R2">Without weights.</param>
/// <param name="Covariance">Of a, b and c: (JᵀWJ)⁻¹, times the residual variance where no errors were given.</param>
/// <param name="FullCovariance">The same by the whole Hessian.</param>
public sealed record PowerLaw(
    double A,
    double B,
    double C,
    double Squares,
    double ResidualVariance,
    double R2,
    Matrix<double> Covariance,
    Matrix<double> FullCovariance,
    double Quantile
)
{
    /// <param name="sigma">The errors of y; null for equal, unknown errors.</param>
    public static PowerLaw Fit(double[] n, double[] y, double[]? sigma)
    {
        double[] weights = [.. y.Select((_, i) => sigma is null ? 1 : 1 / (sigma[i] * sigma[i]))];
        var start = Enumerable.Range(1, 300).Select(k => k / 100.0).MinBy(c => Linear(n, y, weights, c).Squares);
        var (a0, b0, _) = Linear(n, y, weights, start);
        var found = Newton.Maximise([a0, b0, start], at => Evaluate(n, y, weights, at));
        var (a, b, c) = (found.Parameters[0], found.Parameters[1], found.Parameters[2]);
        var squares = -found.Value;
        var jacobian = Matrix<double>.Build.DenseOfRows(n.Select(v => Slopes(v, b, c)));
        var gauss = (jacobian.Transpose() * Matrix<double>.Build.DenseOfDiagonalArray(weights) * jacobian).Inverse();
        var freedom = n.Length - 3;
        var (variance, total) = (squares / freedom, y.Sum(v => Math.Pow(v - y.Average(), 2)));
        var missed = n.Zip(y, (at, v) => Math.Pow(v - a + (b * Math.Pow(at, -c)), 2)).Sum();
        var scale = sigma is null ? variance : 1;
        return new PowerLaw(
            a,
            b,
            c,
            squares,
            variance,
            1 - (missed / total),
            gauss * scale,
            (found.Information / 2).Inverse() * scale,
            sigma is null ? Distribution.StudentQuantile(0.975, freedom) : Distribution.Normal975
        );
    }

    /// <summary>The curve at n with its standard error and 95% interval, by the delta method.</summary>
    public (double Value, double Error, double Low, double High) At(double n)
    {
        var slopes = Vector<double>.Build.Dense(Slopes(n, B, C));
        var (value, error) = (A - (B * Math.Pow(n, -C)), Math.Sqrt(slopes * Covariance * slopes));
        return (value, error, value - (Quantile * error), value + (Quantile * error));
    }

    /// <summary>The curve at one n less that at another, by the delta method.</summary>
    public (double Value, double Error, double Low, double High) Gain(double from, double to)
    {
        var slopes = Vector<double>.Build.Dense(Slopes(to, B, C)) - Vector<double>.Build.Dense(Slopes(from, B, C));
        var (value, error) = (At(to).Value - At(from).Value, Math.Sqrt(slopes * Covariance * slopes));
        return (value, error, value - (Quantile * error), value + (Quantile * error));
    }

    private static double[] Slopes(double n, double b, double c)
    {
        var power = Math.Pow(n, -c);
        return [1, -power, b * power * Math.Log(n)];
    }

    /// <summary>The best a and b at a given c.</summary>
    private static (double A, double B, double Squares) Linear(double[] n, double[] y, double[] weights, double c)
    {
        double[] x = [.. n.Select(v => -Math.Pow(v, -c))];
        var total = weights.Sum();
        double Mean(double[] v) => v.Zip(weights, (a, w) => a * w).Sum() / total;
        var (mx, my) = (Mean(x), Mean(y));
        var b = x.Select((v, i) => weights[i] * (v - mx) * (y[i] - my)).Sum() / x.Select((v, i) => weights[i] * (v - mx) * (v - mx)).Sum();
        var a = my - (b * mx);
        return (a, b, x.Select((v, i) => weights[i] * Math.Pow(y[i] - a - (b * v), 2)).Sum());
    }

    /// <summary>Minus the weighted squares, with derivatives.</summary>
    private static Derivatives Evaluate(double[] n, double[] y, double[] weights, double[] at)
    {
        var (sum, all) = (0.0, Derivatives.Zero(3));
        var (gradient, hessian) = (all.Gradient, all.Hessian);
        for (var i = 0; i < n.Length; i++)
        {
            var (power, log) = (Math.Pow(n[i], -at[2]), Math.Log(n[i]));
            var residual = y[i] - at[0] + (at[1] * power);
            var slope = Vector<double>.Build.Dense(Slopes(n[i], at[1], at[2]));
            sum -= weights[i] * residual * residual;
            gradient += slope * (2 * weights[i] * residual);
            hessian -= slope.OuterProduct(slope) * (2 * weights[i]);
            hessian[1, 2] += 2 * weights[i] * residual * power * log;
            hessian[2, 1] += 2 * weights[i] * residual * power * log;
            hessian[2, 2] -= 2 * weights[i] * residual * at[1] * power * log * log;
        }

        return new Derivatives(sum, gradient, hessian);
    }
}
