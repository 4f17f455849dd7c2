using System.Globalization;
using Attune.Core;
using Attune.Core.Runs;
using Attune.Training.Contracts;

namespace Attune.Recipes.Running;

/// <summary>Writes what the loop tells to the event log, shows it, and warns where training diverges.</summary>
internal sealed class LoopLog(string stage, string task, EventLog log, IRunScreen screen) : ILoopObserver
{
    private readonly DivergenceWatch _watch = new();

    /// <summary>Whether training that has diverged ends.</summary>
    public bool StopsOnDivergence { get; init; }

    private static readonly (string Metric, string Label)[] Shown =
    [
        ("objective/scores", "reward"),
        ("objective/kl", "KL"),
        ("accuracy", "accuracy"),
        ("rewards/accuracies", "accuracy"),
        ("rewards/margins", "margin"),
        ("logps/chosen", "log p chosen"),
        ("loss", "loss"),
        ("eval_perplexity", "perplexity"),
    ];

    private readonly Dictionary<string, double> _latest = [];

    public long LastSequence
    {
        get
        {
            log.FlushToDisk();
            return log.NextSequence - 1;
        }
    }

    public void OnUpdate(Progress progress, long plannedUpdates, Metrics metrics)
    {
        Append("update", progress, metrics);
        Remember(metrics);
        screen.Report(task, progress.Updates, plannedUpdates, Figures());
    }

    public void OnRound(Progress progress, Metrics metrics, IReadOnlyList<SampleEvent> samples)
    {
        if (metrics.Means().Count > 0)
        {
            Append("round", progress, metrics);
            Remember(metrics);
        }

        foreach (var sample in samples)
        {
            // An experience knows its algorithm, not which of two such stages it runs in.
            log.Append(sample with { Stage = stage });
        }
    }

    private void Append(string kind, Progress progress, Metrics metrics)
    {
        var entry = new RunEvent(log.NextSequence, stage, kind, progress.Round, progress.Updates, progress.Items, metrics.Means());
        log.Append(entry);
        if (_watch.Observe(entry) is not { } problem)
        {
            return;
        }

        if (StopsOnDivergence)
        {
            throw new AttuneException(
                $"{stage}: training has diverged: {problem}. It stops, as stop_on_divergence says. Lower learning_rate or set "
                    + "max_grad_norm; the weights of the last checkpoint are intact."
            );
        }

        screen.Warn($"{stage}: training has diverged: {problem}. Lower learning_rate, or stop here with --stop-on-divergence true.");
    }

    /// <summary>What was logged before a run was stopped: its figures began there.</summary>
    public void GoOn(IEnumerable<RunEvent> earlier)
    {
        foreach (var entry in earlier)
        {
            _watch.Observe(entry);
        }
    }

    private void Remember(Metrics metrics)
    {
        foreach (var (name, value) in metrics.Means())
        {
            _latest[name] = value;
        }
    }

    private string Figures() =>
        string.Join(
            "  ",
            Shown
                .Where(s => _latest.ContainsKey(s.Metric))
                .Take(3)
                .Select(s => string.Create(CultureInfo.InvariantCulture, $"{s.Label} {_latest[s.Metric]:0.000}"))
        );
}
