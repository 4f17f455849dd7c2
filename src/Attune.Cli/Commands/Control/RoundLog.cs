using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Attune.Core.Runs;
using Attune.Recipes.Running;
using Attune.Reports.Control;
using Attune.Training.Contracts;

namespace Attune.Cli.Commands.Control;

/// <summary>
/// Writes a line a round (<c>rounds.jsonl</c>) and moves the bar. A run that goes on from a checkpoint drops the lines of rounds that it
/// plays again.
/// </summary>
internal sealed class RoundLog(string folder, IRunScreen screen, long totalSteps) : ILoopObserver
{
    public const string FileName = "rounds.jsonl";

    private readonly string _file = Path.Combine(folder, FileName);
    private List<(long Round, string Text)>? _lines;

    private sealed record Line(long Round, long Steps, IReadOnlyDictionary<string, double> Metrics);

    public long LastSequence => 0;

    public long Steps { get; private set; }

    public void OnUpdate(Progress progress, long plannedUpdates, Metrics metrics) { }

    public void OnRound(Progress progress, Metrics metrics, IReadOnlyList<SampleEvent> samples)
    {
        Steps = progress.Items;
        var text = JsonSerializer.Serialize(new Line(progress.Round, progress.Items, Finite(metrics)));
        if (_lines is null)
        {
            _lines = [.. Read().Where(l => l.Round < progress.Round)];
            File.WriteAllLines(_file, _lines.Select(l => l.Text));
        }

        _lines.Add((progress.Round, text));
        File.AppendAllText(_file, text + "\n");
        screen.Report("steps", progress.Items, totalSteps, Figures(metrics));
    }

    public ImmutableArray<ControlPoint> Curve() =>
        [
            .. Read()
                .Select(l => JsonSerializer.Deserialize<Line>(l.Text)!)
                .Select(l => new ControlPoint(
                    l.Steps,
                    Of(l, "episode/return"),
                    Of(l, "labels/taken"),
                    Of(l, "reward/correlation"),
                    Of(l, "reward/loss"),
                    Of(l, "reward/held_out_loss")
                )),
        ];

    private static double? Of(Line line, string name) => line.Metrics.TryGetValue(name, out var value) ? value : null;

    private static Dictionary<string, double> Finite(Metrics metrics) =>
        metrics.Means().Where(m => double.IsFinite(m.Value)).ToDictionary(m => m.Key, m => m.Value);

    private static string Figures(Metrics metrics) =>
        string.Join(
            "  ",
            new (string Name, string Metric, string Format)[]
            {
                ("return", "episode/return", "0.0"),
                ("labels", "labels/taken", "0"),
                ("correlation", "reward/correlation", "0.00"),
            }
                .Where(f => metrics.Contains(f.Metric))
                .Select(f => $"{f.Name} {metrics[f.Metric].ToString(f.Format, CultureInfo.InvariantCulture)}")
        );

    /// <summary>A last line that a kill cut short is left out.</summary>
    private IEnumerable<(long Round, string Text)> Read()
    {
        foreach (var text in File.Exists(_file) ? File.ReadAllLines(_file) : [])
        {
            Line? line = null;
            try
            {
                line = JsonSerializer.Deserialize<Line>(text);
            }
            catch (JsonException) { }

            if (line is not null)
            {
                yield return (line.Round, text);
            }
        }
    }
}
