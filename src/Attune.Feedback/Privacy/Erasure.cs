using Attune.Feedback.People;
using Attune.Feedback.Snapshots;
using Attune.Feedback.Storage;
using Microsoft.EntityFrameworkCore;

namespace Attune.Feedback.Privacy;

/// <summary>
/// The right to be forgotten. A person's answers are emptied in every revision and their name is removed. That there was an answer stays,
/// so that the audit still verifies. Models that learned from the answers keep what they learned: the report names them.
/// </summary>
public sealed class Erasure
{
    private readonly StoreDatabase _database;

    internal Erasure(StoreDatabase database) => _database = database;

    /// <summary>What erasing a person would affect.</summary>
    public Task<ErasureReport> PreviewAsync(Guid person, CancellationToken cancel) =>
        _database.ReadAsync(db => ReportAsync(db, person, cancel));

    /// <summary>Cannot be undone. The person's places in quotas become free for others.</summary>
    public Task<ErasureReport> EraseAsync(Guid? actor, Guid person, CancellationToken cancel) =>
        _database.WriteAsync(
            async writer =>
            {
                var db = writer.Db;
                var report = await ReportAsync(db, person, cancel);
                var row = await db.People.SingleAsync(p => p.Id == person, cancel);
                var name = "erased:" + row.Id;
                (row.Name, row.NormalizedName, row.Pseudonym, row.PasswordHash, row.State) = (
                    name,
                    PersonRecords.Normalize(name),
                    name,
                    null,
                    PersonState.Erased
                );
                var revisions = await db.Revisions.Where(r => r.PersonId == person && !r.Redacted).ToListAsync(cancel);
                foreach (var revision in revisions)
                {
                    (revision.ValueJson, revision.ExtrasJson, revision.Redacted) = ("{}", null, true);
                }

                await db.Drafts.Where(d => d.PersonId == person).ExecuteDeleteAsync(cancel);
                await db.ChatTurns.Where(c => c.PersonId == person).ExecuteDeleteAsync(cancel);
                await db.Sessions.Where(s => s.PersonId == person).ExecuteDeleteAsync(cancel);
                await db.ApiKeys.Where(k => k.PersonId == person).ExecuteDeleteAsync(cancel);
                await db.Memberships.Where(m => m.PersonId == person).ExecuteDeleteAsync(cancel);
                await db.Slots.Where(s => s.PersonId == person).FreeAsync(cancel);
                writer.Audit(actor, "person.erased", person, new { revisions = revisions.Select(r => r.Id) });
                return report;
            },
            cancel
        );

    private static async Task<ErasureReport> ReportAsync(FeedbackContext db, Guid person, CancellationToken cancel)
    {
        var revisions = await db.Revisions.CountAsync(r => r.PersonId == person && !r.Redacted, cancel);
        var folders = await (
            from share in db.SnapshotPeople
            join snapshot in db.Snapshots on share.SnapshotId equals snapshot.Id
            where share.PersonId == person
            orderby snapshot.Folder
            select snapshot.Folder
        ).ToListAsync(cancel);
        return new ErasureReport(revisions, folders, await SnapshotStore.ShapedByAsync(db, person, cancel));
    }
}
