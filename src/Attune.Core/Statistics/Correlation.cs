namespace Attune.Core.Statistics;

/// <summary>How two lists of numbers move together.</summary>
public static class Correlation
{
    /// <summary>Pearson's; null where one of the lists never moves, or there are fewer than two numbers.</summary>
    public static double? Pearson(ReadOnlySpan<double> first, ReadOnlySpan<double> second)
    {
        if (first.Length != second.Length)
        {
            throw new ArgumentException($"{first.Length} and {second.Length} numbers; expected equally many.");
        }

        if (first.Length < 2)
        {
            return null;
        }

        var (a, b) = (Moments.Of(first), Moments.Of(second));
        var sum = 0.0;
        for (var i = 0; i < first.Length; i++)
        {
            sum += (first[i] - a.Mean) * (second[i] - b.Mean);
        }

        var spread = Math.Sqrt(a.Variance * b.Variance);
        return spread > 0 ? sum / first.Length / spread : null;
    }
}
