using Attune.Core.Statistics;

namespace Attune.Training.Rewards;

/// <summary>How the members of an ensemble make one reward.</summary>
public enum RewardAggregation
{
    Mean,

    /// <summary>The most pessimistic member: worst-case optimisation (Coste et al. 2023, arXiv:2310.02743).</summary>
    Minimum,

    /// <summary>Mean minus a multiple of the members' standard deviation.</summary>
    MeanMinusSd,

    /// <summary>Mean minus a multiple of the members' variance: uncertainty-weighted optimisation (Coste et al. 2023).</summary>
    MeanMinusVariance,

    /// <summary>One model with the mean of the members' weights (WARM, Ramé et al. 2024, arXiv:2401.12187).</summary>
    Weights,
}

/// <summary>The aggregations as functions.</summary>
public static class RewardAggregations
{
    /// <param name="rewards">one a member, all in comparable units</param>
    /// <param name="penalty">price of a unit of disagreement, where the aggregation has one</param>
    /// <returns>The one reward, and the members' standard deviation (population).</returns>
    public static (double Reward, double Spread) Of(this RewardAggregation aggregation, ReadOnlySpan<double> rewards, double penalty)
    {
        var (mean, variance) = Moments.Of(rewards);
        var sd = Math.Sqrt(variance);
        var reward = aggregation switch
        {
            RewardAggregation.Minimum => Least(rewards),
            RewardAggregation.MeanMinusSd => mean - penalty * sd,
            RewardAggregation.MeanMinusVariance => mean - penalty * variance,
            _ => mean,
        };
        return (reward, sd);
    }

    private static double Least(ReadOnlySpan<double> rewards)
    {
        var least = rewards[0];
        foreach (var reward in rewards)
        {
            least = Math.Min(least, reward);
        }

        return least;
    }
}
