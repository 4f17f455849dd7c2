using Attune.Core;
using Attune.Feedback.Backup;
using Attune.Feedback.Labels;
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

    /// <summary>
    /// Cannot be undone. The person's places in quotas become free for others, and the database's files are rewritten, so that nothing of
    /// the old text is left in them.
    /// </summary>
    /// <exception cref="AttuneException">No such person, or the only owner.</exception>
    public async Task<ErasureReport> EraseAsync(Guid? actor, Guid person, CancellationToken cancel)
    {
        var report = await _database.WriteAsync(writer => EraseAsync(writer, actor, person, cancel), cancel);
        return report with { Remains = await _database.ScrubAsync(cancel) };
    }

    private static async Task<ErasureReport> EraseAsync(StoreWriter writer, Guid? actor, Guid person, CancellationToken cancel)
    {
        var db = writer.Db;
        // Serialised with changes of roles, or two owners could erase each other at the same time.
        await db.LockChainAsync(cancel);
        var row =
            await db.People.SingleOrDefaultAsync(p => p.Id == person, cancel) ?? throw new AttuneException($"there is no person {person}.");
        if (await RoleChanges.IsOnlyOwnerAsync(db, row, cancel))
        {
            throw new AttuneException($"{row.Name} is the only owner; make someone else an owner first.");
        }
        var report = await ReportAsync(db, person, cancel);
        var name = "erased:" + row.Id;
        (row.Name, row.NormalizedName, row.Pseudonym, row.PasswordHash, row.State) = (
            name,
            PersonRecords.Normalize(name),
            name,
            null,
            PersonState.Erased
        );
        var revisions = await db.Revisions.Where(r => r.PersonId == person && !r.Redacted).ToListAsync(cancel);
        var adjudications = await DecisionsAsync(db, person, revisions, cancel);
        foreach (var revision in revisions)
        {
            (revision.ValueJson, revision.ExtrasJson, revision.Redacted) = ("{}", null, true);
        }

        await db.Drafts.Where(d => d.PersonId == person).ExecuteDeleteAsync(cancel);
        await db.ChatTurns.Where(c => c.PersonId == person).ExecuteDeleteAsync(cancel);
        await db.Sessions.Where(s => s.PersonId == person).ExecuteDeleteAsync(cancel);
        await db.ApiKeys.Where(k => k.PersonId == person).ExecuteDeleteAsync(cancel);
        await db.Memberships.Where(m => m.PersonId == person).ExecuteDeleteAsync(cancel);
        await db.Invites.Where(i => i.InvitedBy == person).ExecuteDeleteAsync(cancel);
        await db.Slots.Where(s => s.PersonId == person).FreeAsync(cancel);
        writer.Audit(actor, "person.erased", person, new { revisions = revisions.Select(r => r.Id), adjudications });
        return report;
    }

    /// <summary>
    /// Empties the person's words in decisions on disputes: the reasons of their own, and the comments of their labels that a decision took
    /// over. What was decided stays.
    /// </summary>
    private static async Task<List<Guid>> DecisionsAsync(
        FeedbackContext db,
        Guid person,
        List<RevisionRow> revisions,
        CancellationToken cancel
    )
    {
        var said = revisions.Select(r => (r.TaskId, r.ValueJson)).ToHashSet();
        var emptied = new List<Guid>();
        var theirs = db.Adjudications.Where(a =>
            a.PersonId == person || db.Revisions.Any(r => r.PersonId == person && r.TaskId == a.TaskId)
        );
        foreach (var decision in await theirs.ToListAsync(cancel))
        {
            var own = decision.PersonId == person;
            if (!own && !said.Contains((decision.TaskId, decision.ValueJson)))
            {
                continue;
            }
            decision.ValueJson = StoreJson.Write(WithoutWords.Of(StoreJson.Read<Judgement>(decision.ValueJson)));
            decision.Reason = own ? "" : decision.Reason;
            emptied.Add(decision.Id);
        }

        return emptied;
    }

    private static async Task<ErasureReport> ReportAsync(FeedbackContext db, Guid person, CancellationToken cancel)
    {
        var revisions = await db.Revisions.CountAsync(r => r.PersonId == person && !r.Redacted, cancel);
        var since = await db.People.Where(p => p.Id == person).Select(p => p.CreatedAt).SingleOrDefaultAsync(cancel);
        var folders = await (
            from share in db.SnapshotPeople
            join snapshot in db.Snapshots on share.SnapshotId equals snapshot.Id
            where share.PersonId == person
            orderby snapshot.Folder
            select snapshot.Folder
        ).ToListAsync(cancel);
        var backups = await db
            .Audit.AsNoTracking()
            .Where(a => a.Action == Backups.Written && a.At >= since)
            .OrderBy(a => a.Sequence)
            .ToListAsync(cancel);
        return new ErasureReport(
            revisions,
            folders,
            await SnapshotStore.ShapedByAsync(db, person, cancel),
            [
                .. backups
                    .GroupBy(b => b.Subject)
                    .Select(g => new EarlierBackup(g.Key, DateTimeOffset.FromUnixTimeMilliseconds(g.Last().At), File.Exists(g.Key))),
            ]
        );
    }
}
