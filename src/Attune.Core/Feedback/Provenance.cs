using System.Collections.Immutable;
using System.Text.Json;
using Attune.Core.Files;

namespace Attune.Core.Feedback;

/// <summary>A snapshot that a model learned from, directly or through another model.</summary>
/// <param name="Through">What learned from it: the kind of stage, such as "reward" or "dpo".</param>
public sealed record ProvenanceEntry(
    string Snapshot,
    string Project,
    int Labels,
    ImmutableArray<string> Annotators,
    ImmutableArray<int> Guidelines,
    string Through
);

/// <summary>
/// Which people's labels are behind a model: <c>provenance.json</c> in its folder. A policy trained by a reward model has the reward
/// model's entries, and what the policy itself had before.
/// </summary>
public sealed record Provenance(ImmutableArray<ProvenanceEntry> Snapshots)
{
    public const string FileName = "provenance.json";

    /// <summary>Lies in a snapshot's folder: the runs that learned from it, one line each.</summary>
    public const string UsesFileName = "uses.jsonl";
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
    };
    private static readonly JsonSerializerOptions Lines = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static Provenance None { get; } = new([]);

    /// <summary>Of all snapshots together; one that was used twice counts once.</summary>
    public int Labels => Snapshots.DistinctBy(s => s.Snapshot).Sum(s => s.Labels);

    public int Annotators => Snapshots.SelectMany(s => s.Annotators).Distinct(StringComparer.Ordinal).Count();

    /// <summary>A model folder's; none where it has no such file.</summary>
    public static Provenance OfModel(string? folder)
    {
        var path = folder is null ? null : Path.Combine(folder, FileName);
        if (path is null || !File.Exists(path))
        {
            return None;
        }
        try
        {
            return JsonSerializer.Deserialize<Provenance>(File.ReadAllText(path), Json) is { Snapshots.IsDefault: false } found
                ? found
                : throw new JsonException("no snapshots");
        }
        catch (JsonException problem)
        {
            throw new ModelFileException(
                $"{path} is damaged: {problem.Message.TrimEnd('.')}. Delete it if you do not need to know which labels are "
                    + "behind the model.",
                problem
            );
        }
    }

    /// <summary>Of a snapshot that a stage learned from directly.</summary>
    public static Provenance OfSnapshot(SnapshotManifest manifest, string stage) =>
        new([
            new ProvenanceEntry(
                manifest.Sha256,
                manifest.Project,
                manifest.Labels,
                [.. manifest.Annotators.Select(a => a.Name)],
                [.. manifest.Guidelines.Select(g => g.Number)],
                stage
            ),
        ]);

    public Provenance With(Provenance other) => new([.. Snapshots.Concat(other.Snapshots).DistinctBy(s => (s.Snapshot, s.Through))]);

    /// <summary>Writes it into a model's folder; nothing where nothing is known.</summary>
    public void Write(string folder)
    {
        if (!Snapshots.IsEmpty)
        {
            AtomicFile.WriteText(Path.Combine(folder, FileName), JsonSerializer.Serialize(this, Json) + "\n");
        }
    }

    /// <summary>
    /// Notes beside the snapshot that a run learned from it, so that erasing labels can name the models that learned from them.
    /// </summary>
    public static void NoteUse(string snapshotFolder, SnapshotUse use)
    {
        var line = JsonSerializer.Serialize(use, Lines) + "\n";
        var path = Path.Combine(snapshotFolder, UsesFileName);
        if (!File.Exists(path) || !File.ReadAllText(path).Contains(line, StringComparison.Ordinal))
        {
            File.AppendAllText(path, line);
        }
    }

    /// <summary>The runs noted beside a snapshot; a half-written last line is passed over.</summary>
    public static IReadOnlyList<SnapshotUse> Uses(string snapshotFolder)
    {
        var path = Path.Combine(snapshotFolder, UsesFileName);
        return File.Exists(path) ? [.. File.ReadLines(path).Select(ReadUse).OfType<SnapshotUse>()] : [];
    }

    private static SnapshotUse? ReadUse(string line)
    {
        try
        {
            return JsonSerializer.Deserialize<SnapshotUse>(line, Lines);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>A stage of a run that learned from a snapshot.</summary>
/// <param name="Snapshot">Its hash.</param>
/// <param name="Model">Where the model lies that came of it.</param>
public sealed record SnapshotUse(string Snapshot, string Run, string Stage, string Model);
