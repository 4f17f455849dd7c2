using System.Globalization;
using Attune.Core;
using Attune.Core.Runs;

namespace Attune.Reports.Tracking;

/// <summary>
/// One file of scalars for TensorBoard. A folder gets another file each time a run goes on, since a file has one writer.
/// </summary>
public sealed class TensorBoardFile : IDisposable
{
    private const string Prefix = "events.out.tfevents.";
    private readonly FileStream _stream;
    private bool _isContinued;

    private TensorBoardFile(FileStream stream, bool isContinued) => (_stream, _isContinued) = (stream, isContinued);

    /// <summary>Begins a file that sorts after those that are there: readers take them in the order of their names.</summary>
    /// <param name="folder">Shows as one run in TensorBoard.</param>
    /// <param name="host">Stands in the file's name, where TensorBoard puts the machine's.</param>
    /// <exception cref="AttuneException">The file cannot be made.</exception>
    public static TensorBoardFile Begin(string folder, DateTimeOffset time, string host = "attune")
    {
        Directory.CreateDirectory(folder);
        string[] earlier = [.. Directory.EnumerateFiles(folder, Prefix + "*").Select(f => Path.GetFileName(f))];
        var seconds = earlier.Select(SecondsOf).Append(time.ToUnixTimeSeconds() - 1).Max() + 1;
        var name = string.Create(CultureInfo.InvariantCulture, $"{Prefix}{seconds}.{host}.{Environment.ProcessId}.{earlier.Length}");
        return Create(Path.Combine(folder, name), time, isContinued: earlier.Length > 0);
    }

    /// <param name="path">A new file.</param>
    internal static TensorBoardFile Create(string path, DateTimeOffset time, bool isContinued)
    {
        try
        {
            // No buffer: what is written survives the process.
            var file = new TensorBoardFile(new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, 0), isContinued);
            file.Write(TensorBoardRecord.Opening(WallTime(time)));
            return file;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new AttuneException($"{path} could not be written: {problem.Message.TrimEnd('.')}.", problem);
        }
    }

    /// <summary>Adds an event's figures, in the order of their names.</summary>
    /// <exception cref="AttuneException">The file cannot be written.</exception>
    public void Add(RunEvent entry, DateTimeOffset time) =>
        Add(time, entry.Updates, entry.Metrics.OrderBy(m => m.Key, StringComparer.Ordinal));

    internal void Add(DateTimeOffset time, long step, IEnumerable<KeyValuePair<string, double>> figures)
    {
        if (_isContinued)
        {
            _isContinued = false;
            Write(TensorBoardRecord.Restart(WallTime(time), step));
        }

        Write(TensorBoardRecord.Scalars(WallTime(time), step, figures));
    }

    public void Dispose() => _stream.Dispose();

    private void Write(byte[] record)
    {
        try
        {
            _stream.Write(record);
        }
        catch (IOException problem)
        {
            throw new AttuneException($"{_stream.Name} could not be written: {problem.Message.TrimEnd('.')}. Free some space.", problem);
        }
    }

    private static long SecondsOf(string name) =>
        long.TryParse(name[Prefix.Length..].Split('.')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) ? seconds : 0;

    private static double WallTime(DateTimeOffset time) => (time - DateTimeOffset.UnixEpoch).TotalSeconds;
}
