using Attune.Feedback.Auditing;
using Microsoft.EntityFrameworkCore;

namespace Attune.Feedback;

/// <summary>One thing that happened.</summary>
/// <param name="Actor">A person's id, or "system".</param>
/// <param name="Detail">JSON.</param>
public sealed record AuditEntry(long Sequence, DateTimeOffset At, string Actor, string Action, string Subject, string Detail, string Hash);

/// <summary>What checking the store found.</summary>
/// <param name="FirstBroken">Null where everything holds; else one sentence that names the first broken link.</param>
/// <param name="Head">Hash of the newest link: written down elsewhere, it proves that nothing before was changed.</param>
public sealed record AuditReport(long Links, int Labels, int Items, string Head, string? FirstBroken);

/// <summary>
/// The record of everything that was done. Each entry carries a hash over the one before, so none can be changed, added or left out
/// unnoticed.
/// </summary>
public sealed class AuditTrail
{
    private readonly FeedbackStore _store;

    internal AuditTrail(FeedbackStore store) => _store = store;

    /// <summary>Entries after <paramref name="sequence"/>, oldest first.</summary>
    public Task<IReadOnlyList<AuditEntry>> ReadAsync(long sequence, int count, CancellationToken cancel) =>
        _store.ReadAsync(async db =>
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
    /// Computes every hash anew: the chain, each label against what the audit says of it, each item and each version of the guidelines.
    /// </summary>
    public Task<AuditReport> VerifyAsync(CancellationToken cancel) => _store.ReadAsync(db => new Verification(db).RunAsync(cancel));
}
