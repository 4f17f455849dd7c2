using Attune.Core.Runs;
using Attune.Data.Order;
using Attune.Training.Contracts;

namespace Attune.Training.Experience;

/// <summary>
/// Rounds of one update each from a fixed dataset, shuffled again for each epoch. Order is a pure function of seed and progress.
/// </summary>
public sealed class DatasetExperience<T>(IReadOnlyList<T> items, int batchSize, double epochs) : IExperience<T>
{
    private readonly long _perEpoch = Math.Max(1, (items.Count + batchSize - 1) / batchSize);
    private long _shuffledEpoch = -1;
    private int[] _order = [];
    private long _planned;

    /// <summary>Taken every <see cref="EvaluateEvery"/> updates, before the update; the stage itself measures at the end.</summary>
    public Func<Metrics>? Evaluate { get; init; }

    /// <summary>0 for never.</summary>
    public int EvaluateEvery { get; init; }

    /// <summary>Varies an item each time it is learned, by the seed of that occasion; null to take items as they are.</summary>
    public Func<T, Seed, T>? Vary { get; init; }

    /// <summary>Whether each epoch has an order of its own; otherwise all have the items'.</summary>
    public bool Shuffled { get; init; } = true;

    public long PlannedUpdates => _planned > 0 ? _planned : Math.Max(1, (long)Math.Ceiling(_perEpoch * epochs));

    public Func<Progress, CancellationToken, ValueTask<Metrics>>? Evaluation =>
        EvaluateEvery > 0 && Evaluate is { } evaluate ? (_, _) => ValueTask.FromResult(evaluate()) : null;

    public long Rows => items.Count;

    public void PlanFor(long updates) => _planned = updates;

    public ValueTask<Round<T>?> NextAsync(Progress at, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        if (at.Updates >= PlannedUpdates || items.Count == 0)
        {
            return ValueTask.FromResult<Round<T>?>(null);
        }

        var epoch = at.Updates / _perEpoch;
        if (epoch != _shuffledEpoch)
        {
            _order = Shuffled ? [.. Shuffle.Order(at.Seed, epoch, items.Count)] : [.. Enumerable.Range(0, items.Count)];
            _shuffledEpoch = epoch;
        }

        // The last update of an epoch takes what is left, so that every item is seen once an epoch.
        var start = (int)(at.Updates % _perEpoch) * batchSize;
        IReadOnlyList<T> update =
        [
            .. _order[start..Math.Min(start + batchSize, items.Count)].Select((item, place) => Varied(items[item], at, place)),
        ];
        var measured = EvaluateEvery > 0 && at.Updates % EvaluateEvery == 0 && Evaluate is not null ? Evaluate() : new Metrics();
        measured.Set("epoch", (double)(at.Updates + 1) / _perEpoch);
        return ValueTask.FromResult<Round<T>?>(new Round<T>([update], measured, update.Count, []));
    }

    private T Varied(T item, Progress at, int place) => Vary is null ? item : Vary(item, at.Seed.For("vary", at.Updates, place));
}
