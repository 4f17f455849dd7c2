using System.Diagnostics;
using Attune.Core.Runs;
using Attune.Training;
using Attune.Training.Contracts;

namespace Attune.Recipes.Running;

/// <summary>
/// The end of a dry run: a stage was made ready as for training, learned a few rounds, and says what the rest would take. Thrown, since
/// nothing that comes after training has anything to work on.
/// </summary>
/// <param name="Stage">Its name.</param>
/// <param name="Rows">Rows to learn from; 0 where answers are sampled.</param>
/// <param name="Updates">Updates that are planned.</param>
/// <param name="ItemsPerRound">Items, or answers, that a round draws: one update where data are fixed.</param>
/// <param name="SecondsPerUpdate">Sampling included, evaluations not.</param>
/// <param name="TokensPerUpdate">Tokens that are learned from.</param>
/// <param name="PeakGiB">Most memory of the process so far.</param>
public sealed record DryRunEstimate(
    string Stage,
    long Rows,
    long Updates,
    long ItemsPerRound,
    double SecondsPerUpdate,
    double TokensPerUpdate,
    double PeakGiB
);

/// <inheritdoc cref="DryRunEstimate"/>
public sealed class DryRunEndedException(DryRunEstimate estimate) : Exception("a dry run has ended")
{
    /// <summary>Rounds that are tried; the first warms up and does not count.</summary>
    private const int Rounds = 3;

    public DryRunEstimate Estimate { get; } = estimate;

    internal static async Task<DryRunEndedException> TryAsync<T>(
        TrainingLoop<T> loop,
        Progress start,
        string stage,
        long rows,
        CancellationToken cancel
    )
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var observer = new Stop(enough);
        var (progress, _) = await loop.RunAsync(start, observer, enough.Token);
        cancel.ThrowIfCancellationRequested();
        var updates = Math.Max(1, progress.Updates);
        using var process = Process.GetCurrentProcess();
        return new DryRunEndedException(
            new DryRunEstimate(
                stage,
                rows,
                observer.Planned,
                observer.Items,
                observer.SecondsPerUpdate,
                observer.Tokens / updates,
                process.PeakWorkingSet64 / (double)(1 << 30)
            )
        );
    }

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
