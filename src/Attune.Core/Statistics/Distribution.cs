using MathNet.Numerics;

namespace Attune.Core.Statistics;

/// <summary>Tails and quantiles of the distributions that tests and intervals need, exact to about 12 digits.</summary>
public static class Distribution
{
    /// <summary>The 97.5% quantile of the normal distribution.</summary>
    public const double Normal975 = 1.959963984540054;

    public static double NormalDensity(double x) => Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI);

    /// <summary>P(Z ≤ x).</summary>
    public static double NormalBelow(double x) => SpecialFunctions.Erfc(-x / Math.Sqrt(2)) / 2;

    /// <summary>P(|Z| ≥ |z|).</summary>
    public static double NormalTwoSided(double z) => SpecialFunctions.Erfc(Math.Abs(z) / Math.Sqrt(2));

    public static double NormalQuantile(double p)
    {
        var x = MathNet.Numerics.Distributions.Normal.InvCDF(0, 1, p);
        return double.IsInfinity(x) ? x : x - ((NormalBelow(x) - p) / NormalDensity(x));
    }

    /// <summary>P(T ≥ t) of Student's t.</summary>
    public static double StudentAbove(double t, double freedom)
    {
        var tail = SpecialFunctions.BetaRegularized(freedom / 2, 0.5, freedom / (freedom + (t * t))) / 2;
        return t >= 0 ? tail : 1 - tail;
    }

    /// <summary>P(|T| ≥ |t|) of Student's t.</summary>
    public static double StudentTwoSided(double t, double freedom) => 2 * StudentAbove(Math.Abs(t), freedom);

    public static double StudentQuantile(double p, double freedom)
    {
        var tail = Math.Min(p, 1 - p);
        if (tail == 0.5)
        {
            return 0;
        }

        var quantile = Falling(x => StudentAbove(x, freedom), tail);
        return p < 0.5 ? -quantile : quantile;
    }

    /// <summary>P(X ≥ x) of χ².</summary>
    public static double ChiSquareAbove(double x, double freedom) =>
        double.IsNaN(x) || freedom <= 0 ? double.NaN
        : x <= 0 ? 1
        : SpecialFunctions.GammaUpperRegularized(freedom / 2, x / 2);

    /// <summary>P(X ≥ x) of Fisher's F.</summary>
    public static double FisherAbove(double x, double above, double below) =>
        double.IsNaN(x) ? double.NaN
        : x <= 0 ? 1
        : SpecialFunctions.BetaRegularized(below / 2, above / 2, below / (below + (above * x)));

    public static double FisherQuantile(double p, double above, double below) => Falling(x => FisherAbove(x, above, below), 1 - p);

    public static double BetaQuantile(double p, double a, double b)
    {
        var (low, high) = (0.0, 1.0);
        for (var step = 0; step < 200 && low < high; step++)
        {
            var middle = (low + high) / 2;
            (low, high) = SpecialFunctions.BetaRegularized(a, b, middle) < p ? (middle, high) : (low, middle);
        }

        return (low + high) / 2;
    }

    /// <summary>P(K = k) of n trials.</summary>
    public static double Binomial(int k, int n, double p) =>
        k < 0 || k > n ? 0
        : p is 0 or 1 ? (k == (p == 0 ? 0 : n) ? 1 : 0)
        : Math.Exp(SpecialFunctions.BinomialLn(n, k) + (k * Math.Log(p)) + ((n - k) * Math.Log(1 - p)));

    /// <summary>P(K ≤ k) of n trials.</summary>
    public static double BinomialBelow(int k, int n, double p) =>
        k < 0 ? 0
        : k >= n ? 1
        : SpecialFunctions.BetaRegularized(n - k, k + 1, 1 - p);

    /// <summary>The x &gt; 0 at which a falling tail equals p.</summary>
    private static double Falling(Func<double, double> tail, double p)
    {
        var (low, high) = (0.0, 1.0);
        while (tail(high) > p && high < 1e300)
        {
            (low, high) = (high, high * 2);
        }

        for (var step = 0; step < 200 && low < high; step++)
        {
            var middle = (low + high) / 2;
            (low, high) = tail(middle) > p ? (middle, high) : (low, middle);
        }

        return (low + high) / 2;
    }
}
