namespace Attune.Core.Statistics.Hypotheses;

/// <summary>Student's and Welch's tests of means.</summary>
/// <param name="Difference">The mean less its hypothesis, or the difference of two means.</param>
public sealed record MeanTest(double Difference, double Error, double Freedom)
{
    public double T => Difference / Error;

    public double P => Distribution.StudentTwoSided(T, Freedom);

    /// <summary>The 95% interval of the difference.</summary>
    public (double Low, double High) Interval
    {
        get
        {
            var half = Distribution.StudentQuantile(0.975, Freedom) * Error;
            return (Difference - half, Difference + half);
        }
    }

    public static MeanTest Of(double[] values, double hypothesis = 0) =>
        new(values.Average() - hypothesis, Math.Sqrt(Variance(values) / values.Length), values.Length - 1);

    public static MeanTest Paired(double[] x, double[] y) => Of([.. x.Zip(y, (a, b) => a - b)]);

    /// <summary>With a common variance.</summary>
    public static MeanTest Pooled(double[] x, double[] y) =>
        new(x.Average() - y.Average(), PooledDeviation(x, y) * Math.Sqrt((1.0 / x.Length) + (1.0 / y.Length)), x.Length + y.Length - 2);

    /// <summary>Welch 1947, with Satterthwaite's degrees of freedom.</summary>
    public static MeanTest Welch(double[] x, double[] y)
    {
        var (a, b) = (Variance(x) / x.Length, Variance(y) / y.Length);
        var freedom = Math.Pow(a + b, 2) / ((a * a / (x.Length - 1)) + (b * b / (y.Length - 1)));
        return new MeanTest(x.Average() - y.Average(), Math.Sqrt(a + b), freedom);
    }

    /// <summary>Cohen's d by the pooled deviation.</summary>
    public static double CohensD(double[] x, double[] y) => (x.Average() - y.Average()) / PooledDeviation(x, y);

    /// <summary>Of the sample: divisor n - 1.</summary>
    public static double Variance(double[] values) => Moments.Of(values).Variance * values.Length / (values.Length - 1);

    private static double PooledDeviation(double[] x, double[] y) =>
        Math.Sqrt((((x.Length - 1) * Variance(x)) + ((y.Length - 1) * Variance(y))) / (x.Length + y.Length - 2));
}
