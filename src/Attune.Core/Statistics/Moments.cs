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
    public static void Standardize(Span<double> values)
    {
        var (mean, variance) = Of(values);
        var scale = 1 / Math.Sqrt(variance + VarianceFloor);
        foreach (ref var value in values)
        {
            value = (value - mean) * scale;
        }
    }

    /// <summary>Variance 1, mean kept, in place: for rewards, whose sign must not change.</summary>
    public static void Rescale(Span<double> values)
    {
        var (mean, variance) = Of(values);
        var scale = 1 / Math.Sqrt(variance + VarianceFloor);
        foreach (ref var value in values)
        {
            value = (value - mean) * scale + mean;
        }
    }

    /// <summary>Mean 0, variance 1 over all rows together, in place.</summary>
    public static void StandardizeTogether(IReadOnlyList<double[]> rows) => Together(rows, Standardize);

    /// <summary>Variance 1 over all rows together, mean kept, in place.</summary>
    public static void RescaleTogether(IReadOnlyList<double[]> rows) => Together(rows, Rescale);

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
