using Attune.Feedback.Storage;
using Microsoft.EntityFrameworkCore;

namespace Attune.Feedback.Audit;

/// <summary>
/// The record of everything that was done. Each entry includes the hash of the one before, so none can be changed, added or removed
/// unnoticed.
/// </summary>
public sealed class AuditTrail
{
    private readonly StoreDatabase _database;

    internal AuditTrail(StoreDatabase database) => _database = database;

    /// <summary>Entries after <paramref name="sequence"/>, oldest first.</summary>
    public Task<IReadOnlyList<AuditEntry>> ReadAsync(long sequence, int count, CancellationToken cancel) =>
        _database.ReadAsync(async db =>
            (IReadOnlyList<AuditEntry>)
                [
                    .. (
                        await db
                            .Audit.AsNoTracking()
                            .Where(a => a.Sequence > sequence)
                            .OrderBy(a => a.Sequence)
                            .Take(count)
                            .ToListAsync(cancel)
                    ).Select(a => new AuditEntry(
                        a.Sequence,
                        DateTimeOffset.FromUnixTimeMilliseconds(a.At),
                        a.Actor,
                        a.Action,
                        a.Subject,
                        a.DetailJson,
                        a.Hash
                    )),
                ]
        );

    /// <summary>
    /// Recomputes every hash: the chain, and each label, item and version of the guidelines against the audit.
    /// </summary>
    public Task<AuditReport> VerifyAsync(CancellationToken cancel) => _database.ReadAsync(db => new Verification(db).RunAsync(cancel));
}
