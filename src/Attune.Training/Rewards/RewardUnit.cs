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
/// The unit of a reward: (raw - Shift) / Scale, and before that, where length is to earn nothing, raw less
/// LengthSlope (length - MeanLength). A Bradley-Terry reward is known only up to a constant, so the raw rewards of two models
/// cannot be compared before each is brought to its own unit.
/// </summary>
/// <param name="Shift">Subtracted first.</param>
/// <param name="Scale">Divides then; positive.</param>
public readonly record struct RewardUnit(double Shift, double Scale)
{
    /// <summary>Leaves rewards as they are.</summary>
    public static RewardUnit Raw { get; } = new(0, 1);

    /// <summary>What a token more is worth in raw reward on average, and is taken away again; 0 for nothing.</summary>
    public double LengthSlope { get; init; }

    /// <summary>Of the reference answers, tokens.</summary>
    public double MeanLength { get; init; }

    /// <param name="raw">of an answer of the mean length</param>
    public double Of(double raw) => (raw - Shift) / Scale;

    /// <param name="length">of the answer, tokens</param>
    public double Of(double raw, int length) => Of(raw - LengthSlope * (length - MeanLength));

    /// <summary>This unit, then the other.</summary>
    public RewardUnit Then(RewardUnit outer) => this with { Shift = Shift + Scale * outer.Shift, Scale = Scale * outer.Scale };

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

    /// <summary>The same without what goes along with the length of the answers: the residuals of least squares are normalised.</summary>
    /// <param name="lengths">of the answers, tokens</param>
    public static RewardUnit FittedWithoutLength(double[] rewards, double[] lengths, RewardNormalisation normalisation)
    {
        var (meanLength, variance) = Moments.Of(lengths);
        var covariance = rewards.Zip(lengths, (reward, length) => reward * (length - meanLength)).Average();
        var slope = variance == 0 ? 0 : covariance / variance;
        double[] residuals = [.. rewards.Zip(lengths, (reward, length) => reward - slope * (length - meanLength))];
        return Fitted(residuals, normalisation) with { LengthSlope = slope, MeanLength = meanLength };
    }
}
