namespace Attune.Reports.Frontier;

/// <summary>A mean over seeds with its 95% interval after Student; the interval is not a number where there is only one.</summary>
/// <param name="HalfWidth">Of the interval.</param>
public readonly record struct Interval(double Mean, double HalfWidth, int Count)
{
    // 97.5% quantiles of Student's t for 1, 2, ... degrees of freedom.
    private static readonly double[] Student =
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

    public double Low => Mean - HalfWidth;
    public double High => Mean + HalfWidth;

    /// <summary>Whether the whole interval lies above 0.</summary>
    public bool IsPositive => Low > 0;

    public static Interval Of(IReadOnlyCollection<double> values)
    {
        if (values.Count == 0)
        {
            return new Interval(double.NaN, double.NaN, 0);
        }

        var mean = values.Average();
        var freedom = values.Count - 1;
        var deviation = Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / Math.Max(1, freedom));
        var quantile =
            freedom == 0 ? double.NaN
            : freedom <= Student.Length ? Student[freedom - 1]
            : 1.96 + (2.5 / freedom);
        return new Interval(mean, quantile * deviation / Math.Sqrt(values.Count), values.Count);
    }

    /// <summary>"0.42 ± 0.05"; the mean alone where there is no interval.</summary>
    public override string ToString() =>
        double.IsFinite(HalfWidth) ? $"{Figure.Fixed(Mean)} ± {Figure.Fixed(HalfWidth)}" : Figure.Fixed(Mean);
}
