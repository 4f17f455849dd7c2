namespace Attune.Core.Statistics;

/// <summary>The interval of a mean of few values (Student 1908).</summary>
public static class StudentT
{
    /// <summary>The mean and its 95% interval; the ends are NaN for a single value, everything is NaN for none.</summary>
    public static Interval Of(IReadOnlyCollection<double> values)
    {
        if (values.Count == 0)
        {
            return new Interval(double.NaN, double.NaN, double.NaN, 0);
        }

        var mean = values.Average();
        var freedom = values.Count - 1;
        var deviation = Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / Math.Max(1, freedom));
        var half = Quantile(freedom) * deviation / Math.Sqrt(values.Count);
        return new Interval(mean, mean - half, mean + half, values.Count);
    }

    /// <summary>The 97.5% quantile.</summary>
    /// <param name="freedom">Degrees of freedom.</param>
    /// <returns>NaN for 0 degrees of freedom.</returns>
    public static double Quantile(int freedom) => freedom == 0 ? double.NaN : Distribution.StudentQuantile(0.975, freedom);
}
