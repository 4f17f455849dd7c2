using Attune.Core.Runs;
using Attune.Training.Contracts;

namespace Attune.Testing.Training;

/// <summary>Keeps what the loop tells, and may do something after each round.</summary>
public sealed class RecordingObserver : ILoopObserver
{
    public List<(Progress Progress, IReadOnlyDictionary<string, double> Metrics)> Updates { get; } = [];

    public List<(Progress Progress, IReadOnlyDictionary<string, double> Metrics)> Rounds { get; } = [];

    public Action<Progress>? AfterUpdate { get; init; }

    public Action<Progress>? AfterRound { get; init; }

    /// <summary>Hears how many updates are planned, after each.</summary>
    public Action<long>? AfterPlanned { get; init; }

    public long LastSequence => Updates.Count;

    public double[] Losses => [.. Updates.Select(u => u.Metrics["loss"])];

    public void OnUpdate(Progress progress, long plannedUpdates, Metrics metrics)
    {
        Updates.Add((progress, metrics.Means()));
        AfterUpdate?.Invoke(progress);
        AfterPlanned?.Invoke(plannedUpdates);
    }

    public void OnRound(Progress progress, Metrics metrics, IReadOnlyList<SampleEvent> samples)
    {
        Rounds.Add((progress, metrics.Means()));
        AfterRound?.Invoke(progress);
    }
}
