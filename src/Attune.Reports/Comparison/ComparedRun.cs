using System.Collections.Immutable;
using Attune.Core;
using Attune.Core.Runs;
using Attune.Reports.Plotting;
using Attune.Reports.Runs;

namespace Attune.Reports.Comparison;

/// <summary>A run among others, with a name that no other has and a colour that is its own in every figure.</summary>
public sealed record ComparedRun(string Label, Hue Hue, RunRecord Run)
{
    private const int Hues = 8;

    /// <summary>Reads runs to compare: called by their folders, by as much of the paths as tells them apart.</summary>
    /// <exception cref="AttuneException">A folder is none, is damaged, or holds no run.</exception>
    public static ImmutableArray<ComparedRun> Read(IReadOnlyList<string> folders)
    {
        string[] names = [.. folders.Select(f => Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(f))))];
        var isClear = names.Distinct().Count() == names.Length;
        return [.. folders.Select((folder, i) => new ComparedRun(isClear ? names[i] : folder, (Hue)(i % Hues), ReadRun(folder)))];
    }

    /// <summary>What it logged of a stage; of its only stage where the name is null.</summary>
    internal IEnumerable<RunEvent> EventsOf(string? stage) => stage is null ? Run.Events : Run.EventsOf(stage);

    private static RunRecord ReadRun(string folder)
    {
        var run = RunRecord.Read(folder);
        return run.Events.IsEmpty && run.Result is null
            ? throw new AttuneException($"{folder} holds no run: expected events.jsonl or result.json. Give a run's folder.")
            : run;
    }
}
