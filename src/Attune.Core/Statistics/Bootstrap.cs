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

    /// <summary>The bias-corrected and accelerated interval (Efron 1987).</summary>
    /// <param name="value">The statistic of all units.</param>
    /// <param name="draws">The statistic of each resample.</param>
    /// <param name="leftOut">The statistic without each unit.</param>
    public static AcceleratedInterval Accelerated(double value, IReadOnlyCollection<double> draws, IReadOnlyCollection<double> leftOut)
    {
        var bias = Distribution.NormalQuantile(draws.Count(d => d < value) / (double)draws.Count);
        var mean = leftOut.Average();
        var (cubes, squares) = (leftOut.Sum(v => Math.Pow(mean - v, 3)), leftOut.Sum(v => Math.Pow(mean - v, 2)));
        var acceleration = cubes / (6 * Math.Pow(squares, 1.5));
        double Level(double z) => Distribution.NormalBelow(bias + ((bias + z) / (1 - (acceleration * (bias + z)))));
        double[] sorted = [.. draws.Order()];
        var (low, high) = (Level(-Distribution.Normal975), Level(Distribution.Normal975));
        return new AcceleratedInterval(Quantile.Of(sorted, low), Quantile.Of(sorted, high), bias, acceleration, low, high);
    }
}

/// <summary>A bootstrap interval with what corrected it.</summary>
/// <param name="Bias">z0: of the share of draws below the estimate.</param>
/// <param name="LowLevel">The quantile of the draws that is the lower end.</param>
public sealed record AcceleratedInterval(double Low, double High, double Bias, double Acceleration, double LowLevel, double HighLevel);
