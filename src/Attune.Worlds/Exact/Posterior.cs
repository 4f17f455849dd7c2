namespace Attune.Worlds.Exact;

/// <summary>
/// The best policy there is for E[r] - beta KL(pi || pi0): pi*(y) = pi0(y) exp(r(y) / beta) / Z. Read as Bayes' rule, pi0 is the prior,
/// exp(r / beta) the likelihood and pi* the posterior (Korbak et al. 2022, arXiv:2205.11275; Ziegler et al. 2019, section 2.2; Rafailov et
/// al. 2023, eq. 4).
/// </summary>
/// <param name="Probabilities">pi*, one for each outcome; their sum is 1.</param>
/// <param name="LogPartition">log Z, nats.</param>
/// <param name="Beta">The temperature: reward worth one nat.</param>
public sealed record Posterior(double[] Probabilities, double LogPartition, double Beta)
{
    /// <summary>The largest value of the objective: beta log Z. What a policy pi lacks of it is exactly beta KL(pi || pi*).</summary>
    public double BestObjective => Beta * LogPartition;

    /// <param name="prior">pi0, a probability for each outcome.</param>
    /// <param name="reward">One for each outcome.</param>
    public static Posterior Of(ReadOnlySpan<double> prior, ReadOnlySpan<double> reward, double beta)
    {
        Distribution.RequireSame(prior, reward);
        if (!(beta > 0) || double.IsInfinity(beta))
        {
            throw new ArgumentOutOfRangeException(
                nameof(beta),
                beta,
                "beta has to be a positive number: at 0 all mass would go to the best outcome."
            );
        }

        var weights = new double[prior.Length];
        var highest = double.NegativeInfinity;
        for (var i = 0; i < weights.Length; i++)
        {
            weights[i] = prior[i] > 0 ? Math.Log(prior[i]) + (reward[i] / beta) : double.NegativeInfinity;
            highest = Math.Max(highest, weights[i]);
        }

        var sum = 0.0;
        for (var i = 0; i < weights.Length; i++)
        {
            weights[i] = Math.Exp(weights[i] - highest);
            sum += weights[i];
        }

        for (var i = 0; i < weights.Length; i++)
        {
            weights[i] /= sum;
        }

        return new Posterior(weights, highest + Math.Log(sum), beta);
    }
}
