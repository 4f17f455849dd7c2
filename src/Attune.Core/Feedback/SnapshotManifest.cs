using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json;
using Attune.Core.Files;

namespace Attune.Core.Feedback;

/// <summary>A person behind a snapshot's labels, by pseudonym.</summary>
public sealed record SnapshotAnnotator(string Name, int Labels);

/// <summary>A version of the guidelines that labels were given under; labels from elsewhere have none.</summary>
public sealed record SnapshotGuideline(int Number, string Sha256, int Labels);

/// <param name="Rows">Lines.</param>
public sealed record SnapshotFile(string Name, string Sha256, int Rows);

/// <summary>
/// What a frozen set of labels consists of. Two snapshots with the same labels, split the same way, have the same <see cref="Sha256"/>,
/// whenever and wherever they were made.
/// </summary>
public sealed record SnapshotManifest
{
    public const string FileName = "manifest.json";
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
    };

    /// <summary>Over all that follows but time and place.</summary>
    public required string Sha256 { get; init; }
    public required string Project { get; init; }
    public required string ProjectId { get; init; }
    public required string Kind { get; init; }
    public required int Labels { get; init; }
    public required int Prompts { get; init; }
    public required ImmutableArray<SnapshotAnnotator> Annotators { get; init; }
    public required ImmutableArray<SnapshotGuideline> Guidelines { get; init; }
    public required ImmutableArray<SnapshotFile> Files { get; init; }

    /// <summary>Which labels were taken, in words.</summary>
    public required string Filter { get; init; }

    /// <summary>The store it came from, without secrets.</summary>
    public required string Store { get; init; }

    /// <summary>
    /// The audit's newest link at the time: its number and hash. It anchors the store's past: what was before it cannot change unnoticed
    /// any longer.
    /// </summary>
    public required long AuditSequence { get; init; }
    public required string AuditHash { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The hash that <see cref="Sha256"/> has to be.</summary>
    public string Compute() =>
        Convert.ToHexStringLower(
            SHA256.HashData(
                JsonSerializer.SerializeToUtf8Bytes(
                    new object[] { ProjectId, Kind, Labels, Prompts, Annotators, Guidelines, Files, Filter },
                    Json
                )
            )
        );

    public void Write(string folder) => AtomicFile.WriteText(Path.Combine(folder, FileName), JsonSerializer.Serialize(this, Json) + "\n");

    /// <exception cref="DataException">No manifest, or a damaged one.</exception>
    public static SnapshotManifest Read(string folder)
    {
        var path = Path.Combine(folder, FileName);
        try
        {
            var manifest = JsonSerializer.Deserialize<SnapshotManifest>(File.ReadAllText(path), Json) ?? throw new JsonException("null");
            return manifest.Sha256 == manifest.Compute()
                ? manifest
                : throw new DataException(
                    $"{path}: was changed after the snapshot was made: its hash does not match. Make the snapshot again."
                );
        }
        catch (Exception problem) when (problem is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new DataException($"{path}: no such file; expected the folder of a snapshot (`attune feedback snapshot`).");
        }
        catch (JsonException problem)
        {
            throw new DataException($"{path}: not the manifest of a snapshot ({problem.Message.TrimEnd('.')}). Make the snapshot again.");
        }
    }

    /// <summary>Checks the hash of every file.</summary>
    /// <exception cref="DataException">A file is gone or was changed.</exception>
    public void Verify(string folder)
    {
        foreach (var file in Files)
        {
            var path = Path.Combine(folder, file.Name);
            if (!File.Exists(path))
            {
                throw new DataException($"{path}: missing, although the snapshot's manifest names it. Make the snapshot again.");
            }
            if (Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path))) != file.Sha256)
            {
                throw new DataException($"{path}: was changed after the snapshot was made. Make the snapshot again.");
            }
        }
    }

    /// <summary>The snapshot that a data file belongs to, once the file is proved to be unchanged; null where it belongs to none.</summary>
    /// <exception cref="DataException">The file belongs to a snapshot, but was changed since.</exception>
    public static SnapshotManifest? Of(string dataFile)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(dataFile))!;
        if (
            !File.Exists(Path.Combine(folder, FileName))
            || !File.ReadAllText(Path.Combine(folder, FileName)).Contains("\"audit_hash\"", StringComparison.Ordinal)
        )
        {
            return null;
        }
        var manifest = Read(folder);
        if (manifest.Files.All(f => f.Name != Path.GetFileName(dataFile)))
        {
            return null;
        }
        manifest.Verify(folder);
        return manifest;
    }
}
