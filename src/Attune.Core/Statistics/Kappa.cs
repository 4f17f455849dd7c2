namespace Attune.Core.Statistics;

/// <summary>How disagreement between two categories weighs.</summary>
public enum KappaWeights
{
    /// <summary>All disagreements weigh the same.</summary>
    None,

    /// <summary>By the distance of the categories.</summary>
    Linear,

    /// <summary>By its square.</summary>
    Quadratic,
}

/// <summary>Agreement beyond chance between people who judged the same units in categories 0, 1, 2, ...</summary>
public static class Kappa
{
    /// <summary>
    /// Cohen's κ of two people (Cohen 1960), weighted where the categories are ordered (Cohen 1968):
    /// 1 - Σ w observed / Σ w expected, with weight 0 where both chose the same.
    /// </summary>
    /// <returns>1 for full agreement, 0 for chance; NaN where both always chose the same category, or there are no units.</returns>
    public static double Cohen(IReadOnlyList<(int First, int Second)> units, KappaWeights weights = KappaWeights.None)
    {
        if (units.Count == 0)
        {
            return double.NaN;
        }
        var categories = 1 + units.Max(u => Math.Max(u.First, u.Second));
        var (first, second) = (new double[categories], new double[categories]);
        var observed = 0.0;
        foreach (var (a, b) in units)
        {
            first[a]++;
            second[b]++;
            observed += Weight(a, b, weights);
        }

        var expected = 0.0;
        for (var a = 0; a < categories; a++)
        {
            for (var b = 0; b < categories; b++)
            {
                expected += Weight(a, b, weights) * first[a] * second[b] / units.Count;
            }
        }

        return expected == 0 ? double.NaN : 1 - (observed / expected);
    }

    /// <summary>Fleiss' κ (Fleiss 1971): every unit has the same number of judgements, not always by the same people.</summary>
    /// <param name="counts">For each unit, how many people chose each category.</param>
    public static double Fleiss(IReadOnlyList<int[]> counts)
    {
        if (counts.Count == 0)
        {
            return double.NaN;
        }
        var raters = counts[0].Sum();
        if (raters < 2 || counts.Any(c => c.Sum() != raters))
        {
            throw new ArgumentException("every unit must be judged by the same number of people, at least two", nameof(counts));
        }
        var agreement = counts.Average(c => (c.Sum(n => (double)n * n) - raters) / (raters * (raters - 1.0)));
        var expected = Enumerable
            .Range(0, counts[0].Length)
            .Sum(k => Math.Pow(counts.Sum(c => (double)c[k]) / (counts.Count * (double)raters), 2));
        return expected == 1 ? double.NaN : (agreement - expected) / (1 - expected);
    }

    private static double Weight(int a, int b, KappaWeights weights) =>
        weights switch
        {
            KappaWeights.None => a == b ? 0 : 1,
            KappaWeights.Linear => Math.Abs(a - b),
            _ => (double)(a - b) * (a - b),
        };
}
