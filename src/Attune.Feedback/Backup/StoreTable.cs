using Attune.Feedback.Labels;
using Attune.Feedback.Storage;
using Microsoft.EntityFrameworkCore;

namespace Attune.Feedback.Backup;

/// <summary>A table whose rows can be written and read back.</summary>
internal abstract class StoreTable(string name)
{
    public string Name => name;

    /// <summary>All but sessions: people sign in again.</summary>
    public static StoreTable[] All { get; } =
    [
        new Of<ProjectRow>("project"),
        new Of<GuidelineVersionRow>("guideline_version"),
        new Of<AcknowledgementRow>("acknowledgement"),
        new Of<ItemRow>("item"),
        new Of<CandidateRow>("candidate"),
        new Of<ProjectFileRow>("project_file"),
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
