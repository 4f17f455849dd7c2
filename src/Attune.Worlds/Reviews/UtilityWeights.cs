namespace Attune.Worlds.Reviews;

/// <summary>
/// How much each component of <see cref="ReviewUtility"/> counts. The defaults give mean 0 and standard deviation 1, to a
/// few hundredths, over <see cref="ReviewPlan.Pretraining"/> reviews.
/// </summary>
public sealed record UtilityWeights
{
    public double Sentiment { get; init; } = 1.78;
    public double Aspects { get; init; } = 1;
    public double Film { get; init; } = 0.4;
    public double Length { get; init; } = 1.5;
    public double Repetition { get; init; } = 3;
    public double Language { get; init; } = 6;
    public double Unfinished { get; init; } = 1;

    /// <summary>Added to every utility, so that an average review of the grammar has 0.</summary>
    public double Baseline { get; init; } = -0.86;
}
