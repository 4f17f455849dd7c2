using Attune.Core.Runs;
using Attune.Models.Weights;

namespace Attune.Control.Policy;

/// <summary>What one environment showed, took and paid at each step of a round.</summary>
/// <param name="Observations">[step], as the environment gives them</param>
/// <param name="Actions">[step], as the environment took them</param>
/// <param name="Rewards">[step], the environment's own</param>
/// <param name="Ended">[step]: an episode ended with it</param>
public sealed record PlayedSteps(
    IReadOnlyList<float[]> Observations,
    IReadOnlyList<float[]> Actions,
    IReadOnlyList<double> Rewards,
    IReadOnlyList<bool> Ended
);

/// <summary>Rewards in the place of the environment's. They may be learned from the very round that they are for.</summary>
public interface IRoundRewards
{
    /// <summary>The round's rewards. Nothing that a checkpoint keeps changes before the last wait for a person.</summary>
    /// <param name="played">[environment]</param>
    /// <returns>[environment][step]</returns>
    ValueTask<double[][]> PayAsync(IReadOnlyList<PlayedSteps> played, Progress at, Metrics measured, CancellationToken cancel);

    /// <summary>Weights that a checkpoint keeps.</summary>
    IReadOnlyList<FlatParameters> Followers { get; }

    /// <summary>Numbers that a checkpoint keeps.</summary>
    IReadOnlyDictionary<string, double> State { get; }

    void Restore(IReadOnlyDictionary<string, double> state);
}
