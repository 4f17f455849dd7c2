using System.Collections.Immutable;
using System.Globalization;
using Attune.Core;
using Attune.Core.Runs;

namespace Attune.Web.Runs;

/// <summary>One line of the list of runs.</summary>
/// <param name="Name">The folder's name.</param>
/// <param name="Finished">Whether it has a result.</param>
/// <param name="Problem">Why it could not be read; null if it could.</param>
public sealed record RunLine(string Name, bool Finished, long Updates, string? Stage, DateTimeOffset Changed, string? Problem);

/// <summary>The run folders inside one folder. A name from an address is only compared with existing names.</summary>
public sealed class RunCatalog(string? folder)
{
    /// <summary>A run that has written nothing for this long counts as stopped.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromMinutes(10);

    public string? Folder => folder;

    /// <summary>Newest first.</summary>
    public ImmutableArray<RunLine> List() => [.. Folders().Select(f => Line(f)).OrderByDescending(r => r.Changed)];

    public RunFolder? Find(string name) =>
        Folders().FirstOrDefault(f => Path.GetFileName(f) == name) is { } path ? new RunFolder(path) : null;

    /// <summary>A tag that changes whenever the page's content changes, computed without reading the files.</summary>
    public static string Tag(RunFolder run)
    {
        var files = new[] { run.EventsFile, run.SamplesFile, run.ResultFile }.Select(f => new FileInfo(f));
        return "\""
            + string.Join(
                '-',
                files.Select(f => f.Exists ? (f.Length ^ f.LastWriteTimeUtc.Ticks).ToString("x", CultureInfo.InvariantCulture) : "0")
            )
            + "\"";
    }

    private IEnumerable<string> Folders() =>
        folder is null || !Directory.Exists(folder)
            ? []
            : Directory
                .EnumerateDirectories(folder)
                .Where(f => new RunFolder(f) is var run && (File.Exists(run.EventsFile) || File.Exists(run.RecipeFile)));

    private static RunLine Line(string path)
    {
        var run = new RunFolder(path);
        var name = Path.GetFileName(path);
        var changed = new[] { run.EventsFile, run.ResultFile, run.RecipeFile }
            .Where(File.Exists)
            .Select(File.GetLastWriteTimeUtc)
            .DefaultIfEmpty()
            .Max();
        try
        {
            var last = run.ReadEvents().Entries.LastOrDefault();
            return new RunLine(
                name,
                File.Exists(run.ResultFile),
                last?.Updates ?? 0,
                last?.Stage,
                new DateTimeOffset(changed, TimeSpan.Zero),
                null
            );
        }
        catch (DataException problem)
        {
            return new RunLine(name, File.Exists(run.ResultFile), 0, null, new DateTimeOffset(changed, TimeSpan.Zero), problem.Message);
        }
    }
}
