namespace Attune.Worlds.Exact;

/// <summary>
/// Best-of-n as a distribution: n outcomes are drawn from the prior and the one with the highest score is kept. With F the prior's
/// probability of a score up to s, the best score is at most s with probability F^n.
/// </summary>
public static class BestOfN
{
    /// <summary>
    /// Probabilities of the kept outcome. Outcomes of one score share what falls to it by their prior, as taking the first of the best
    /// does.
    /// </summary>
    /// <param name="n">Draws; need not be whole.</param>
    public static double[] Of(ReadOnlySpan<double> prior, ReadOnlySpan<double> score, double n)
    {
        Distribution.RequireSame(prior, score);
        ArgumentOutOfRangeException.ThrowIfLessThan(n, 1);
        var order = Order(score);
        var result = new double[prior.Length];
        // From the top: 1 - F^n keeps its digits there, where F^n itself would round to 1.
        double above = 0;
        var end = order.Length;
        while (end > 0)
        {
            var start = end - 1;
            var mass = prior[order[start]];
            while (start > 0 && score[order[start - 1]] == score[order[end - 1]])
            {
                mass += prior[order[--start]];
            }

            var share = mass > 0 ? (Above(above + mass, n) - Above(above, n)) / mass : 0;
            for (var i = start; i < end; i++)
            {
                result[order[i]] = prior[order[i]] * share;
            }

            above += mass;
            end = start;
        }

        return result;
    }

    /// <summary>
    /// ln n - (n - 1) / n: the divergence from the prior if no two draws ever tie, and otherwise an upper bound (Beirami et al. 2024,
    /// arXiv:2401.01879). Where outcomes can be enumerated, the divergence of <see cref="Of"/> is exact.
    /// </summary>
    public static double DivergenceBound(double n) => Math.Log(n) - ((n - 1) / n);

    /// <summary>
    /// Weights of N drawn outcomes, in ascending order of score, with which the mean of any figure estimates without bias what the best
    /// of n &lt;= N has: C(i - 1, n - 1) / C(N, n) for the i-th, the chance that a random n of the N have it as their best.
    /// </summary>
    public static double[] SampleWeights(int drawn, int n)
    {
        if (n < 1 || n > drawn)
        {
            throw new ArgumentOutOfRangeException(nameof(n), n, $"expected 1 to {drawn}, as many as were drawn.");
        }

        var weights = new double[drawn];
        weights[^1] = (double)n / drawn;
        for (var i = drawn - 2; i >= n - 1; i--)
        {
            // C(i, n - 1) / C(i + 1, n - 1), for 0-based i.
            weights[i] = weights[i + 1] * (i + 2 - n) / (i + 1);
        }

        return weights;
    }

    /// <summary>1 - (1 - a)^n.</summary>
    private static double Above(double a, double n) => a >= 1 ? 1 : -Expm1(n * Log1p(-a));

    private static int[] Order(ReadOnlySpan<double> score)
    {
        var order = new int[score.Length];
        for (var i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        var keys = score.ToArray();
        Array.Sort(keys, order);
        return order;
    }

    // Kahan's forms: exact to rounding near 0, where the plain ones lose all digits.
    private static double Log1p(double x)
    {
        var u = 1 + x;
        return u == 1 ? x : Math.Log(u) * x / (u - 1);
    }

    private static double Expm1(double x)
    {
        var u = Math.Exp(x);
        return u == 1 ? x
            : u - 1 == -1 ? -1
            : (u - 1) * x / Math.Log(u);
    }
}
