using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Attune.Core;
using Attune.Core.Files;
using Attune.Feedback.Audit;
using Attune.Feedback.Labels;
using Attune.Feedback.Storage;
using Microsoft.EntityFrameworkCore;

namespace Attune.Feedback.Backup;

/// <param name="Rows">The rows of all tables.</param>
/// <param name="Sha256">The hash of everything before the last line, uncompressed.</param>
/// <param name="Head">Hash of the audit's newest link.</param>
public sealed record BackupReport(long Rows, string Sha256, string Head);

/// <summary>
/// A store as one file: compressed JSON lines, the same from SQLite and from PostgreSQL, so that it also moves a store between them.
/// It can be written while people label: it holds the store at one moment.
/// </summary>
public sealed class Backups
{
    private const string Kind = "attune feedback backup";
    private const int Batch = 500;
    private readonly StoreDatabase _database;
    private readonly AuditTrail _audit;

    internal Backups(StoreDatabase database, AuditTrail audit) => (_database, _audit) = (database, audit);

    private sealed record Header(string Kind, int Version, string At);

    private sealed record TableLine(string Table);

    private sealed record Trailer(long Rows, string Sha256, string Head);

    /// <summary>The audit's word for a backup. The erasure of a person names those that still hold their texts.</summary>
    internal const string Written = "backup.written";

    /// <summary>Writes the file whole or not at all, and records its place in the audit.</summary>
    public async Task<BackupReport> WriteAsync(string path, CancellationToken cancel)
    {
        var written = await ReadAsync(path, cancel);
        return await _database.WriteAgainAsync(
            writer =>
            {
                writer.Audit(null, Written, Path.GetFullPath(path), new { rows = written.Rows, sha256 = written.Sha256 });
                return Task.FromResult(written);
            },
            cancel
        );
    }

    private Task<BackupReport> ReadAsync(string path, CancellationToken cancel) =>
        _database.ReadAsync(async db =>
        {
            await using var view = await db.BeginViewAsync(cancel);
            var head = (await db.ChainHeads.AsNoTracking().SingleAsync(cancel)).Hash;
            BackupReport? report = null;
            await AtomicFile.WriteAsync(path, async file => report = await WriteAsync(db, head, file, cancel), cancel);
            return report!;
        });

    private async Task<BackupReport> WriteAsync(FeedbackContext db, string head, Stream file, CancellationToken cancel)
    {
        long rows = 0;
        await using var packed = new GZipStream(file, CompressionLevel.Fastest, leaveOpen: true);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Write(packed, hash, new Header(Kind, 1, _database.Options.Time.GetUtcNow().ToString("O")));
        foreach (var table in StoreTable.All)
        {
            Write(packed, hash, new TableLine(table.Name));
            await foreach (var row in table.ReadAsync(db).WithCancellation(cancel))
            {
                Write(packed, hash, row);
                rows++;
            }
        }

        var sha = Convert.ToHexStringLower(hash.GetCurrentHash());
        Write(packed, hash, new Trailer(rows, sha, head));
        return new BackupReport(rows, sha, head);
    }

    /// <summary>Fills an empty store from a backup, and checks every hash of it.</summary>
    /// <exception cref="DataException">The file is damaged or cut short: nothing is stored.</exception>
    /// <exception cref="AttuneException">The store is not empty.</exception>
    public async Task<BackupReport> RestoreAsync(string path, CancellationToken cancel)
    {
        var trailer = Check(path);
        await _database.WriteAsync(
            async writer =>
            {
                var db = writer.Db;
                if (await db.Projects.AnyAsync(cancel) || await db.People.AnyAsync(cancel))
                {
                    throw new AttuneException($"{_database.Options.Place} is not empty; restore into a new database.");
                }
                await db.ChainHeads.ExecuteDeleteAsync(cancel);
                await FillAsync(db, path, cancel);
                return true;
            },
            cancel
        );
        var verified = await _audit.VerifyAsync(cancel);
        return verified.FirstBroken is null && verified.Head == trailer.Head
            ? new BackupReport(trailer.Rows, trailer.Sha256, trailer.Head)
            : throw new DataException(
                $"{path}: the restored store does not verify: "
                    + $"{verified.FirstBroken ?? "the audit does not end where the backup says."} The store was already "
                    + "damaged when the backup was made."
            );
    }

    private static async Task FillAsync(FeedbackContext db, string path, CancellationToken cancel)
    {
        db.ChangeTracker.AutoDetectChangesEnabled = false;
        StoreTable? table = null;
        var (waiting, acknowledgements) = (0, false);
        foreach (var line in Lines(path).Skip(1))
        {
            if (line.StartsWith("{\"table\":", StringComparison.Ordinal))
            {
                table = StoreTable.All.Single(t => t.Name == StoreJson.Read<TableLine>(line).Table);
                acknowledgements |= table.Name == "acknowledgement";
                continue;
            }

            if (line.StartsWith("{\"rows\":", StringComparison.Ordinal))
            {
                break;
            }
            db.Add(table!.Read(line));
            if (++waiting % Batch == 0)
            {
                await db.SaveChangesAsync(cancel);
                db.ChangeTracker.Clear();
            }
        }

        if (!acknowledgements)
        {
            // As the migration does: labels of earlier versions keep the version that they recorded.
            await db.SaveChangesAsync(cancel);
            await db.Presentations.ExecuteUpdateAsync(
                set => set.SetProperty(p => p.AcknowledgedVersionId, p => p.GuidelineVersionId),
                cancel
            );
        }
    }

    private static Trailer Check(string path)
    {
        try
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            string? last = null;
            foreach (var line in Lines(path))
            {
                if (last is null && !line.Contains(Kind, StringComparison.Ordinal))
                {
                    break;
                }
                if (last is not null)
                {
                    hash.AppendData(Encoding.UTF8.GetBytes(last + "\n"));
                }
                last = line;
            }

            if (
                last?.StartsWith("{\"rows\":", StringComparison.Ordinal) == true
                && StoreJson.Read<Trailer>(last) is var trailer
                && trailer.Sha256 == Convert.ToHexStringLower(hash.GetCurrentHash())
            )
            {
                return trailer;
            }
        }
        catch (Exception problem) when (problem is InvalidDataException or JsonException)
        {
            // Reported below.
        }
        catch (Exception problem) when (problem is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new DataException($"{path}: no such file.");
        }

        throw new DataException($"{path}: not a whole backup of a feedback store; it may be damaged or cut short. Nothing was stored.");
    }

    private static IEnumerable<string> Lines(string path)
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(path), CompressionMode.Decompress), new UTF8Encoding(false));
        while (reader.ReadLine() is { } line)
        {
            yield return line;
        }
    }

    private static void Write(Stream stream, IncrementalHash hash, object row)
    {
        var line = Encoding.UTF8.GetBytes(JsonSerializer.Serialize(row, row.GetType(), StoreJson.Options) + "\n");
        stream.Write(line);
        hash.AppendData(line);
    }
}
