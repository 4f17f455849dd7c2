using Attune.Core.Runs;

namespace Attune.Training.Contracts;

/// <summary>Hears what happened, after it happened. Observers never change what is trained.</summary>
public interface ILoopObserver
{
    void OnUpdate(Progress progress, long plannedUpdates, Metrics metrics);
    void OnRound(Progress progress, Metrics metrics, IReadOnlyList<SampleEvent> samples);

    /// <summary>
    /// Called before a checkpoint is written; the number returned is stored in it, so that logs can be cut back to it on resume.
    /// </summary>
    long LastSequence { get; }
}
