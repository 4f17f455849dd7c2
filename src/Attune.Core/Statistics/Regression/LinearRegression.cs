using MathNet.Numerics.LinearAlgebra;

namespace Attune.Core.Statistics.Regression;

/// <summary>Least squares with an intercept, its coefficient first.</summary>
public sealed class LinearRegression
{
    private readonly Matrix<double> _design;
    private readonly double[] _y;

    private LinearRegression(double[][] x, double[] y)
    {
        _y = y;
        _design = Matrix<double>.Build.Dense(y.Length, x[0].Length + 1, (i, j) => j == 0 ? 1 : x[i][j - 1]);
        Inverse = (_design.Transpose() * _design).Inverse();
        var beta = Inverse * (_design.Transpose() * Vector<double>.Build.Dense(y));
        Coefficients = [.. beta];
        Residuals = [.. Vector<double>.Build.Dense(y) - (_design * beta)];
    }

    public double[] Coefficients { get; }

    public double[] Residuals { get; }

    private Matrix<double> Inverse { get; }

    private int Freedom => _y.Length - Coefficients.Length;

    /// <summary>The residuals' variance, divisor n - k.</summary>
    public double Variance => Residuals.Sum(r => r * r) / Freedom;

    public double R2 => 1 - (Residuals.Sum(r => r * r) / _y.Sum(v => Math.Pow(v - _y.Average(), 2)));

    public double AdjustedR2 => 1 - ((1 - R2) * (_y.Length - 1) / Freedom);

    public double[] Errors => Newton.Roots(Inverse * Variance);

    /// <summary>Two-sided, by t with n - k degrees of freedom.</summary>
    public double[] P => [.. Coefficients.Zip(Errors, (b, e) => Distribution.StudentTwoSided(b / e, Freedom))];

    /// <param name="x">One row a unit, without the intercept.</param>
    public static LinearRegression Of(double[][] x, double[] y) => new(x, y);

    /// <summary>White 1980 and MacKinnon and White 1985: HC0 to HC3.</summary>
    public double[] RobustErrors(int kind)
    {
        var leverage = _design.EnumerateRows().Select(row => row * Inverse * row).ToArray();
        var meat = SandwichErrors.Meat([
            .. _design
                .EnumerateRows()
                .Select(
                    (row, i) =>
                        row
                        * Residuals[i]
                        / (
                            kind == 2 ? Math.Sqrt(1 - leverage[i])
                            : kind == 3 ? 1 - leverage[i]
                            : 1
                        )
                ),
        ]);
        var factor = kind == 1 ? _y.Length / (double)Freedom : 1;
        return Newton.Roots(Inverse * meat * Inverse * factor);
    }

    public double[] ClusterErrors(int[] clusters) =>
        SandwichErrors.Clustered(Inverse, [.. _design.EnumerateRows().Select((row, i) => row * Residuals[i])], clusters);
}
