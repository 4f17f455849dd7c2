namespace Attune.Worlds.Exact;

/// <summary>
/// Where the methods end that learn from preferences directly, if they see every pair of outcomes as often as it occurs and can
/// represent any policy. They are given <c>preference[y, z]</c>, the probability that y is preferred to z.
/// </summary>
public static class PopulationOptima
{
    /// <summary>Preferences after Bradley and Terry: sigmoid((utility_y - utility_z) / noise).</summary>
    public static double[,] BradleyTerry(ReadOnlySpan<double> utility, double noise)
    {
        var preference = new double[utility.Length, utility.Length];
        for (var y = 0; y < utility.Length; y++)
        {
            for (var z = 0; z < utility.Length; z++)
            {
                preference[y, z] = 1 / (1 + Math.Exp((utility[z] - utility[y]) / noise));
            }
        }

        return preference;
    }

    /// <summary>
    /// DPO: the posterior whose reward is the annotators' own utility in units of their noise, so its temperature in the utility's unit
    /// is beta times the noise (Rafailov et al. 2023, theorem 1). No reward model stands between, and none can be exploited.
    /// </summary>
    public static Posterior Dpo(ReadOnlySpan<double> prior, ReadOnlySpan<double> utility, double noise, double beta)
    {
        var posterior = Posterior.Of(prior, utility, beta * noise);
        return posterior with { Beta = beta };
    }

    /// <summary>
    /// IPO: pi0 exp(p(y over mu) / tau) / Z, where p(y over mu) is the probability that y beats an outcome of the sampling distribution
    /// mu (Azar et al. 2023, arXiv:2310.12036, eq. 7 and theorem 2). A probability is bounded, so the optimum stays within 1 / tau of the
    /// prior however sure the annotators are.
    /// </summary>
    public static Posterior Ipo(ReadOnlySpan<double> prior, double[,] preference, ReadOnlySpan<double> sampling, double tau)
    {
        var wins = new double[prior.Length];
        for (var y = 0; y < wins.Length; y++)
        {
            for (var z = 0; z < wins.Length; z++)
            {
                wins[y] += preference[y, z] * sampling[z];
            }
        }

        return Posterior.Of(prior, wins, tau);
    }

    /// <summary>
    /// KTO's expected loss of one outcome that a share <paramref name="desirable"/> of the annotators call desirable, with equal weights:
    /// d (1 - sigmoid(beta (h - z))) + (1 - d)(1 - sigmoid(beta (z - h))) (Ethayarajh et al. 2024, arXiv:2402.01306, eq. 8). Between
    /// its ends it is straight in sigmoid(beta (h - z)), so it falls all the way as h goes to plus infinity where d is above one half, and
    /// to minus infinity where it is below: there is no finite optimum, and what KTO finds is decided by when it stops.
    /// </summary>
    /// <param name="logRatio">h = log pi(y) - log pi0(y), nats.</param>
    /// <param name="reference">z, KTO's estimate of KL(pi || pi0), which takes no gradient.</param>
    public static double KtoLoss(double desirable, double logRatio, double reference, double beta)
    {
        var sigmoid = 1 / (1 + Math.Exp(-beta * (logRatio - reference)));
        return desirable + (sigmoid * (1 - (2 * desirable)));
    }
}
