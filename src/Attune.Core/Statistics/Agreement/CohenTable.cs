namespace Attune.Core.Statistics.Agreement;

/// <summary>Two raters' table: rows by the first, columns by the second; Cohen's κ with errors (Fleiss, Cohen and Everitt 1969).</summary>
public sealed class CohenTable
{
    private readonly double[,] _shares;
    private readonly double[] _rows;
    private readonly double[] _columns;
    private readonly double[,] _weights;
    private readonly double _count;

    public CohenTable(double[,] table, KappaWeights weights)
    {
        var q = table.GetLength(0);
        _count = table.Cast<double>().Sum();
        (_shares, _weights, _rows, _columns) = (new double[q, q], new double[q, q], new double[q], new double[q]);
        foreach (var (i, j) in Cells(q))
        {
            var apart = Math.Abs(i - j) / (double)(q - 1);
            _weights[i, j] =
                1
                - (
                    weights == KappaWeights.None ? (i == j ? 0 : 1)
                    : weights == KappaWeights.Linear ? apart
                    : apart * apart
                );
            _shares[i, j] = table[i, j] / _count;
            _rows[i] += _shares[i, j];
            _columns[j] += _shares[i, j];
        }
    }

    public double Kappa => (Observed - Expected) / (1 - Expected);

    /// <summary>The asymptotic standard error, for an interval.</summary>
    public double Error
    {
        get
        {
            var sum = Cells(_rows.Length)
                .Sum(c => _shares[c.I, c.J] * Math.Pow(_weights[c.I, c.J] - ((RowMean(c.I) + ColumnMean(c.J)) * (1 - Kappa)), 2));
            return Math.Sqrt((sum - Math.Pow(Kappa - (Expected * (1 - Kappa)), 2)) / _count) / (1 - Expected);
        }
    }

    /// <summary>The standard error under independence with these margins, for a test.</summary>
    public double NullError
    {
        get
        {
            var sum = Cells(_rows.Length)
                .Sum(c => _rows[c.I] * _columns[c.J] * Math.Pow(_weights[c.I, c.J] - RowMean(c.I) - ColumnMean(c.J), 2));
            return Math.Sqrt((sum - (Expected * Expected)) / _count) / (1 - Expected);
        }
    }

    private double Observed => Cells(_rows.Length).Sum(c => _weights[c.I, c.J] * _shares[c.I, c.J]);

    private double Expected => Cells(_rows.Length).Sum(c => _weights[c.I, c.J] * _rows[c.I] * _columns[c.J]);

    private double RowMean(int i) => _columns.Select((p, j) => p * _weights[i, j]).Sum();

    private double ColumnMean(int j) => _rows.Select((p, i) => p * _weights[i, j]).Sum();

    private static IEnumerable<(int I, int J)> Cells(int q) =>
        from i in Enumerable.Range(0, q)
        from j in Enumerable.Range(0, q)
        select (i, j);
}
