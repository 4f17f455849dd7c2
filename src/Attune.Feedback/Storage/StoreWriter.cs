using Attune.Feedback.Labels;
using Microsoft.EntityFrameworkCore;

namespace Attune.Feedback.Storage;

/// <summary>A transaction in progress: the tables, the time, and its entries for the audit.</summary>
internal sealed class StoreWriter(FeedbackContext db, long now)
{
    private readonly List<(string Actor, string Action, string Subject, string Detail)> _said = [];

    public FeedbackContext Db => db;

    /// <summary>Unix milliseconds; the same for the whole transaction.</summary>
    public long Now => now;

    public Guid NewId() => Guid.CreateVersion7(DateTimeOffset.FromUnixTimeMilliseconds(now));

    public void Audit(Guid? actor, string action, Guid subject, object detail) => Audit(actor, action, subject.ToString(), detail);

    public void Audit(Guid? actor, string action, string subject, object detail) =>
        _said.Add((actor?.ToString() ?? "system", action, subject, StoreJson.Write(detail)));

    /// <summary>Called last before the commit, so that the chain is locked only briefly.</summary>
    public async Task AppendAuditAsync(CancellationToken cancel)
    {
        if (_said.Count == 0)
        {
            return;
        }
        var head = await db.LockChainAsync(cancel);
        var (sequence, hash) = (head.Sequence, head.Hash);
        foreach (var (actor, action, subject, detail) in _said)
        {
            var row = new AuditRow
            {
                Sequence = ++sequence,
                At = now,
                Actor = actor,
                Action = action,
                Subject = subject,
                DetailJson = detail,
                PreviousHash = hash,
                Hash = "",
            };
            row.Hash = hash = AuditHash.Of(row);
            db.Audit.Add(row);
        }

        await db.SaveChangesAsync(cancel);
        await db.ChainHeads.ExecuteUpdateAsync(set => set.SetProperty(c => c.Sequence, sequence).SetProperty(c => c.Hash, hash), cancel);
    }
}
