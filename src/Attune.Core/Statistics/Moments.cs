namespace Attune.Core.Statistics;

/// <summary>Means and variances of plain numbers, and the two ways to whiten that the PPO literature uses.</summary>
public static class Moments
{
    /// <summary>Added to the variance before the root, as in OpenAI's and TRL's whitening.</summary>
    public const double VarianceFloor = 1e-8;

    /// <summary>Mean and population variance.</summary>
    public static (double Mean, double Variance) Of(ReadOnlySpan<double> values)
    {
        var sum = 0.0;
        foreach (var value in values)
        {
            sum += value;
        }

        var mean = sum / values.Length;
        var squares = 0.0;
        foreach (var value in values)
        {
            squares += (value - mean) * (value - mean);
        }

        return (mean, squares / values.Length);
    }

    /// <summary>Mean 0, variance 1, in place.</summary>
    /// <param name="sample">by the sample variance (divisor n - 1) instead of the population's</param>
    public static void Standardize(Span<double> values, bool sample = false) => Scale(values, sample, keepMean: false);

    /// <summary>Variance 1, mean kept, in place: for rewards, whose sign must not change.</summary>
    /// <param name="sample">by the sample variance (divisor n - 1) instead of the population's</param>
    public static void Rescale(Span<double> values, bool sample = false) => Scale(values, sample, keepMean: true);

    private static void Scale(Span<double> values, bool sample, bool keepMean)
    {
        var (mean, variance) = Of(values);
        variance = sample ? variance * values.Length / Math.Max(1, values.Length - 1) : variance;
        var (scale, kept) = (1 / Math.Sqrt(variance + VarianceFloor), keepMean ? mean : 0);
        foreach (ref var value in values)
        {
            value = (value - mean) * scale + kept;
        }
    }

    /// <summary>Mean 0, variance 1 over all rows together, in place.</summary>
    /// <param name="sample">by the sample variance (divisor n - 1) instead of the population's</param>
    public static void StandardizeTogether(IReadOnlyList<double[]> rows, bool sample = false) =>
        Together(rows, values => Standardize(values, sample));

    /// <summary>Variance 1 over all rows together, mean kept, in place.</summary>
    /// <param name="sample">by the sample variance (divisor n - 1) instead of the population's</param>
    public static void RescaleTogether(IReadOnlyList<double[]> rows, bool sample = false) =>
        Together(rows, values => Rescale(values, sample));

    private delegate void Whitening(Span<double> values);

    private static void Together(IReadOnlyList<double[]> rows, Whitening whiten)
    {
        double[] all = [.. rows.SelectMany(r => r)];
        whiten(all);
        var start = 0;
        foreach (var row in rows)
        {
            all.AsSpan(start, row.Length).CopyTo(row);
            start += row.Length;
        }
    }
}
