using Attune.Core.Statistics;

namespace Attune.Training.Rewards;

/// <summary>What rewards of reference answers are brought to.</summary>
public enum RewardNormalisation
{
    None,

    /// <summary>Mean 0.</summary>
    Mean,

    /// <summary>Mean 0, standard deviation 1.</summary>
    MeanAndSd,
}

/// <summary>
/// The unit of a reward: (raw - Shift) / Scale. A Bradley-Terry reward is known only up to a constant, so the raw rewards of two models
/// cannot be compared before each is brought to its own unit.
/// </summary>
/// <param name="Shift">Subtracted first.</param>
/// <param name="Scale">Divides then; positive.</param>
public readonly record struct RewardUnit(double Shift, double Scale)
{
    /// <summary>Leaves rewards as they are.</summary>
    public static RewardUnit Raw { get; } = new(0, 1);

    public double Of(double raw) => (raw - Shift) / Scale;

    /// <summary>This unit, then the other.</summary>
    public RewardUnit Then(RewardUnit outer) => new(Shift + Scale * outer.Shift, Scale * outer.Scale);

    /// <summary>The unit in which these rewards are normalised; equal rewards are only shifted.</summary>
    public static RewardUnit Fitted(ReadOnlySpan<double> rewards, RewardNormalisation normalisation)
    {
        if (normalisation == RewardNormalisation.None)
        {
            return Raw;
        }

        var (mean, variance) = Moments.Of(rewards);
        return new RewardUnit(mean, normalisation == RewardNormalisation.Mean || variance == 0 ? 1 : Math.Sqrt(variance));
    }
}
