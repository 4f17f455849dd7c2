using Attune.Core.Statistics;

namespace Attune.Numerics;

/// <summary>Advantages on plain numbers: they are computed once a rollout, far from any gradient.</summary>
public static class Advantages
{
    /// <summary>
    /// Generalised advantage estimation (Schulman et al. 2016, arXiv:1506.02438, eq. 16) for one episode that ends after its last
    /// step: A_t = sum over l of (gamma lambda)^l delta_{t+l}, delta_t = r_t + gamma V_{t+1} - V_t, with V after the end 0.
    /// </summary>
    /// <param name="rewards">[time]</param>
    /// <param name="values">[time], V at the state in which each action was taken</param>
    /// <param name="gamma">Discount.</param>
    /// <param name="lambda">0 trusts the value function alone, 1 the sampled return alone.</param>
    /// <param name="advantages">[time], written</param>
    public static void Gae(ReadOnlySpan<double> rewards, ReadOnlySpan<double> values, double gamma, double lambda, Span<double> advantages)
    {
        var discounts = new double[rewards.Length];
        Array.Fill(discounts, gamma);
        var extended = new double[values.Length + 1];
        values.CopyTo(extended);
        Gae(rewards, discounts, extended, lambda, advantages);
    }

    /// <summary>
    /// The general form: a discount for each step (0 where an episode ends), and a value for the state after the last step.
    /// </summary>
    /// <param name="rewards">[time]</param>
    /// <param name="discounts">[time]</param>
    /// <param name="values">[time + 1]</param>
    /// <param name="lambda">0 trusts the value function alone, 1 the sampled return alone.</param>
    /// <param name="advantages">[time], written</param>
    public static void Gae(
        ReadOnlySpan<double> rewards,
        ReadOnlySpan<double> discounts,
        ReadOnlySpan<double> values,
        double lambda,
        Span<double> advantages
    )
    {
        if (discounts.Length != rewards.Length || values.Length != rewards.Length + 1 || advantages.Length != rewards.Length)
        {
            throw new ArgumentException(
                $"rewards, discounts, values and advantages have lengths {rewards.Length}, {discounts.Length}, {values.Length} "
                    + $"and {advantages.Length}; expected n, n, n + 1 and n."
            );
        }

        var next = 0.0;
        for (var t = rewards.Length - 1; t >= 0; t--)
        {
            var delta = rewards[t] + discounts[t] * values[t + 1] - values[t];
            next = delta + discounts[t] * lambda * next;
            advantages[t] = next;
        }
    }

    /// <summary>1 - Var(return - value) / Var(return): 1 is a perfect value function, 0 no better than a constant.</summary>
    /// <param name="returns">[time], of all episodes together</param>
    /// <param name="values">[time]</param>
    public static double ExplainedVariance(double[] returns, double[] values)
    {
        var variance = Moments.Of(returns).Variance;
        return variance > 0 ? 1 - Moments.Of([.. returns.Zip(values, (r, v) => r - v)]).Variance / variance : 0;
    }

    /// <summary>The discounted sum of the rewards from each token on, its own included.</summary>
    /// <param name="rewards">[tokens]</param>
    /// <returns>[tokens]</returns>
    public static double[] ToCome(double[] rewards, double gamma)
    {
        var sums = new double[rewards.Length];
        for (var t = rewards.Length - 1; t >= 0; t--)
        {
            sums[t] = rewards[t] + (t + 1 < rewards.Length ? gamma * sums[t + 1] : 0);
        }

        return sums;
    }
}
