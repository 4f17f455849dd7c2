using System.Collections.Concurrent;
using System.Globalization;
using Attune.Core.Runs;
using Attune.Recipes.Running;
using Spectre.Console;
using Spectre.Console.Rendering;

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
            .Columns(new LineColumn(console, latest))
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
            bar = context.AddTask(_stage + task, maxValue: Math.Max(1, total));
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

    /// <summary>The whole line as one column: a grid of several would break its cells where the terminal is narrow.</summary>
    private sealed class LineColumn(IAnsiConsole console, ConcurrentDictionary<int, string> latest) : ProgressColumn
    {
        protected override bool NoWrap => true;

        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime)
        {
            var figures = latest.GetValueOrDefault(task.Id, "");
            var line = ProgressLine.Of(
                task.Description,
                task.Value,
                task.MaxValue,
                task.ElapsedTime,
                figures,
                Math.Max(20, console.Profile.Width - 1)
            );
            return new Paragraph()
                .Append(line.Before)
                .Append(line.Done, new Style(Color.Green))
                .Append(line.Open, new Style(Color.Grey))
                .Append(line.After)
                .Overflow(Overflow.Crop);
        }
    }
}
