using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Attune.Core.Runs;
using Attune.Recipes.Running;
using Attune.Reports.Control;
using Attune.Reports.Tracking;
using Attune.Training.Contracts;

namespace Attune.Cli.Commands.Control;

/// <summary>
/// Writes a line a round (<c>rounds.jsonl</c>) and moves the bar. A run that goes on from a checkpoint drops the lines of rounds that it
/// plays again.
/// </summary>
/// <param name="forms">In which the figures are written besides, for other tools: steps of the environments count there.</param>
internal sealed class RoundLog(string folder, IRunScreen screen, long totalSteps, ImmutableArray<Tracking> forms)
    : ILoopObserver,
        IDisposable
{
    public const string FileName = "rounds.jsonl";

    private readonly string _file = Path.Combine(folder, FileName);
    private List<(long Round, string Text)>? _lines;
    private TensorBoardFile? _board;

    /// <param name="Time">Null in logs of older versions.</param>
    private sealed record Line(
        long Round,
        long Steps,
        IReadOnlyDictionary<string, double> Metrics,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DateTimeOffset? Time = null
    );

    public long LastSequence => 0;

    public long Steps { get; private set; }

    public void OnUpdate(Progress progress, long plannedUpdates, Metrics metrics) { }

    public void OnRound(Progress progress, Metrics metrics, IReadOnlyList<SampleEvent> samples)
    {
        Steps = progress.Items;
        var line = new Line(progress.Round, progress.Items, Finite(metrics), TimeProvider.System.GetUtcNow());
        var text = JsonSerializer.Serialize(line);
        if (_lines is null)
        {
            _lines = [.. Read().Where(l => l.Round < progress.Round)];
            File.WriteAllLines(_file, _lines.Select(l => l.Text));
        }

        _lines.Add((progress.Round, text));
        File.AppendAllText(_file, text + "\n");
        if (forms.Contains(Tracking.Tensorboard))
        {
            _board ??= TensorBoardFile.Begin(folder, line.Time!.Value);
            _board.Add(Event(line), line.Time!.Value);
        }

        screen.Report("steps", progress.Items, totalSteps, Figures(metrics));
    }

    /// <summary>Writes the tables of other tools from what is logged, and ends their files.</summary>
    public void Dispose()
    {
        _board?.Dispose();
        RunEvent[] events = [.. Read().Select(l => Event(JsonSerializer.Deserialize<Line>(l.Text)!))];
        if (forms.Contains(Tracking.Csv))
        {
            MetricsCsv.Write(folder, events);
        }

        if (forms.Contains(Tracking.Trackio))
        {
            TrackioFile.Write(Path.Combine(folder, "trackio"), "control", events);
        }
    }

    private RunEvent Event(Line line) =>
        new(line.Round, Path.GetFileName(folder), "round", line.Round, line.Steps, line.Steps, line.Metrics) { Time = line.Time };

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
