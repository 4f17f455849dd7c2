using Attune.Core.Runs;
using Attune.Models.Weights;

namespace Attune.Training.Contracts;

/// <summary>Where the next items to learn from come from: a dataset, or fresh rollouts.</summary>
public interface IExperience<T>
{
    /// <summary>Optimiser steps from beginning to end if nothing stops early: the schedule's and the progress bar's length.</summary>
    long PlannedUpdates { get; }

    /// <summary>Plans for so many updates in place of its own, where it can: rows can be repeated, prompts need rounds.</summary>
    void PlanFor(long updates) { }

    /// <summary>Rows that it learns from again and again; 0 where each round draws its own.</summary>
    long Rows => 0;

    /// <summary>
    /// Measures held-out data, by the weights after so many updates, as rounds do that begin with an evaluation; null where nothing is
    /// measured by which weights could be chosen.
    /// </summary>
    Func<Progress, CancellationToken, ValueTask<Metrics>>? Evaluation => null;

    /// <summary>
    /// The next round, a pure function of <paramref name="at"/>, the weights and <see cref="State"/>; null when done.
    /// </summary>
    ValueTask<Round<T>?> NextAsync(Progress at, CancellationToken cancel);

    /// <summary>Numbers that a checkpoint must keep beside weights and progress (a KL controller's coefficient, say).</summary>
    IReadOnlyDictionary<string, double> State => new Dictionary<string, double>();

    void Restore(IReadOnlyDictionary<string, double> state) { }

    /// <summary>Called after each update, with the weights that it left.</summary>
    /// <param name="at">The update included.</param>
    void Updated(Progress at) { }

    /// <summary>Weights that move without being trained (a reference that follows the policy): a checkpoint keeps them too.</summary>
    IReadOnlyList<FlatParameters> Followers => [];

    /// <summary>Why the experience ended before its planned updates; null where it did not.</summary>
    string? StoppedBecause => null;
}

/// <summary>Everything learned before new data must be drawn, one optimiser step an update. Plain data, no tensors.</summary>
/// <param name="Updates">Items of each update.</param>
/// <param name="Measured">What drawing the round measured (rewards, KL, lengths); empty for a dataset.</param>
/// <param name="Items">How many items the round drew.</param>
/// <param name="Samples">Answers to the run's fixed prompts, where this round began with an evaluation.</param>
public sealed record Round<T>(IReadOnlyList<IReadOnlyList<T>> Updates, Metrics Measured, long Items, IReadOnlyList<SampleEvent> Samples)
{
    public Round(IReadOnlyList<IReadOnlyList<T>> updates, long items)
        : this(updates, new Metrics(), items, []) { }

    /// <summary>Whether the rest is left out after so many updates, the last of which measured this; null to learn all.</summary>
    public Func<int, Metrics, bool>? EndsAfter { get; init; }
}
