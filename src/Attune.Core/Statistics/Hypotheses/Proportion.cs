namespace Attune.Core.Statistics.Hypotheses;

/// <summary>95% intervals of a share k / n, by every usual method.</summary>
public static class Proportion
{
    private const double Z = Distribution.Normal975;

    /// <summary>Wilson 1927, without continuity correction.</summary>
    public static (double Low, double High) Score(double k, double n) => Wilson.Ends(k / n, n);

    /// <summary>Wilson's with continuity correction (Newcombe 1998, method 4).</summary>
    public static (double Low, double High) ScoreContinuity(double k, double n)
    {
        var (p, q, scale) = (k / n, 1 - (k / n), 2 * (n + (Z * Z)));
        var low = ((2 * n * p) + (Z * Z) - 1 - (Z * Math.Sqrt((Z * Z) - 2 - (1 / n) + (4 * p * ((n * q) + 1))))) / scale;
        var high = ((2 * n * p) + (Z * Z) + 1 + (Z * Math.Sqrt((Z * Z) + 2 - (1 / n) + (4 * p * ((n * q) - 1))))) / scale;
        return (k == 0 ? 0 : Math.Max(0, low), k == n ? 1 : Math.Min(1, high));
    }

    /// <summary>Clopper and Pearson 1934: never too narrow.</summary>
    public static (double Low, double High) Exact(double k, double n) =>
        (k == 0 ? 0 : Distribution.BetaQuantile(0.025, k, n - k + 1), k == n ? 1 : Distribution.BetaQuantile(0.975, k + 1, n - k));

    /// <summary>Agresti and Coull 1998, clipped to [0, 1].</summary>
    public static (double Low, double High) AgrestiCoull(double k, double n)
    {
        var total = n + (Z * Z);
        return Wald((k + (Z * Z / 2)) / total, total);
    }

    /// <summary>Jeffreys' prior, equal tails, no special ends.</summary>
    public static (double Low, double High) Jeffreys(double k, double n) =>
        (Distribution.BetaQuantile(0.025, k + 0.5, n - k + 0.5), Distribution.BetaQuantile(0.975, k + 0.5, n - k + 0.5));

    /// <summary>By the normal distribution, clipped to [0, 1].</summary>
    public static (double Low, double High) Wald(double share, double n)
    {
        var half = Z * Math.Sqrt(share * (1 - share) / n);
        return (Math.Max(0, share - half), Math.Min(1, share + half));
    }

    /// <summary>The exact two-sided test of one half: the sign test.</summary>
    public static double SignTest(int k, int n) => Math.Min(1, 2 * Distribution.BinomialBelow(Math.Min(k, n - k), n, 0.5));
}
