using Attune.Core.Runs;
using Attune.Recipes.Running;
using Attune.Reports.Frontier;
using Attune.Reports.Html;

namespace Attune.Frontier;

/// <summary>Shows a cell's run as one line beside the board's own progress; a hundred cells would fill the screen with bars.</summary>
internal sealed class CellScreen(Action<string> show) : IRunScreen
{
    private readonly System.Diagnostics.Stopwatch _since = System.Diagnostics.Stopwatch.StartNew();

    public void BeginStage(int index, int count, string name, string purpose) => show(name);

    public void Report(string task, long done, long total, string figures)
    {
        if (_since.Elapsed.TotalSeconds >= 1)
        {
            _since.Restart();
            show(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{task} {done}/{total}"));
        }
    }

    public void EndStage(StageResult result) { }

    // A cell's own remarks stand in its report.
    public void Note(string text) { }
}

/// <summary>How long the cells that are left will take, by what their method's took so far.</summary>
internal sealed class CellClock
{
    private readonly Dictionary<string, (double Seconds, int Count)> _spent = [];

    public void Add(FrontierCell cell)
    {
        var (seconds, count) = _spent.GetValueOrDefault(cell.Method);
        _spent[cell.Method] = (seconds + cell.Seconds, count + 1);
    }

    /// <summary>"about 4 min 10 s left, "; nothing where no cell is finished yet.</summary>
    public string Left(IEnumerable<string> methods)
    {
        if (_spent.Count == 0)
        {
            return "";
        }

        var typical = _spent.Values.Sum(s => s.Seconds) / _spent.Values.Sum(s => s.Count);
        return $"about {Figure.Duration(methods.Sum(m => _spent.TryGetValue(m, out var own) ? own.Seconds / own.Count : typical))} left, ";
    }
}
