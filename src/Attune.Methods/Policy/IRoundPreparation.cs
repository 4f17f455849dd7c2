using Attune.Core.Runs;

namespace Attune.Methods.Policy;

/// <summary>What has to happen before some rounds: asking people, and learning their answers.</summary>
public interface IRoundPreparation
{
    /// <summary>Called before each round, when the sampler has the policy's present weights.</summary>
    /// <returns>What it measured; empty where it did nothing.</returns>
    /// <exception cref="OperationCanceledException">Cancelled while it waited; called again for the same round when the run goes
    /// on.</exception>
    ValueTask<Metrics> PrepareAsync(Progress at, CancellationToken cancel);

    /// <summary>Numbers that a checkpoint must keep.</summary>
    IReadOnlyDictionary<string, double> State { get; }

    void Restore(IReadOnlyDictionary<string, double> state);
}
