namespace Attune.Training.Rewards;

/// <summary>What is known of a reward's surroundings before anything runs.</summary>
/// <param name="Stage">Whose reward it is, for messages.</param>
/// <param name="HasTrainedModel">Whether there will be a reward model of an earlier stage.</param>
public sealed record RewardPlan(string Stage, bool HasTrainedModel)
{
    /// <summary>Whether there will be span models of an earlier stage.</summary>
    public bool HasSpanModels { get; init; }
}
