namespace Attune.Core.Statistics.Regression;

/// <summary>Areas under two ROC curves of the same units, with DeLong, DeLong and Clarke-Pearson's variances (1988).</summary>
public sealed class RocCurve
{
    private readonly double[] _positive;
    private readonly double[] _negative;

    public RocCurve(double[] scores, int[] outcomes)
    {
        double[] ones = [.. scores.Where((_, i) => outcomes[i] == 1)],
            zeros = [.. scores.Where((_, i) => outcomes[i] == 0)];
        _positive = [.. ones.Select(a => zeros.Average(b => Wins(a, b)))];
        _negative = [.. zeros.Select(b => ones.Average(a => Wins(a, b)))];
    }

    /// <summary>P(a positive scores higher than a negative), ties counted half.</summary>
    public double Area => _positive.Average();

    public double Variance => Covariance(this);

    public double MannWhitneyU => Area * _positive.Length * _negative.Length;

    public double Covariance(RocCurve other) =>
        (Together(_positive, other._positive) / _positive.Length) + (Together(_negative, other._negative) / _negative.Length);

    /// <summary>The difference of two areas in standard errors, this less the other.</summary>
    public double Z(RocCurve other) => (Area - other.Area) / Math.Sqrt(Variance + other.Variance - (2 * Covariance(other)));

    /// <summary>By the normal distribution, clipped to [0, 1].</summary>
    public (double Low, double High) Interval
    {
        get
        {
            var half = Distribution.Normal975 * Math.Sqrt(Variance);
            return (Math.Max(0, Area - half), Math.Min(1, Area + half));
        }
    }

    /// <summary>By the delta method on the logit.</summary>
    public (double Low, double High) LogitInterval
    {
        get
        {
            var (logit, half) = (Math.Log(Area / (1 - Area)), Distribution.Normal975 * Math.Sqrt(Variance) / (Area * (1 - Area)));
            return (1 / (1 + Math.Exp(half - logit)), 1 / (1 + Math.Exp(-half - logit)));
        }
    }

    private static double Wins(double a, double b) =>
        a > b ? 1
        : a == b ? 0.5
        : 0;

    private static double Together(double[] x, double[] y)
    {
        var (a, b) = (x.Average(), y.Average());
        return x.Zip(y, (u, v) => (u - a) * (v - b)).Sum() / (x.Length - 1);
    }
}
