namespace Attune.Core.Statistics;

/// <summary>What the values mean, which determines how far apart two of them are.</summary>
public enum MeasurementLevel
{
    /// <summary>Categories: equal or different.</summary>
    Nominal,

    /// <summary>Ranks: the distance is the number of values in between.</summary>
    Ordinal,

    /// <summary>Amounts: the distance is the difference.</summary>
    Interval,

    /// <summary>Amounts with a zero: the distance is the difference as a share of the sum.</summary>
    Ratio,
}

/// <summary>
/// Krippendorff's α (Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability"): 1 - observed disagreement / expected disagreement,
/// for any number of people, each of whom may have judged only some of the units.
/// </summary>
public static class Alpha
{
    /// <param name="units">The values given to each unit, in any order; units with fewer than two are ignored.</param>
    /// <returns>1 for full agreement, 0 for chance; NaN where no unit has two values, or all values are equal.</returns>
    public static double Of(IReadOnlyList<double[]> units, MeasurementLevel level) => Parts(units, level).Alpha;

    /// <summary>α with the disagreement observed and the one expected by chance.</summary>
    /// <param name="units">As for <see cref="Of"/>.</param>
    public static (double Alpha, double Observed, double Expected) Parts(IReadOnlyList<double[]> units, MeasurementLevel level)
    {
        var paired = units.Where(u => u.Length >= 2).ToArray();
        double[] values = [.. paired.SelectMany(u => u).Distinct().Order()];
        var index = values.Index().ToDictionary(v => v.Item, v => v.Index);
        var totals = new double[values.Length];
        foreach (var value in paired.SelectMany(u => u))
        {
            totals[index[value]]++;
        }

        var distance = Distances(values, totals, level);
        var observed = 0.0;
        foreach (var unit in paired)
        {
            var sum = 0.0;
            foreach (var a in unit)
            {
                foreach (var b in unit)
                {
                    sum += distance[index[a], index[b]];
                }
            }

            observed += sum / (unit.Length - 1);
        }

        var (expected, all) = (0.0, totals.Sum());
        for (var a = 0; a < values.Length; a++)
        {
            for (var b = 0; b < values.Length; b++)
            {
                expected += totals[a] * totals[b] * distance[a, b];
            }
        }

        var (mean, chance) = (observed / all, expected / (all * (all - 1)));
        return (expected == 0 ? double.NaN : 1 - (mean / chance), mean, chance);
    }

    /// <summary>δ² of every two values.</summary>
    private static double[,] Distances(double[] values, double[] totals, MeasurementLevel level)
    {
        var distance = new double[values.Length, values.Length];
        for (var a = 0; a < values.Length; a++)
        {
            for (var b = a + 1; b < values.Length; b++)
            {
                var apart = level switch
                {
                    MeasurementLevel.Nominal => 1,
                    MeasurementLevel.Interval => values[b] - values[a],
                    MeasurementLevel.Ratio => values[b] == -values[a] ? 0 : (values[b] - values[a]) / (values[b] + values[a]),
                    // All values from a to b, the ends counted half.
                    _ => totals[a..(b + 1)].Sum() - ((totals[a] + totals[b]) / 2),
                };
                distance[a, b] = distance[b, a] = apart * apart;
            }
        }

        return distance;
    }
}
