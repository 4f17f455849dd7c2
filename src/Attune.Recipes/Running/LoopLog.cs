using System.Globalization;
using Attune.Core.Runs;
using Attune.Training.Contracts;

namespace Attune.Recipes.Running;

/// <summary>Writes what the loop tells to the event log, and shows it.</summary>
internal sealed class LoopLog(string stage, string task, EventLog log, IRunScreen screen) : ILoopObserver
{
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

    private void Append(string kind, Progress progress, Metrics metrics) =>
        log.Append(new RunEvent(log.NextSequence, stage, kind, progress.Round, progress.Updates, progress.Items, metrics.Means()));

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
