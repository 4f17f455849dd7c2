using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Attune.Core;
using Attune.Feedback.Storage;
using Microsoft.EntityFrameworkCore;

namespace Attune.Feedback;

/// <param name="Rows">Of all tables.</param>
/// <param name="Sha256">Of everything before the last line, unpacked.</param>
/// <param name="Head">Hash of the audit's newest link.</param>
public sealed record BackupReport(long Rows, string Sha256, string Head);

/// <summary>
/// A store as one file: JSON lines, packed, the same from SQLite and from PostgreSQL, so that it also moves a store from one to the other.
/// It is written while people label: what it holds is the store at one moment.
/// </summary>
public sealed class Backups
{
    private const string Kind = "attune feedback backup";
    private const int Batch = 500;
    private readonly FeedbackStore _store;

    internal Backups(FeedbackStore store) => _store = store;

    private sealed record Header(string Kind, int Version, string At);

    private sealed record TableLine(string Table);

    private sealed record Trailer(long Rows, string Sha256, string Head);

    /// <summary>Writes the file whole or not at all.</summary>
    public Task<BackupReport> WriteAsync(string path, CancellationToken cancel) =>
        _store.ReadAsync(async db =>
        {
            await using var view = await db.BeginViewAsync(cancel);
            var head = (await db.ChainHeads.AsNoTracking().SingleAsync(cancel)).Hash;
            var temporary = path + ".part";
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            try
            {
                long rows = 0;
                string sha;
                await using (var file = new FileStream(temporary, FileMode.Create))
                {
                    await using var packed = new GZipStream(file, CompressionLevel.Fastest, leaveOpen: true);
                    using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
                    Write(packed, hash, new Header(Kind, 1, _store.Options.Time.GetUtcNow().ToString("O")));
                    foreach (var table in StoreTable.All)
                    {
                        Write(packed, hash, new TableLine(table.Name));
                        await foreach (var row in table.ReadAsync(db).WithCancellation(cancel))
                        {
                            Write(packed, hash, row);
                            rows++;
                        }
                    }

                    sha = Convert.ToHexStringLower(hash.GetCurrentHash());
                    Write(packed, hash, new Trailer(rows, sha, head));
                    await packed.FlushAsync(cancel);
                }

                File.Move(temporary, path, overwrite: true);
                return new BackupReport(rows, sha, head);
            }
            finally
            {
                File.Delete(temporary);
            }
        });

    /// <summary>Fills an empty store from a backup, and checks every hash of it.</summary>
    /// <exception cref="DataException">The file is damaged or cut short: nothing is stored.</exception>
    /// <exception cref="AttuneException">The store is not empty.</exception>
    public async Task<BackupReport> RestoreAsync(string path, CancellationToken cancel)
    {
        var trailer = Check(path);
        await _store.WriteAsync(
            async writer =>
            {
                var db = writer.Db;
                if (await db.Projects.AnyAsync(cancel) || await db.People.AnyAsync(cancel))
                {
                    throw new AttuneException($"{_store.Options.Place} is not empty; restore into a new database.");
                }
                await db.ChainHeads.ExecuteDeleteAsync(cancel);
                db.ChangeTracker.AutoDetectChangesEnabled = false;
                StoreTable? table = null;
                var waiting = 0;
                foreach (var line in Lines(path).Skip(1))
                {
                    if (line.StartsWith("{\"table\":", StringComparison.Ordinal))
                    {
                        table = StoreTable.All.Single(t => t.Name == StoreJson.Read<TableLine>(line).Table);
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

                return true;
            },
            cancel
        );
        var verified = await _store.Audit.VerifyAsync(cancel);
        return verified.FirstBroken is null && verified.Head == trailer.Head
            ? new BackupReport(trailer.Rows, trailer.Sha256, trailer.Head)
            : throw new DataException(
                $"{path}: was restored, but does not verify: "
                    + $"{verified.FirstBroken ?? "the audit ends elsewhere than the backup says."} The store it was made of was "
                    + "damaged already."
            );
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
            // Said below.
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

/// <summary>A table whose rows can be written down and read back.</summary>
internal abstract class StoreTable(string name)
{
    public string Name => name;

    /// <summary>All but sessions: people sign in again.</summary>
    public static StoreTable[] All { get; } =
    [
        new Of<ProjectRow>("project"),
        new Of<GuidelineVersionRow>("guideline_version"),
        new Of<ItemRow>("item"),
        new Of<CandidateRow>("candidate"),
        new Of<TaskRow>("task"),
        new Of<SlotRow>("slot"),
        new Of<PresentationRow>("presentation"),
        new Of<ResponseRow>("response"),
        new Of<RevisionRow>("response_revision"),
        new Of<DraftRow>("draft"),
        new Of<ChatTurnRow>("chat_turn"),
        new Of<AdjudicationRow>("adjudication"),
        new Of<AuditRow>("audit_event"),
        new Of<ChainHeadRow>("chain_head"),
        new Of<PersonRow>("person"),
        new Of<MembershipRow>("membership"),
        new Of<InviteRow>("invite"),
        new Of<ApiKeyRow>("api_key"),
        new Of<SnapshotRow>("snapshot"),
        new Of<SnapshotPersonRow>("snapshot_person"),
        new Of<SnapshotUseRow>("snapshot_use"),
    ];

    public abstract IAsyncEnumerable<object> ReadAsync(FeedbackContext db);

    public abstract object Read(string line);

    private sealed class Of<T>(string name) : StoreTable(name)
        where T : class
    {
        public override async IAsyncEnumerable<object> ReadAsync(FeedbackContext db)
        {
            await foreach (var row in db.Set<T>().AsNoTracking().AsAsyncEnumerable())
            {
                yield return row;
            }
        }

        public override object Read(string line) => StoreJson.Read<T>(line);
    }
}
