namespace Attune.Core.Statistics.Hypotheses;

/// <summary>Two classifiers on the same units: McNemar 1947, from the units that only one of them got right.</summary>
public sealed record PairedCounts(int B, int C)
{
    private int N => B + C;

    public double ExactP => Proportion.SignTest(B, N);

    public double ChiSquare => Math.Pow(B - C, 2) / N;

    public double ChiSquareP => Distribution.ChiSquareAbove(ChiSquare, 1);

    /// <summary>With continuity correction: 1 / n where b = c, as the formula says.</summary>
    public double Corrected => Math.Pow(Math.Abs(B - C) - 1, 2) / N;

    public double CorrectedP => Distribution.ChiSquareAbove(Corrected, 1);

    /// <summary>The observed outcome counted half (Lancaster 1961).</summary>
    public double MidP
    {
        get
        {
            var k = Math.Min(B, C);
            var at = Distribution.Binomial(k, N, 0.5);
            return B == C ? 1 - at : (2 * Distribution.BinomialBelow(k, N, 0.5)) - at;
        }
    }
}
