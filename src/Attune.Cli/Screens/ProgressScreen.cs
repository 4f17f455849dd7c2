using System.Collections.Concurrent;
using System.Globalization;
using Attune.Core.Runs;
using Attune.Recipes.Running;
using Spectre.Console;
using Spectre.Console.Rendering;
using Words = Spectre.Console.Text;

namespace Attune.Cli.Screens;

/// <summary>A run as live progress bars with rates and remaining time.</summary>
internal sealed class ProgressScreen(ProgressContext context, IAnsiConsole console, ConcurrentDictionary<int, string> latest) : IRunScreen
{
    private readonly Dictionary<string, ProgressTask> _tasks = [];
    private string _stage = "";

    /// <summary>Shows the work on the terminal: live bars for a person who watches, else a line now and then.</summary>
    /// <param name="alone">Whether the terminal is free: questions and live bars cannot share it.</param>
    public static Task<T> WatchAsync<T>(Func<IRunScreen, Task<T>> work, bool alone = true) =>
        !alone || Terminal.IsErrorRedirected || !Terminal.Messages.Profile.Capabilities.Interactive
            ? work(new LineScreen(Terminal.Messages))
            : ShowAsync(Terminal.Messages, work);

    /// <summary>Shows bars while the work runs.</summary>
    public static Task<T> ShowAsync<T>(IAnsiConsole console, Func<IRunScreen, Task<T>> work)
    {
        var latest = new ConcurrentDictionary<int, string>();
        return console
            .Progress()
            .AutoClear(false)
            .Columns(
                new TaskDescriptionColumn { Alignment = Justify.Left },
                new ProgressBarColumn { Width = 24 },
                new CountColumn(),
                new RateColumn(),
                new ElapsedTimeColumn(),
                new RemainingTimeColumn(),
                new FiguresColumn(latest)
            )
            .StartAsync(context => work(new ProgressScreen(context, console, latest)));
    }

    public void BeginStage(int index, int count, string name, string purpose)
    {
        _stage = string.Create(CultureInfo.InvariantCulture, $"{index}/{count} ");
        console.MarkupLineInterpolated($"[bold]{_stage}{name}[/]  [grey]{purpose}[/]");
    }

    public void Report(string task, long done, long total, string figures)
    {
        if (!_tasks.TryGetValue(_stage + task, out var bar))
        {
            bar = context.AddTask(Markup.Escape(_stage + task), maxValue: Math.Max(1, total));
            _tasks[_stage + task] = bar;
        }

        bar.MaxValue = Math.Max(1, total);
        bar.Value = done;
        latest[bar.Id] = figures;
        if (done >= total)
        {
            bar.StopTask();
        }
    }

    public void EndStage(StageResult result)
    {
        foreach (var bar in _tasks.Values.Where(b => !b.IsFinished))
        {
            bar.StopTask(); // stopped early: the bar keeps its length
        }
    }

    public void Note(string text) => console.MarkupLineInterpolated($"  [yellow]note[/] {text}");

    public void Warn(string text) => console.MarkupLineInterpolated($"  [white on red bold] WARNING [/] [red bold]{text}[/]");

    private sealed class CountColumn : ProgressColumn
    {
        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime) =>
            new Words(string.Create(CultureInfo.InvariantCulture, $"{task.Value:0}/{task.MaxValue:0}")).RightJustified();
    }

    private sealed class RateColumn : ProgressColumn
    {
        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime)
        {
            var rate = task.ElapsedTime is { TotalSeconds: > 0.5 } elapsed ? task.Value / elapsed.TotalSeconds : 0;
            return new Words(
                rate > 0 ? string.Create(CultureInfo.InvariantCulture, $"{rate:0.0}/s") : "",
                new Style(Color.Grey)
            ).RightJustified();
        }
    }

    private sealed class FiguresColumn(ConcurrentDictionary<int, string> latest) : ProgressColumn
    {
        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime) =>
            new Words(latest.GetValueOrDefault(task.Id, ""), new Style(Color.Grey));
    }
}
