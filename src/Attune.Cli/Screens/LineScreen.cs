using System.Diagnostics;
using System.Globalization;
using Attune.Core.Runs;
using Attune.Recipes.Running;
using Spectre.Console;

namespace Attune.Cli.Screens;

/// <summary>A run as lines: for logs, pipes, and runs that ask the user questions.</summary>
internal sealed class LineScreen(IAnsiConsole console) : IRunScreen
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);
    private readonly Stopwatch _sinceLine = Stopwatch.StartNew();
    private readonly Stopwatch _sinceTask = new();
    private string _task = "";
    private long _first;

    public void BeginStage(int index, int count, string name, string purpose) =>
        console.MarkupLineInterpolated($"[bold]{index}/{count} {name}[/]  {purpose}");

    public void Report(string task, long done, long total, string figures)
    {
        if (task != _task)
        {
            (_task, _first) = (task, done);
            _sinceTask.Restart();
            _sinceLine.Restart();
        }

        if (_sinceLine.Elapsed < Interval && done < total)
        {
            return;
        }

        _sinceLine.Restart();
        console.MarkupLineInterpolated($"    {task} {done}/{total}  {Rate(done, total)}  [grey]{figures}[/]");
    }

    public void EndStage(StageResult result) =>
        console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"    [green]done[/] in {result.Seconds:0.0} s");

    public void Note(string text) => console.MarkupLineInterpolated($"    [yellow]note[/] {text}");

    public void Warn(string text) => console.MarkupLineInterpolated($"    [white on red bold] WARNING [/] [red bold]{text}[/]");

    private string Rate(long done, long total)
    {
        var rate = (done - _first) / Math.Max(1e-3, _sinceTask.Elapsed.TotalSeconds);
        return rate <= 0 ? "" : $"{Clock.Rate(rate)}, {Clock.Digits(TimeSpan.FromSeconds(Math.Min(1e8, (total - done) / rate)))} left";
    }
}
