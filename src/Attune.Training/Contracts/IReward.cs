using Attune.Core.Rollouts;

namespace Attune.Training.Contracts;

/// <summary>Judges answers. A learned model, a rule, a hidden utility and a sum of them are all rewards.</summary>
public interface IReward
{
    /// <summary>For logs and reports.</summary>
    string Name { get; }

    /// <summary>One score a rollout, in their order; scores do not depend on the company in the batch.</summary>
    ValueTask<IReadOnlyList<Score>> ScoreAsync(IReadOnlyList<Rollout> rollouts, CancellationToken cancel);

    /// <summary>What a person should know of how it read the answers so far, such as how many were cut; each one sentence.</summary>
    IEnumerable<string> Notes => [];
}
