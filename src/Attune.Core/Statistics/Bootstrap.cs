using Attune.Core.Runs;

namespace Attune.Core.Statistics;

/// <summary>Intervals by resampling units with replacement (Efron 1979, the percentile method).</summary>
public static class Bootstrap
{
    public const int Draws = 1000;

    /// <summary>The 95% interval of any statistic.</summary>
    /// <param name="statistic">The figure of a set of units; NaN where it is not defined.</param>
    /// <returns>The ends are NaN where the statistic is not defined in at least half the draws.</returns>
    public static Interval Of<T>(IReadOnlyList<T> units, Func<IReadOnlyList<T>, double> statistic, Seed seed, int draws = Draws)
    {
        var rng = seed.For("bootstrap").Rng();
        var drawn = new List<double>(draws);
        var sample = new T[units.Count];
        for (var draw = 0; draw < draws && units.Count > 0; draw++)
        {
            for (var i = 0; i < sample.Length; i++)
            {
                sample[i] = units[rng.NextInt(units.Count)];
            }

            var value = statistic(sample);
            if (!double.IsNaN(value))
            {
                drawn.Add(value);
            }
        }

        drawn.Sort();
        return drawn.Count * 2 < draws
            ? new Interval(units.Count == 0 ? double.NaN : statistic(units), double.NaN, double.NaN, units.Count)
            : new Interval(statistic(units), Quantile.Of(drawn, 0.025), Quantile.Of(drawn, 0.975), units.Count);
    }
}
