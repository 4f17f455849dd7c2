using System.Collections.Immutable;
using Attune.Core.Runs;
using Attune.Reports.Tracking;

namespace Attune.Recipes.Running;

/// <summary>A form in which a run's figures are written besides <c>events.jsonl</c>.</summary>
public enum Tracking
{
    /// <summary>Event files for TensorBoard and what reads them (trackio, for one), written as the run goes.</summary>
    Tensorboard,

    /// <summary>A table, written at the end of each stage, and when a run stops.</summary>
    Csv,

    /// <summary>A database as trackio keeps it, written at the end of each stage, and when a run stops.</summary>
    Trackio,
}

/// <summary>Writes a run's figures in other tools' forms, those of a stage into its folder: a folder is one run to these tools.</summary>
internal sealed class RunTracking(ImmutableArray<Tracking> forms, string name, string runFolder, Func<string, string> folderOf)
    : IRunTracker,
        IDisposable
{
    private readonly Dictionary<string, TensorBoardFile> _files = [];

    public void Track(RunEvent entry, DateTimeOffset time)
    {
        if (!forms.Contains(Tracking.Tensorboard) || entry.Metrics.Count == 0)
        {
            return;
        }

        if (!_files.TryGetValue(entry.Stage, out var file))
        {
            _files[entry.Stage] = file = TensorBoardFile.Begin(folderOf(entry.Stage), time);
        }

        file.Add(entry, time);
    }

    /// <summary>Writes the tables anew from what is logged.</summary>
    public void WriteTables()
    {
        if (!forms.Contains(Tracking.Csv) && !forms.Contains(Tracking.Trackio))
        {
            return;
        }

        var events = new RunFolder(runFolder).ReadEvents().Entries;
        foreach (var stage in forms.Contains(Tracking.Csv) ? events.GroupBy(e => e.Stage) : [])
        {
            MetricsCsv.Write(folderOf(stage.Key), [.. stage]);
        }

        if (forms.Contains(Tracking.Trackio))
        {
            TrackioFile.Write(Path.Combine(runFolder, "trackio"), name, events);
        }
    }

    public void Dispose()
    {
        foreach (var file in _files.Values)
        {
            file.Dispose();
        }
    }
}
