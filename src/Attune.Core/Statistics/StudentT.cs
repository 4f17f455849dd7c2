namespace Attune.Core.Statistics;

/// <summary>The interval of a mean of few values (Student 1908).</summary>
public static class StudentT
{
    // 97.5% quantiles for 1, 2, ... degrees of freedom.
    private static readonly double[] Quantiles =
    [
        12.706,
        4.303,
        3.182,
        2.776,
        2.571,
        2.447,
        2.365,
        2.306,
        2.262,
        2.228,
        2.201,
        2.179,
        2.160,
        2.145,
        2.131,
        2.120,
        2.110,
        2.101,
        2.093,
    ];

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

    /// <summary>The 97.5% quantile, from a table to three decimals and from 20 degrees on within 0.01.</summary>
    /// <param name="freedom">Degrees of freedom.</param>
    /// <returns>NaN for 0 degrees of freedom.</returns>
    public static double Quantile(int freedom) =>
        freedom == 0 ? double.NaN
        : freedom <= Quantiles.Length ? Quantiles[freedom - 1]
        : 1.96 + (2.5 / freedom);
}
