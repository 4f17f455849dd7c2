using System.Text.Json.Serialization.Metadata;
using Attune.Core.Files;

namespace Attune.Core.Runs;

/// <summary>
/// Appends events and samples to a run folder, one whole line at a time, so that a run killed at any moment can be read
/// and resumed. One writer a folder; any number of readers.
/// </summary>
public sealed class EventLog : IDisposable
{
    private readonly RunFolder _folder;
    private FileStream _events;
    private FileStream _samples;

    // A round replayed after a resume draws the same samples again: each is written once.
    private HashSet<(string Stage, long Updates, int PromptIndex)> _written;

    private readonly TimeProvider? _clock;
    private bool _isFirst = true;

    private EventLog(RunFolder folder, long next, TimeProvider? clock)
    {
        (_folder, _clock) = (folder, clock);
        NextSequence = next;
        _events = OpenToAppend(folder.EventsFile);
        _samples = OpenToAppend(folder.SamplesFile);
        _written = Written(folder);
    }

    /// <summary>The sequence number that the next event must carry; 1 in an empty folder.</summary>
    public long NextSequence { get; private set; }

    /// <summary>Hears what is appended; null for nobody.</summary>
    public IRunTracker? Tracker { get; init; }

    /// <summary>
    /// Opens the logs of <paramref name="runFolder"/>, and makes the folder where it is missing. Half-written last lines are removed.
    /// </summary>
    /// <param name="clock">Stamps events that carry no time; null stamps none.</param>
    public static EventLog Open(string runFolder, TimeProvider? clock = null, IRunTracker? tracker = null)
    {
        Directory.CreateDirectory(runFolder);
        var folder = new RunFolder(runFolder);
        var events = folder.ReadEvents().Entries;
        Keep(folder.EventsFile, RunJson.Lines.RunEvent, _ => true);
        Keep(folder.SamplesFile, RunJson.Lines.SampleEvent, _ => true);
        return new EventLog(folder, events.Length + 1, clock) { Tracker = tracker };
    }

    /// <summary>Appends one event and hands it to the operating system: it survives the process.</summary>
    /// <exception cref="ArgumentException">The event is not numbered <see cref="NextSequence"/>.</exception>
    /// <exception cref="AttuneException">The disk is full or the file cannot be written; no part of the line is left behind.</exception>
    public void Append(RunEvent entry)
    {
        if (entry.Sequence != NextSequence)
        {
            throw new ArgumentException($"event has sequence {entry.Sequence}; expected {NextSequence}.", nameof(entry));
        }

        var stamped = Stamped(entry);
        AppendLine(_events, RunLog.ToLine(stamped, RunJson.Lines.RunEvent));
        NextSequence++;
        Tracker?.Track(stamped, stamped.Time ?? TimeProvider.System.GetUtcNow());
    }

    /// <summary>
    /// Appends one sample, unless this prompt's answer at these updates is there already. Samples that a checkpoint should cover are
    /// appended before it is written.
    /// </summary>
    /// <exception cref="AttuneException">The disk is full or the file cannot be written; no part of the line is left behind.</exception>
    public void Append(SampleEvent entry)
    {
        if (_written.Add((entry.Stage, entry.Updates, entry.PromptIndex)))
        {
            AppendLine(_samples, RunLog.ToLine(entry, RunJson.Lines.SampleEvent));
        }
    }

    /// <summary>What was logged of a stage so far.</summary>
    public IEnumerable<RunEvent> EventsOf(string stage) => _folder.ReadEvents().Entries.Where(e => e.Stage == stage);

    private RunEvent Stamped(RunEvent entry)
    {
        if (_clock is null)
        {
            return entry;
        }

        var commit = _isFirst ? RunningProgram.Commit : null;
        _isFirst = false;
        return entry with { Time = entry.Time ?? _clock.GetUtcNow(), Commit = entry.Commit ?? commit };
    }

    /// <summary>Forces both logs to the disk itself, to survive a power cut. Call before a checkpoint is written.</summary>
    public void FlushToDisk()
    {
        _events.Flush(flushToDisk: true);
        _samples.Flush(flushToDisk: true);
    }

    /// <summary>
    /// Drops what came after event <paramref name="sequence"/>: later events, and samples of stages or updates that no kept event has
    /// reached. Each file changes in one step; a call cut short is completed by calling again.
    /// </summary>
    /// <exception cref="AttuneException">The log ends before <paramref name="sequence"/>.</exception>
    public void TruncateAfter(long sequence)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sequence);
        var events = _folder.ReadEvents().Entries;
        if (events.Length < sequence)
        {
            throw new AttuneException(
                $"{_folder.EventsFile} ends at event {events.Length}, but the checkpoint was taken after event {sequence}: "
                    + "lines were lost. Resume from an older checkpoint or start again in an empty folder."
            );
        }

        var reached = events
            .Take((int)sequence)
            .GroupBy(e => e.Stage, StringComparer.Ordinal)
            .ToDictionary(stage => stage.Key, stage => stage.Max(e => e.Updates), StringComparer.Ordinal);
        Dispose();
        Keep(_folder.SamplesFile, RunJson.Lines.SampleEvent, s => reached.TryGetValue(s.Stage, out var updates) && s.Updates <= updates);
        Keep(_folder.EventsFile, RunJson.Lines.RunEvent, e => e.Sequence <= sequence);
        _events = OpenToAppend(_folder.EventsFile);
        _samples = OpenToAppend(_folder.SamplesFile);
        _written = Written(_folder);
        NextSequence = sequence + 1;
    }

    public void Dispose()
    {
        _events.Dispose();
        _samples.Dispose();
    }

    private static HashSet<(string Stage, long Updates, int PromptIndex)> Written(RunFolder folder) =>
        [.. folder.ReadSamples().Entries.Select(s => (s.Stage, s.Updates, s.PromptIndex))];

    private static FileStream OpenToAppend(string path)
    {
        // No buffer: a line is one write to the operating system.
        var stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read | FileShare.Delete, bufferSize: 0);
        stream.Seek(0, SeekOrigin.End);
        return stream;
    }

    private static void AppendLine(FileStream stream, byte[] line)
    {
        var end = stream.Position;
        try
        {
            stream.Write(line);
        }
        catch (IOException problem)
        {
            stream.SetLength(end);
            throw new AttuneException(
                $"{stream.Name} could not be written: {problem.Message.TrimEnd('.')}. Free some space, then continue with --resume.",
                problem
            );
        }
    }

    // Whole lines stay as they are, byte for byte. A file that is in order is not touched.
    private static void Keep<T>(string path, JsonTypeInfo<T> type, Func<T, bool> wanted)
        where T : class
    {
        if (!File.Exists(path))
        {
            return;
        }

        using var kept = new MemoryStream();
        foreach (var (entry, text) in RunLog.ReadLines(path, type).Entries)
        {
            if (wanted(entry))
            {
                kept.Write(text.Span);
                kept.WriteByte((byte)'\n');
            }
        }

        if (!File.ReadAllBytes(path).AsSpan().SequenceEqual(kept.ToArray()))
        {
            AtomicFile.Write(path, stream => kept.WriteTo(stream));
        }
    }
}
