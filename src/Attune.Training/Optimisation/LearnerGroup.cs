using Attune.Models.Weights;

namespace Attune.Training.Optimisation;

/// <summary>Learners with a learning rate, a gradient clip or a beginning of their own.</summary>
/// <param name="Name">Before the names of its metrics, as in <c>critic/learning_rate</c>; empty for the main group.</param>
/// <param name="Learners">Every learner is in one group.</param>
public sealed record LearnerGroup(string Name, IReadOnlyList<FlatParameters> Learners)
{
    /// <summary>Peak of its learning rate, which goes as the loop's schedule does; null for the loop's.</summary>
    public double? LearningRate { get; init; }

    /// <summary>
    /// Longest allowed gradient of this group by itself, 0 for no limit; null where the loop's limit holds for it together with all other
    /// groups that have none of their own.
    /// </summary>
    public double? MaxGradientNorm { get; init; }

    /// <summary>Updates of the loop before the group begins to learn. Its schedule and its bias correction begin then.</summary>
    public long Delay { get; init; }
}
