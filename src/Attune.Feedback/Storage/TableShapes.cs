using System.Text;
using Microsoft.EntityFrameworkCore;

namespace Attune.Feedback.Storage;

/// <summary>Names, keys and indices of the tables. The unique indices enforce the protocol.</summary>
internal static class TableShapes
{
    public static void Configure(ModelBuilder model)
    {
        Work(model);
        Slots(model);
        Responses(model);
        Audit(model);
        People(model);
        Snapshots(model);
    }

    /// <summary>GuidelineVersionId becomes guideline_version_id.</summary>
    public static string SnakeCase(string name)
    {
        var result = new StringBuilder(name.Length + 8);
        for (var i = 0; i < name.Length; i++)
        {
            if (char.IsUpper(name[i]) && i > 0)
            {
                result.Append('_');
            }
            result.Append(char.ToLowerInvariant(name[i]));
        }

        return result.ToString();
    }

    private static void Work(ModelBuilder model)
    {
        model.Entity<ProjectRow>(t =>
        {
            t.ToTable("project").HasKey(p => p.Id);
            t.HasIndex(p => p.Name).IsUnique();
        });
        model.Entity<GuidelineVersionRow>(t =>
        {
            t.ToTable("guideline_version").HasKey(g => g.Id);
            t.HasIndex(g => new { g.ProjectId, g.Number }).IsUnique();
        });
        model.Entity<AcknowledgementRow>(t => t.ToTable("acknowledgement").HasKey(a => new { a.PersonId, a.GuidelineVersionId }));
        model.Entity<ItemRow>(t =>
        {
            t.ToTable("item").HasKey(i => i.Id);
            t.HasIndex(i => new { i.ProjectId, i.ExternalId }).IsUnique();
            t.HasIndex(i => new { i.ProjectId, i.ContentSha256 }).IsUnique();
        });
        model.Entity<CandidateRow>(t => t.ToTable("candidate").HasKey(c => new { c.ItemId, c.Ordinal }));
        model.Entity<ProjectFileRow>(t => t.ToTable("project_file").HasKey(f => new { f.ProjectId, f.Name }));
        model.Entity<TaskRow>(t =>
        {
            t.ToTable("task").HasKey(k => k.Id);
            t.HasIndex(k => new { k.ProjectId, k.Position }).IsUnique();
            t.HasIndex(k => k.ItemId);
            t.HasIndex(k => new { k.ProjectId, k.Kind });
        });
        model.Entity<PresentationRow>(t =>
        {
            t.ToTable("presentation").HasKey(p => p.Id);
            t.HasIndex(p => new { p.ProjectId, p.PersonId });
        });
    }

    private static void Slots(ModelBuilder model) =>
        model.Entity<SlotRow>(t =>
        {
            t.ToTable("slot").HasKey(s => new { s.TaskId, s.Number });
            // One label of a person for a task, always.
            t.HasIndex(s => new { s.TaskId, s.PersonId }).IsUnique();
            t.HasIndex(s => s.LeaseId).IsUnique();
            t.HasIndex(s => new { s.PersonId, s.State });
            // The next slot is the first open one. Done slots are not in this index, so it stays small.
            var next = t.HasIndex(s => new
            {
                s.ProjectId,
                s.Open,
                s.Priority,
                s.Position,
                s.Number,
            });
            next.IsDescending(false, false, true, false, false).HasFilter("state < 2").HasDatabaseName("IX_slot_next");
        });

    private static void Responses(ModelBuilder model)
    {
        model.Entity<ResponseRow>(t =>
        {
            t.ToTable("response").HasKey(r => r.Id);
            t.HasIndex(r => new { r.TaskId, r.PersonId }).IsUnique();
            t.HasIndex(r => new
            {
                r.PersonId,
                r.ProjectId,
                r.UpdatedAt,
            });
            t.HasIndex(r => r.ProjectId);
        });
        model.Entity<RevisionRow>(t =>
        {
            t.ToTable("response_revision").HasKey(r => r.Id);
            t.HasIndex(r => new { r.ResponseId, r.Number }).IsUnique();
        });
        model.Entity<DraftRow>(t => t.ToTable("draft").HasKey(d => new { d.TaskId, d.PersonId }));
        model.Entity<ChatTurnRow>(t =>
            t.ToTable("chat_turn")
                .HasKey(c => new
                {
                    c.TaskId,
                    c.PersonId,
                    c.Number,
                })
        );
        model.Entity<AdjudicationRow>(t =>
        {
            t.ToTable("adjudication").HasKey(a => a.Id);
            t.HasIndex(a => new { a.ProjectId, a.TaskId });
        });
    }

    private static void Audit(ModelBuilder model)
    {
        model.Entity<AuditRow>(t =>
        {
            t.ToTable("audit_event").HasKey(a => a.Sequence);
            t.Property(a => a.Sequence).ValueGeneratedNever();
        });
        model.Entity<ChainHeadRow>(t =>
        {
            t.ToTable("chain_head").HasKey(c => c.Id);
            t.Property(c => c.Id).ValueGeneratedNever();
            t.HasData(
                new ChainHeadRow
                {
                    Id = 1,
                    Sequence = 0,
                    Hash = AuditHash.Start,
                }
            );
        });
    }

    private static void People(ModelBuilder model)
    {
        model.Entity<PersonRow>(t =>
        {
            t.ToTable("person").HasKey(p => p.Id);
            t.HasIndex(p => p.NormalizedName).IsUnique();
            t.HasIndex(p => p.Pseudonym).IsUnique();
        });
        model.Entity<MembershipRow>(t => t.ToTable("membership").HasKey(m => new { m.PersonId, m.ProjectId }));
        model.Entity<InviteRow>(t =>
        {
            t.ToTable("invite").HasKey(i => i.Id);
            t.HasIndex(i => i.TokenHash).IsUnique();
        });
        model.Entity<SessionRow>(t =>
        {
            t.ToTable("session").HasKey(s => s.TokenHash);
            t.HasIndex(s => s.PersonId);
        });
        model.Entity<ApiKeyRow>(t =>
        {
            t.ToTable("api_key").HasKey(k => k.Id);
            t.HasIndex(k => k.KeyHash).IsUnique();
        });
    }

    private static void Snapshots(ModelBuilder model)
    {
        model.Entity<SnapshotRow>(t =>
        {
            t.ToTable("snapshot").HasKey(s => s.Id);
            t.HasIndex(s => s.ProjectId);
        });
        model.Entity<SnapshotPersonRow>(t =>
        {
            t.ToTable("snapshot_person").HasKey(s => new { s.SnapshotId, s.PersonId });
            t.HasIndex(s => s.PersonId);
        });
        model.Entity<SnapshotUseRow>(t =>
        {
            t.ToTable("snapshot_use").HasKey(u => u.Id);
            t.HasIndex(u => u.SnapshotSha256);
        });
    }
}
