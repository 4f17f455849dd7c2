using System.Diagnostics;
using Attune.Core.Runs;
using Attune.Training;
using Attune.Training.Contracts;

namespace Attune.Recipes.Running;

/// <summary>A stage's training in a dry run: each is ended after a few rounds, and what follows it is given little time.</summary>
/// <param name="before">Time until the first training begins; null for as long as it takes.</param>
/// <param name="after">Time from the end of one training to the next, or to the end of the stage.</param>
internal sealed class Trial(TimeSpan? before, TimeSpan after, CancellationToken cancel) : IDisposable
{
    /// <summary>Rounds that are tried; the first warms up and does not count.</summary>
    private const int Rounds = 3;

    private readonly CancellationTokenSource _patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
    private readonly Stopwatch _training = new();

    /// <summary>Pieces of work of one kind that are done; the rest is estimated from them.</summary>
    private const int Pieces = 256;

    /// <summary>What was tried so far.</summary>
    public List<DryRunTraining> Trainings { get; } = [];

    /// <summary>Spent on training so far.</summary>
    public double SecondsTraining => _training.Elapsed.TotalSeconds;

    /// <summary>That work would take besides of which only a part was done.</summary>
    public double SecondsLeftOut { get; private set; }

    /// <summary>Ends the stage where it takes too long.</summary>
    public CancellationToken Begin()
    {
        Wait(before);
        return _patience.Token;
    }

    /// <summary>Tries a few rounds. A training inside another's round (a reward model, trained again) is part of that.</summary>
    public async Task<Progress> TryAsync<T>(TrainingLoop<T> loop, Progress start, long rows)
    {
        var inside = _training.IsRunning;
        Wait(null);
        _training.Start();
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var observer = new Stop(enough);
        var (progress, _) = await loop.RunAsync(start, observer, enough.Token);
        cancel.ThrowIfCancellationRequested();
        if (!inside)
        {
            _training.Stop();
            var tokens = observer.Tokens / Math.Max(1, progress.Updates);
            Trainings.Add(new(rows, observer.Planned, observer.Items, observer.SecondsPerUpdate, tokens));
            Wait(after);
        }

        return progress;
    }

    /// <summary>
    /// Does a part of the work, and repeats what came of it in place of the rest: later stages find as many rows as they would.
    /// </summary>
    /// <param name="count">Pieces in all.</param>
    /// <param name="work">Does so many of them.</param>
    public async Task<List<T>> InPartAsync<T>(int count, Func<int, Task<List<T>>> work)
    {
        var clock = Stopwatch.StartNew();
        var part = await work(Math.Min(count, Pieces));
        SecondsLeftOut += clock.Elapsed.TotalSeconds * (count - part.Count) / Math.Max(1, part.Count);
        return [.. Enumerable.Range(0, count).Select(i => part[i % part.Count])];
    }

    public void Dispose() => _patience.Dispose();

    private void Wait(TimeSpan? time) => _patience.CancelAfter(time ?? Timeout.InfiniteTimeSpan);

    /// <summary>Ends the loop after a few rounds, and keeps their times.</summary>
    private sealed class Stop(CancellationTokenSource enough) : ILoopObserver
    {
        private readonly Stopwatch _clock = Stopwatch.StartNew();
        private readonly List<(double Seconds, long Updates)> _rounds = [];
        private long _items;

        public long Planned { get; private set; }

        public double Tokens { get; private set; }

        /// <summary>Of the largest round: the last of an epoch is smaller.</summary>
        public long Items { get; private set; }

        public long LastSequence => 0;

        public double SecondsPerUpdate
        {
            get
            {
                var counted = _rounds.Count > 1 ? _rounds[1..] : _rounds;
                return counted.Sum(r => r.Seconds) / Math.Max(1, counted.Sum(r => r.Updates));
            }
        }

        public void OnUpdate(Progress progress, long plannedUpdates, Metrics metrics) => Planned = plannedUpdates;

        public void OnRound(Progress progress, Metrics metrics, IReadOnlyList<SampleEvent> samples)
        {
            Items = Math.Max(Items, progress.Items - _items);
            _items = progress.Items;
            var evaluating = metrics.Contains("time/evaluation") ? metrics["time/evaluation"] : 0;
            _rounds.Add((_clock.Elapsed.TotalSeconds - evaluating, progress.Updates - _rounds.Sum(r => r.Updates)));
            if (metrics.Contains("time/tokens_per_second"))
            {
                Tokens += metrics["time/tokens_per_second"] * metrics["time/update"];
            }

            _clock.Restart();
            if (_rounds.Count == Rounds)
            {
                enough.Cancel();
            }
        }
    }
}
