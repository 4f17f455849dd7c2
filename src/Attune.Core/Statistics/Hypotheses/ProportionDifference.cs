using MathNet.Numerics;

namespace Attune.Core.Statistics.Hypotheses;

/// <summary>95% intervals and tests of a difference of two independent shares, p1 - p2.</summary>
public sealed record ProportionDifference(int K1, int N1, int K2, int N2)
{
    private const double Z = Distribution.Normal975;

    private double P1 => K1 / (double)N1;

    private double P2 => K2 / (double)N2;

    public double Difference => P1 - P2;

    /// <summary>Newcombe 1998, method 10: from two intervals of Wilson without continuity correction.</summary>
    public (double Low, double High) Newcombe
    {
        get
        {
            var (one, two) = (Proportion.Score(K1, N1), Proportion.Score(K2, N2));
            return (
                Difference - Math.Sqrt(Math.Pow(P1 - one.Low, 2) + Math.Pow(two.High - P2, 2)),
                Difference + Math.Sqrt(Math.Pow(one.High - P1, 2) + Math.Pow(P2 - two.Low, 2))
            );
        }
    }

    public (double Low, double High) Wald => Around(P1, N1, P2, N2);

    /// <summary>Agresti and Caffo 2000: one more of each outcome in each group.</summary>
    public (double Low, double High) AgrestiCaffo => Around((K1 + 1.0) / (N1 + 2), N1 + 2, (K2 + 1.0) / (N2 + 2), N2 + 2);

    /// <summary>Miettinen and Nurminen 1985: where the score statistic, with variance factor N / (N - 1), reaches the quantile.</summary>
    public (double Low, double High) Score => (Root(-1, Difference, d => ScoreAt(d) > Z), Root(1, Difference, d => ScoreAt(d) < -Z));

    /// <summary>By the pooled variance, without correction.</summary>
    public double PooledZ
    {
        get
        {
            var pooled = (K1 + K2) / (double)(N1 + N2);
            return Difference / Math.Sqrt(pooled * (1 - pooled) * ((1.0 / N1) + (1.0 / N2)));
        }
    }

    public double PooledP => Distribution.NormalTwoSided(PooledZ);

    /// <summary>Fisher's exact test: the probability of all tables that are not more likely.</summary>
    public double FisherP
    {
        get
        {
            var (total, all) = (K1 + K2, SpecialFunctions.BinomialLn(N1 + N2, K1 + K2));
            double Table(int k) => Math.Exp(SpecialFunctions.BinomialLn(N1, k) + SpecialFunctions.BinomialLn(N2, total - k) - all);
            var observed = Table(K1) * (1 + 1e-7);
            var (from, to) = (Math.Max(0, total - N2), Math.Min(N1, total));
            return Math.Min(1, Enumerable.Range(from, to - from + 1).Select(Table).Where(p => p <= observed).Sum());
        }
    }

    private static (double Low, double High) Around(double p1, double n1, double p2, double n2)
    {
        var half = Z * Math.Sqrt((p1 * (1 - p1) / n1) + (p2 * (1 - p2) / n2));
        return (p1 - p2 - half, p1 - p2 + half);
    }

    /// <summary>The score statistic of a difference: the shares are the most likely ones that differ by it.</summary>
    private double ScoreAt(double difference)
    {
        var (low, high) = (Math.Max(0, -difference), Math.Min(1, 1 - difference));
        double Slope(double p) => Term(K1, N1, p + difference) + Term(K2, N2, p);
        for (var step = 0; step < 200; step++)
        {
            var middle = (low + high) / 2;
            (low, high) = Slope(middle) > 0 ? (middle, high) : (low, middle);
        }

        var (two, all) = ((low + high) / 2, (double)(N1 + N2));
        var one = two + difference;
        var variance = ((one * (1 - one) / N1) + (two * (1 - two) / N2)) * all / (all - 1);
        return variance <= 0
            ? Math.Sign(Difference - difference) * double.PositiveInfinity
            : (Difference - difference) / Math.Sqrt(variance);
    }

    private static double Term(int k, int n, double p) => (k == 0 ? 0 : k / p) - (k == n ? 0 : (n - k) / (1 - p));

    private static double Root(int side, double from, Func<double, bool> beyond)
    {
        var (near, far) = (from, (double)side);
        for (var step = 0; step < 200; step++)
        {
            var middle = (near + far) / 2;
            (near, far) = beyond(middle) ? (near, middle) : (middle, far);
        }

        return (near + far) / 2;
    }
}
