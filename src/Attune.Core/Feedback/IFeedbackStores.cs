namespace Attune.Core.Feedback;

/// <summary>
/// Opens the feedback stores that runs learn from and ask through. The store's assembly implements it and the program that starts a run
/// hands it in, so recipes need no database.
/// </summary>
public interface IFeedbackStores
{
    /// <summary>Opens one project of a store that exists.</summary>
    /// <param name="database">A file name for SQLite, or the address of a PostgreSQL database (<see cref="DatabaseAddress"/>).</param>
    /// <exception cref="AttuneException">There is no such store, or no such project in it.</exception>
    Task<IStoredProject> OpenAsync(string database, string project, CancellationToken cancel);
}

/// <summary>A project of an open feedback store. Disposing it closes the store.</summary>
public interface IStoredProject : IAsyncDisposable
{
    /// <summary>The people who label this project, as a source of answers.</summary>
    /// <param name="run">The run's name in the store: the same when it is resumed.</param>
    /// <param name="poll">How often to look for answers.</param>
    IFeedbackSource AskAs(string run, TimeSpan poll);

    /// <summary>Freezes the project's labels in a new folder.</summary>
    /// <exception cref="AttuneException">The folder is not empty, or there are no usable labels yet.</exception>
    Task<SnapshotManifest> FreezeAsync(string folder, SnapshotSelection selection, CancellationToken cancel);
}

/// <summary>Which labels of a project a run freezes.</summary>
public sealed record SnapshotSelection
{
    /// <summary>Share of the prompts kept aside in held-out.jsonl, 0 to 1.</summary>
    public double HeldOut { get; init; }

    /// <summary>Decides which prompts are kept aside; a prompt stays on its side when labels are added.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>The answers to these questions alone; null for all labels.</summary>
    public IReadOnlyList<Question>? Questions { get; init; }
}
