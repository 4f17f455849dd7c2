namespace Attune.Core.Statistics.Hypotheses;

/// <summary>
/// p-values by simulation that stop early (Besag and Clifford 1991, "Sequential Monte Carlo p-values"): draws go on until so many were as
/// extreme as what was observed. Where the hypothesis holds a few draws do; where it does not, all of them are made and p can be small.
/// </summary>
public static class MonteCarlo
{
    public const int Most = 999;
    public const int Enough = 10;

    /// <param name="draw">The statistic of the draw with a number, under the hypothesis.</param>
    /// <returns>p: enough / draws where it stopped early, (1 + as extreme) / (1 + draws) where it did not; and the draws' mean.</returns>
    public static (double P, double Mean) Above(double observed, Func<int, double> draw, int most = Most, int enough = Enough)
    {
        var (extreme, sum) = (0, 0.0);
        for (var drawn = 1; drawn <= most; drawn++)
        {
            var value = draw(drawn - 1);
            sum += value;
            extreme += value >= observed - 1e-12 ? 1 : 0;
            if (extreme == enough)
            {
                return (enough / (double)drawn, sum / drawn);
            }
        }

        return ((1.0 + extreme) / (1 + most), sum / most);
    }
}
