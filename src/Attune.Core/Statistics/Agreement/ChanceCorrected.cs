namespace Attune.Core.Statistics.Agreement;

/// <summary>An agreement beyond chance: (observed - expected) / (1 - expected).</summary>
/// <param name="Error">Gwet's linearised standard error: over units, for the given raters.</param>
/// <param name="Units">Units that have ratings.</param>
public sealed record AgreementFigure(double Value, double Observed, double Expected, double Error, int Units)
{
    /// <summary>The 95% interval by t with n - 1 degrees of freedom, at most 1.</summary>
    public (double Low, double High) Interval
    {
        get
        {
            var half = Distribution.StudentQuantile(0.975, Units - 1) * Error;
            return (Value - half, Math.Min(1, Value + half));
        }
    }
}

/// <summary>
/// Agreement of any number of raters, each of whom may have rated some units only, with weights for partial agreement (Gwet 2014,
/// "Handbook of Inter-Rater Reliability", chapters 2 to 5).
/// </summary>
public sealed class ChanceCorrected
{
    private readonly double[][] _counts;
    private readonly double[,] _weights;
    private readonly int _categories;

    /// <param name="counts">For each unit, how many raters chose each category; units without ratings are left out.</param>
    /// <param name="weights">1 for full agreement; null for the identity.</param>
    public ChanceCorrected(IEnumerable<double[]> counts, double[,]? weights = null)
    {
        _counts = [.. counts.Where(c => c.Sum() > 0)];
        _categories = _counts[0].Length;
        _weights = weights ?? Weights(_categories, (i, j) => i == j ? 1 : 0);
    }

    private IEnumerable<int> Categories => Enumerable.Range(0, _categories);

    /// <summary>The mean of the units' own shares: every unit weighs the same.</summary>
    public double[] Shares => [.. Categories.Select(k => _counts.Average(c => c[k] / c.Sum()))];

    /// <summary>The share of all ratings: every rating weighs the same.</summary>
    public double[] PooledShares => [.. Categories.Select(k => _counts.Sum(c => c[k]) / _counts.Sum(c => c.Sum()))];

    /// <summary>Agreement observed, over units with two ratings or more.</summary>
    public double Observed => Rated.Average(Own);

    /// <summary>Fleiss 1971; with two raters Scott's π.</summary>
    public AgreementFigure Fleiss => Linearised(Chance(Shares), c => Categories.Sum(k => MeanWeight(k, Shares) * c[k]) / c.Sum());

    /// <summary>The same by the pooled shares, without an error.</summary>
    public double FleissPooled => (Observed - Chance(PooledShares)) / (1 - Chance(PooledShares));

    /// <summary>Gwet's AC1, with weights AC2 (Gwet 2008).</summary>
    public AgreementFigure Gwet
    {
        get
        {
            var (shares, scale) = (Shares, TotalWeight / (_categories * (_categories - 1.0)));
            return Linearised(scale * shares.Sum(p => p * (1 - p)), c => scale * Categories.Sum(k => c[k] * (1 - shares[k])) / c.Sum());
        }
    }

    /// <summary>Brennan and Prediger 1981: chance takes every category alike.</summary>
    public AgreementFigure BrennanPrediger
    {
        get
        {
            var expected = TotalWeight / (_categories * (double)_categories);
            return Linearised(expected, _ => expected);
        }
    }

    /// <summary>Krippendorff's α with these weights and its error.</summary>
    public AgreementFigure Krippendorff
    {
        get
        {
            var rated = Rated.ToArray();
            var (mean, n) = (rated.Average(c => c.Sum()), rated.Length);
            var small = 1 / (n * mean);
            double Observed(double[] c) => Own(c) * c.Sum() / mean;
            var plain = rated.Average(Observed);
            double[] shares = [.. Categories.Select(k => rated.Average(c => c[k] / mean))];
            var (observed, expected) = (((1 - small) * plain) + small, Chance(shares));
            var alpha = (observed - expected) / (1 - expected);
            // The error is that of α without the correction for small numbers.
            var uncorrected = (plain - expected) / (1 - expected);
            var squares = rated.Sum(c =>
            {
                var beyond = (c.Sum() - mean) / mean;
                var own = Observed(c) - (observed * beyond);
                var chance = (Categories.Sum(k => MeanWeight(k, shares) * c[k]) / mean) - (expected * beyond);
                var value = ((own - expected) / (1 - expected)) - (2 * (1 - uncorrected) * (chance - expected) / (1 - expected));
                return Math.Pow(value - uncorrected, 2);
            });
            return new AgreementFigure(alpha, observed, expected, Math.Sqrt(squares / (n * (n - 1.0))), n);
        }
    }

    private IEnumerable<double[]> Rated => _counts.Where(c => c.Sum() >= 2);

    private double TotalWeight => Categories.Sum(i => Categories.Sum(j => _weights[i, j]));

    /// <summary>1 - distance / largest distance, or by its square.</summary>
    public static double[,] Linear(double[] values) => Scaled(values, 1);

    public static double[,] Quadratic(double[] values) => Scaled(values, 2);

    /// <summary>Gwet's ordinal weights: pairs of ranks between two categories, as a share of all.</summary>
    public static double[,] Ordinal(int categories)
    {
        double Pairs(int i, int j) => (Math.Abs(i - j) + 1) * Math.Abs(i - j) / 2.0;
        return Weights(categories, (i, j) => 1 - (Pairs(i, j) / Pairs(0, categories - 1)));
    }

    private static double[,] Scaled(double[] values, double power) =>
        Weights(values.Length, (i, j) => 1 - Math.Pow(Math.Abs(values[i] - values[j]) / (values.Max() - values.Min()), power));

    private static double[,] Weights(int categories, Func<int, int, double> weight)
    {
        var weights = new double[categories, categories];
        for (var i = 0; i < categories; i++)
        {
            for (var j = 0; j < categories; j++)
            {
                weights[i, j] = weight(i, j);
            }
        }

        return weights;
    }

    private double Chance(double[] shares) => Categories.Sum(i => Categories.Sum(j => _weights[i, j] * shares[i] * shares[j]));

    private double MeanWeight(int k, double[] shares) => Categories.Sum(j => (_weights[j, k] + _weights[k, j]) / 2 * shares[j]);

    /// <summary>The agreement of one unit's pairs of ratings.</summary>
    private double Own(double[] c) =>
        Categories.Sum(k => c[k] * (Categories.Sum(l => _weights[k, l] * c[l]) - 1)) / (c.Sum() * (c.Sum() - 1));

    private AgreementFigure Linearised(double expected, Func<double[], double> chance)
    {
        var (n, rated, observed) = (_counts.Length, Rated.Count(), Observed);
        var figure = (observed - expected) / (1 - expected);
        var squares = _counts.Sum(c =>
        {
            var own = c.Sum() < 2 ? 0 : n / (double)rated * (Own(c) - expected) / (1 - expected);
            return Math.Pow(own - (2 * (1 - figure) * (chance(c) - expected) / (1 - expected)) - figure, 2);
        });
        return new AgreementFigure(figure, observed, expected, Math.Sqrt(squares / (n * (n - 1.0))), n);
    }
}
