using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using Microsoft.EntityFrameworkCore.Storage;

namespace Attune.Feedback.Storage;

/// <summary>The tables, the same in both databases.</summary>
internal abstract class FeedbackContext(DbContextOptions options) : DbContext(options)
{
    public DbSet<ProjectRow> Projects => Set<ProjectRow>();
    public DbSet<GuidelineVersionRow> Guidelines => Set<GuidelineVersionRow>();
    public DbSet<AcknowledgementRow> Acknowledgements => Set<AcknowledgementRow>();
    public DbSet<ItemRow> Items => Set<ItemRow>();
    public DbSet<CandidateRow> Candidates => Set<CandidateRow>();
    public DbSet<ProjectFileRow> ProjectFiles => Set<ProjectFileRow>();
    public DbSet<TaskRow> Tasks => Set<TaskRow>();
    public DbSet<SlotRow> Slots => Set<SlotRow>();
    public DbSet<PresentationRow> Presentations => Set<PresentationRow>();
    public DbSet<ResponseRow> Responses => Set<ResponseRow>();
    public DbSet<RevisionRow> Revisions => Set<RevisionRow>();
    public DbSet<DraftRow> Drafts => Set<DraftRow>();
    public DbSet<ChatTurnRow> ChatTurns => Set<ChatTurnRow>();
    public DbSet<AdjudicationRow> Adjudications => Set<AdjudicationRow>();
    public DbSet<AuditRow> Audit => Set<AuditRow>();
    public DbSet<ChainHeadRow> ChainHeads => Set<ChainHeadRow>();
    public DbSet<PersonRow> People => Set<PersonRow>();
    public DbSet<MembershipRow> Memberships => Set<MembershipRow>();
    public DbSet<InviteRow> Invites => Set<InviteRow>();
    public DbSet<SessionRow> Sessions => Set<SessionRow>();
    public DbSet<ApiKeyRow> ApiKeys => Set<ApiKeyRow>();
    public DbSet<SnapshotRow> Snapshots => Set<SnapshotRow>();
    public DbSet<SnapshotPersonRow> SnapshotPeople => Set<SnapshotPersonRow>();
    public DbSet<SnapshotUseRow> SnapshotUses => Set<SnapshotUseRow>();

    /// <summary>The claim: one statement that takes a free slot, or one whose lease has expired, for this person.</summary>
    public abstract Task<SlotRow?> ClaimAsync(SlotClaim claim, CancellationToken cancel);

    /// <summary>Locks the newest link until the transaction ends.</summary>
    public abstract Task<ChainHeadRow> LockChainAsync(CancellationToken cancel);

    /// <summary>A transaction that reads the database as it is now, without blocking writers.</summary>
    public abstract Task<IDbContextTransaction> BeginViewAsync(CancellationToken cancel);

    protected override void OnModelCreating(ModelBuilder model)
    {
        TableShapes.Configure(model);
        foreach (var entity in model.Model.GetEntityTypes())
        {
            foreach (var property in entity.GetProperties())
            {
                property.SetColumnName(TableShapes.SnakeCase(property.Name));
            }
        }
    }
}

/// <summary>The slot that a claim asks for.</summary>
internal sealed record SlotClaim(Guid ProjectId, Guid PersonId, Guid LeaseId, long Now, long ExpiresAt);

internal sealed class SqliteContext(DbContextOptions<SqliteContext> options) : FeedbackContext(options)
{
    public override async Task<SlotRow?> ClaimAsync(SlotClaim claim, CancellationToken cancel) =>
        (
            await Slots
                .FromSql(
                    $"""
                    UPDATE slot SET state = 1, person_id = {claim.PersonId}, lease_id = {claim.LeaseId}, expires_at = {claim.ExpiresAt}
                    WHERE (task_id, number) = (
                        SELECT s.task_id, s.number FROM slot s
                        WHERE s.project_id = {claim.ProjectId} AND s.open = 1 AND s.state < 2
                          AND (s.state = 0 OR s.expires_at < {claim.Now})
                          AND NOT EXISTS (SELECT 1 FROM slot o WHERE o.task_id = s.task_id AND o.person_id = {claim.PersonId})
                          AND NOT EXISTS (SELECT 1 FROM response r WHERE r.task_id = s.task_id AND r.person_id = {claim.PersonId})
                        ORDER BY s.priority DESC, s.position, s.number LIMIT 1)
                    RETURNING *
                    """
                )
                .AsNoTracking()
                .ToListAsync(cancel)
        ).SingleOrDefault();

    // This transaction already is the database's only writer.
    public override Task<ChainHeadRow> LockChainAsync(CancellationToken cancel) => ChainHeads.AsNoTracking().SingleAsync(cancel);

    public override async Task<IDbContextTransaction> BeginViewAsync(CancellationToken cancel)
    {
        await Database.OpenConnectionAsync(cancel);
        return (
            await Database.UseTransactionAsync(((SqliteConnection)Database.GetDbConnection()).BeginTransaction(deferred: true), cancel)
        )!;
    }
}

internal sealed class PostgreSqlContext(DbContextOptions<PostgreSqlContext> options) : FeedbackContext(options)
{
    public override async Task<SlotRow?> ClaimAsync(SlotClaim claim, CancellationToken cancel) =>
        (
            await Slots
                .FromSql(
                    $"""
                    UPDATE slot SET state = 1, person_id = {claim.PersonId}, lease_id = {claim.LeaseId}, expires_at = {claim.ExpiresAt}
                    WHERE (task_id, number) = (
                        SELECT s.task_id, s.number FROM slot s
                        WHERE s.project_id = {claim.ProjectId} AND s.open AND s.state < 2 AND (s.state = 0 OR s.expires_at < {claim.Now})
                          AND NOT EXISTS (SELECT 1 FROM slot o WHERE o.task_id = s.task_id AND o.person_id = {claim.PersonId})
                          AND NOT EXISTS (SELECT 1 FROM response r WHERE r.task_id = s.task_id AND r.person_id = {claim.PersonId})
                        ORDER BY s.priority DESC, s.position, s.number LIMIT 1 FOR UPDATE SKIP LOCKED)
                    RETURNING *
                    """
                )
                .AsNoTracking()
                .ToListAsync(cancel)
        ).SingleOrDefault();

    public override Task<ChainHeadRow> LockChainAsync(CancellationToken cancel) =>
        ChainHeads.FromSql($"SELECT * FROM chain_head WHERE id = 1 FOR UPDATE").AsNoTracking().SingleAsync(cancel);

    public override Task<IDbContextTransaction> BeginViewAsync(CancellationToken cancel) =>
        Database.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, cancel);
}

/// <summary>
/// Used only by dotnet ef, to write migrations: <c>dotnet ef migrations add NAME --context SqliteContext --output-dir
/// Migrations/Sqlite</c>.
/// </summary>
internal sealed class SqliteContextFactory : IDesignTimeDbContextFactory<SqliteContext>
{
    public SqliteContext CreateDbContext(string[] args) =>
        new(new DbContextOptionsBuilder<SqliteContext>().UseSqlite("Data Source=unused.db").Options);
}

/// <summary>As <see cref="SqliteContextFactory"/>, with <c>--context PostgreSqlContext --output-dir Migrations/PostgreSql</c>.</summary>
internal sealed class PostgreSqlContextFactory : IDesignTimeDbContextFactory<PostgreSqlContext>
{
    public PostgreSqlContext CreateDbContext(string[] args) =>
        new(new DbContextOptionsBuilder<PostgreSqlContext>().UseNpgsql("Host=unused").Options);
}
