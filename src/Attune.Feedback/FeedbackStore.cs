using Attune.Core;
using Attune.Feedback.Audit;
using Attune.Feedback.Backup;
using Attune.Feedback.Exchange;
using Attune.Feedback.People;
using Attune.Feedback.Privacy;
using Attune.Feedback.Projects;
using Attune.Feedback.Quality;
using Attune.Feedback.Queue;
using Attune.Feedback.Snapshots;
using Attune.Feedback.Storage;

namespace Attune.Feedback;

/// <summary>
/// The feedback store: projects, the people who label, the queue, and every label. Each operation is one transaction; once it is
/// acknowledged, it is on disk. Safe to use from many threads, and on PostgreSQL from many processes and machines.
/// </summary>
/// <example><code>
/// await using var store = await FeedbackStore.OpenAsync(new StoreOptions("feedback.db"), cancel);
/// var claim = await store.Queue.ClaimAsync(project, person, cancel);
/// </code></example>
public sealed class FeedbackStore : IAsyncDisposable
{
    private FeedbackStore(StoreDatabase database)
    {
        Database = database;
        (Projects, Tasks, Guidelines) = (new ProjectCatalog(database), new ProjectTasks(database), new GuidelineReading(database));
        (People, Accounts, Keys) = (new PeopleDirectory(database), new Accounts(database), new ApiKeys(database));
        (Invitations, Files) = (new Invitations(database), new ProjectFiles(database));
        (Queue, Chats) = (new TaskQueue(database), new Chats(database));
        (Audit, Quality, Erasure) = (new AuditTrail(database), new QualityReports(database, Projects), new Erasure(database));
        (Exports, Snapshots) = (new Exports(database, Projects), new SnapshotStore(database, Projects));
        Judgements = new StoreJudgements(database, Projects);
        Backups = new Backups(database, Audit);
    }

    public StoreOptions Options => Database.Options;

    /// <summary>What is asked: projects with their settings and guidelines.</summary>
    public ProjectCatalog Projects { get; }

    /// <summary>The items of projects, each with its task, as managers see them.</summary>
    public ProjectTasks Tasks { get; }

    /// <summary>Files that items show.</summary>
    public ProjectFiles Files { get; }

    /// <summary>Which guidelines people have read.</summary>
    public GuidelineReading Guidelines { get; }

    /// <summary>The people and their roles.</summary>
    public PeopleDirectory People { get; }

    /// <summary>Invitations, passwords and sessions.</summary>
    public Accounts Accounts { get; }

    /// <summary>Invitations that are open.</summary>
    public Invitations Invitations { get; }

    /// <summary>Keys for programs.</summary>
    public ApiKeys Keys { get; }

    /// <summary>Hands out tasks and takes in labels.</summary>
    public TaskQueue Queue { get; }

    /// <summary>Conversations with a model inside chat tasks.</summary>
    public Chats Chats { get; }

    /// <summary>The record of everything that was done.</summary>
    public AuditTrail Audit { get; }

    /// <summary>Agreement, gold and disputes.</summary>
    public QualityReports Quality { get; }

    /// <summary>The right to be forgotten.</summary>
    public Erasure Erasure { get; }

    /// <summary>What people said, as they said it.</summary>
    public StoreJudgements Judgements { get; }

    /// <summary>Labels in public formats.</summary>
    public Exports Exports { get; }

    /// <summary>Frozen sets of labels for training.</summary>
    public SnapshotStore Snapshots { get; }

    /// <summary>The whole store as one file.</summary>
    public Backups Backups { get; }

    internal StoreDatabase Database { get; }

    /// <summary>Opens the store, creates it where it does not exist, and brings its tables up to date.</summary>
    /// <exception cref="AttuneException">The database cannot be reached or is not a feedback store.</exception>
    public static async Task<FeedbackStore> OpenAsync(StoreOptions options, CancellationToken cancel) =>
        new(await StoreDatabase.OpenAsync(options, cancel));

    public ValueTask DisposeAsync()
    {
        Database.Dispose();
        return ValueTask.CompletedTask;
    }
}
