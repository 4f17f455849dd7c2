namespace Attune.Control.Tamer;

/// <summary>The gamma distribution of scale 1.</summary>
internal static class GammaDistribution
{
    /// <summary>The probability of at most x: the regularised lower incomplete gamma function, by its series.</summary>
    public static double Cumulative(double x, double shape)
    {
        if (x <= 0)
        {
            return 0;
        }

        if (x > shape + 40)
        {
            return 1;
        }

        var term = 1 / shape;
        var sum = term;
        for (var n = 1; term > sum * 1e-17; n++)
        {
            term *= x / (shape + n);
            sum += term;
        }

        return Math.Min(1, sum * Math.Exp(shape * Math.Log(x) - x - LogGamma(shape)));
    }

    /// <summary>log Gamma(x) for x above 0: Stirling's series, after the recurrence has brought x above 10.</summary>
    private static double LogGamma(double x)
    {
        var shift = 0.0;
        for (; x < 10; x++)
        {
            shift += Math.Log(x);
        }

        var inverse = 1 / (x * x);
        var series = (1.0 / 12 - inverse * (1.0 / 360 - inverse * (1.0 / 1260 - inverse / 1680))) / x;
        return (x - 0.5) * Math.Log(x) - x + Math.Log(2 * Math.PI) / 2 + series - shift;
    }
}
