namespace Attune.Core.Statistics.Hypotheses;

/// <summary>How two lists order the same units; ties in either are allowed.</summary>
public sealed class RankCorrelation
{
    private readonly double[] _x;
    private readonly double[] _y;
    private readonly double _tiesX;
    private readonly double _tiesY;

    public RankCorrelation(double[] x, double[] y)
    {
        (_x, _y) = (x, y);
        for (var i = 0; i < x.Length; i++)
        {
            for (var j = i + 1; j < x.Length; j++)
            {
                var (a, b) = (Math.Sign(x[i] - x[j]), Math.Sign(y[i] - y[j]));
                Concordant += a * b > 0 ? 1 : 0;
                Discordant += a * b < 0 ? 1 : 0;
                _tiesX += a == 0 ? 1 : 0;
                _tiesY += b == 0 ? 1 : 0;
            }
        }
    }

    public int Concordant { get; }

    public int Discordant { get; }

    private double Pairs => _x.Length * (_x.Length - 1.0) / 2;

    private double S => Concordant - Discordant;

    /// <summary>Kendall's τ-b.</summary>
    public double TauB => S / Math.Sqrt((Pairs - _tiesX) * (Pairs - _tiesY));

    /// <summary>Stuart's τ-c.</summary>
    public double TauC
    {
        get
        {
            double least = Math.Min(_x.Distinct().Count(), _y.Distinct().Count());
            return 2 * S / (_x.Length * (double)_x.Length * (least - 1) / least);
        }
    }

    /// <summary>Goodman and Kruskal's γ.</summary>
    public double Gamma => S / (Concordant + Discordant);

    /// <summary>Somers' d of y given x.</summary>
    public double SomersD => S / (Pairs - _tiesX);

    /// <summary>By the normal distribution, with the variance corrected for ties and no continuity correction.</summary>
    public double TauP
    {
        get
        {
            double n = _x.Length;
            static double Sum(double[] v, Func<double, double> of) => v.GroupBy(x => x).Sum(g => of(g.Count()));
            static double Zero(double t) => t * (t - 1) * ((2 * t) + 5);
            var variance = ((n * (n - 1) * ((2 * n) + 5)) - Sum(_x, Zero) - Sum(_y, Zero)) / 18;
            variance += Sum(_x, t => t * (t - 1)) * Sum(_y, t => t * (t - 1)) / (2 * n * (n - 1));
            variance += Sum(_x, t => t * (t - 1) * (t - 2)) * Sum(_y, t => t * (t - 1) * (t - 2)) / (9 * n * (n - 1) * (n - 2));
            return Distribution.NormalTwoSided(S / Math.Sqrt(variance));
        }
    }

    /// <summary>Kendall's exact test where there are no ties, by counting permutations with so many inversions.</summary>
    public double TauExactP
    {
        get
        {
            double[] counts = [1];
            for (var size = 2; size <= _x.Length; size++)
            {
                var next = new double[counts.Length + size - 1];
                for (var i = 0; i < counts.Length; i++)
                {
                    for (var k = 0; k < size; k++)
                    {
                        next[i + k] += counts[i] / size;
                    }
                }

                counts = next;
            }

            return Math.Min(1, 2 * counts.Take(Math.Min(Concordant, Discordant) + 1).Sum());
        }
    }

    public double Spearman => Correlation.Pearson(MidRanks(_x), MidRanks(_y)) ?? double.NaN;

    /// <summary>The test of a correlation by t with n - 2 - covariates degrees of freedom.</summary>
    public static double P(double r, int n, int covariates = 0) => Distribution.StudentTwoSided(T(r, n, covariates), n - 2 - covariates);

    public static double T(double r, int n, int covariates = 0) => r * Math.Sqrt((n - 2 - covariates) / (1 - (r * r)));

    /// <summary>The 95% interval by Fisher's transformation.</summary>
    public static (double Low, double High) Interval(double r, int n, int covariates = 0)
    {
        var half = Distribution.Normal975 / Math.Sqrt(n - 3 - covariates);
        return (Math.Tanh(Math.Atanh(r) - half), Math.Tanh(Math.Atanh(r) + half));
    }

    /// <summary>Ranks from 1, where ties share the mean of their places.</summary>
    public static double[] MidRanks(double[] values) =>
        [.. values.Select(v => values.Count(o => o < v) + ((values.Count(o => o == v) + 1) / 2.0))];

    /// <summary>The correlation of what covariates leave of x and y.</summary>
    public static double Partial(double[] x, double[] y, double[][] covariates) =>
        Correlation.Pearson(
            Regression.LinearRegression.Of(covariates, x).Residuals,
            Regression.LinearRegression.Of(covariates, y).Residuals
        ) ?? double.NaN;
}
