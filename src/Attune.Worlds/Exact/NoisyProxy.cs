namespace Attune.Worlds.Exact;

/// <summary>
/// Outcomes whose gold is standard normal and whose proxy is gold plus an independent error: the smallest world in which to see when
/// a proxy can be pushed too far. A fine grid stands for both, so that every expectation is a sum and nothing is sampled.
/// </summary>
/// <param name="Prior">Probability of each outcome.</param>
/// <param name="Gold">What is wanted.</param>
/// <param name="Proxy">What is optimised.</param>
public sealed record NoisyProxy(double[] Prior, double[] Gold, double[] Proxy)
{
    private const int GoldSteps = 240;
    private const int ErrorSteps = 800;
    private const double GoldReach = 6;

    /// <summary>
    /// Errors that are standard normal. Gold and proxy are then jointly normal: gold is half the proxy on average, at any height.
    /// </summary>
    public static NoisyProxy GaussianErrors() => Of(x => Math.Exp(-x * x / 2), reach: 2.5);

    /// <summary>
    /// Errors after Student's t with 3 degrees of freedom: heavy tails, as where a learned reward model is asked about texts that its
    /// data never showed. The highest proxies are then nearly all error.
    /// </summary>
    public static NoisyProxy StudentErrors() => Of(x => Math.Pow(1 + (x * x / 3), -2), reach: 10);

    /// <summary>Mean gold and proxy of the best of n by proxy, and how far that distribution lies from the prior.</summary>
    public (double Gold, double Proxy, double Divergence) BestOf(double n)
    {
        var kept = BestOfN.Of(Prior, Proxy, n);
        return (Distribution.Mean(kept, Gold), Distribution.Mean(kept, Proxy), Distribution.Divergence(kept, Prior));
    }

    /// <param name="density">Of the error, up to a factor.</param>
    /// <param name="reach">The grid is even in asinh of the error, up to this on both sides: fine at the middle, and far out.</param>
    private static NoisyProxy Of(Func<double, double> density, double reach)
    {
        var gold = Grid(GoldSteps, GoldReach, x => x, x => Math.Exp(-x * x / 2));
        var error = Grid(ErrorSteps, reach, Math.Sinh, u => density(Math.Sinh(u)) * Math.Cosh(u));
        return new NoisyProxy(
            [.. gold.SelectMany(g => error.Select(e => g.Share * e.Share))],
            [.. gold.SelectMany(g => error.Select(_ => g.Value))],
            [.. gold.SelectMany(g => error.Select(e => g.Value + e.Value))]
        );
    }

    private static (double Value, double Share)[] Grid(int steps, double reach, Func<double, double> value, Func<double, double> weight)
    {
        var places = Enumerable.Range(0, steps + 1).Select(i => reach * ((2.0 * i / steps) - 1)).ToArray();
        var total = places.Sum(weight);
        return [.. places.Select(x => (value(x), weight(x) / total))];
    }
}
