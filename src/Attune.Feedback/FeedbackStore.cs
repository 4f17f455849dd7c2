using System.Data.Common;
using Attune.Core;
using Attune.Feedback.Formats;
using Attune.Feedback.Storage;
using Microsoft.EntityFrameworkCore;

namespace Attune.Feedback;

/// <summary>
/// The feedback store: projects, the people who label, the queue, and everything they said. Every operation is one transaction; what was
/// acknowledged is on disk. Safe to use from many threads, and on PostgreSQL from many processes and machines.
/// </summary>
/// <example><code>
/// await using var store = await FeedbackStore.OpenAsync(new StoreOptions("feedback.db"), cancel);
/// var claim = await store.Queue.ClaimAsync(project, person, cancel);
/// </code></example>
public sealed class FeedbackStore : IAsyncDisposable
{
    private const int MostTries = 20;
    private const int MostTriesWhenBusy = 6;
    private readonly Func<FeedbackContext> _context;
    private readonly Action _close;

    // SQLite has one writer at a time: waiting here is fair and quick, waiting inside SQLite is polling.
    private readonly SemaphoreSlim? _turn;

    private FeedbackStore(StoreOptions options, Func<FeedbackContext> context, Action close)
    {
        (Options, _context, _close) = (options, context, close);
        _turn = options.IsPostgreSql ? null : new SemaphoreSlim(1, 1);
        (Projects, People, Queue, Chats) = (new Projects(this), new People(this), new TaskQueue(this), new Chats(this));
        (Keys, Audit, Quality, Erasing) = (new ApiKeys(this), new AuditTrail(this), new Quality(this), new Erasing(this));
        (Exports, Snapshots, Backups) = (new Exports(this), new Snapshots(this), new Backups(this));
    }

    public StoreOptions Options { get; }
    public Projects Projects { get; }
    public People People { get; }
    public TaskQueue Queue { get; }
    public Chats Chats { get; }
    public ApiKeys Keys { get; }
    public AuditTrail Audit { get; }
    public Quality Quality { get; }
    public Erasing Erasing { get; }
    public Exports Exports { get; }
    public Snapshots Snapshots { get; }
    public Backups Backups { get; }

    internal long Now => Options.Time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Opens the store, makes it where it does not exist, and brings its tables up to date.</summary>
    /// <exception cref="AttuneException">The database cannot be reached or is not a feedback store.</exception>
    public static async Task<FeedbackStore> OpenAsync(StoreOptions options, CancellationToken cancel)
    {
        if (!options.IsPostgreSql && !options.Create && !File.Exists(options.SqliteFile))
        {
            throw new AttuneException(
                $"{options.SqliteFile}: no such database. Check --database; `attune serve` and `attune feedback import` make a new one."
            );
        }
        try
        {
            var store = options.IsPostgreSql ? StoreContexts.PostgreSql(options, Make) : StoreContexts.Sqlite(options, Make);
            await using var db = store._context();
            await db.Database.MigrateAsync(cancel);
            return store;
        }
        catch (DbException problem)
        {
            throw new AttuneException(
                $"{options.Place}: the database cannot be used: {problem.Message.TrimEnd('.')}. Check --database, and that the "
                    + "server runs or the file is a feedback store.",
                problem
            );
        }

        FeedbackStore Make(Func<FeedbackContext> context, Action close) => new(options, context, close);
    }

    public ValueTask DisposeAsync()
    {
        _turn?.Dispose();
        _close();
        return ValueTask.CompletedTask;
    }

    /// <summary>Reads; again where the database was too busy to answer, as reading twice harms nobody.</summary>
    /// <exception cref="StoreBusyException">It was too busy for too long.</exception>
    internal Task<T> ReadAsync<T>(Func<FeedbackContext, Task<T>> work) =>
        InsistAsync(
            async () =>
            {
                await using var db = _context();
                return await work(db);
            },
            Repeat.Always,
            CancellationToken.None
        );

    /// <summary>
    /// One transaction: all of <paramref name="work"/> and its audit, or nothing. It is tried again where another one got in its way, so it
    /// must do nothing but read and write the database.
    /// </summary>
    /// <exception cref="StoreBusyException">The database was too busy for too long, or the commit got no answer.</exception>
    internal Task<T> WriteAsync<T>(Func<StoreWriter, Task<T>> work, CancellationToken cancel) =>
        WriteAsync(work, Repeat.UnlessStored, cancel);

    /// <summary>
    /// As <see cref="WriteAsync{T}(Func{StoreWriter, Task{T}}, CancellationToken)"/>, for what may be done twice: it carries an id, or says
    /// the same again.
    /// </summary>
    internal Task<T> WriteAgainAsync<T>(Func<StoreWriter, Task<T>> work, CancellationToken cancel) =>
        WriteAsync(work, Repeat.Always, cancel);

    private async Task<T> WriteAsync<T>(Func<StoreWriter, Task<T>> work, Repeat repeat, CancellationToken cancel)
    {
        if (_turn is not null && !await _turn.WaitAsync(Options.Patience, cancel))
        {
            throw new StoreBusyException(Options.Place, StoredState.Not, new TimeoutException("its turn to write did not come in time"));
        }
        try
        {
            return await InsistAsync(() => TryAsync(work, cancel), repeat, cancel);
        }
        finally
        {
            _turn?.Release();
        }
    }

    /// <summary>Tries again, a bounded number of times and no longer than the store is patient.</summary>
    private async Task<T> InsistAsync<T>(Func<Task<T>> work, Repeat repeat, CancellationToken cancel)
    {
        var started = Options.Time.GetTimestamp();
        for (var attempt = 1; ; attempt++)
        {
            var wait = TimeSpan.Zero;
            try
            {
                return await work();
            }
            catch (Exception problem)
                when (!cancel.IsCancellationRequested && TransientFaults.Of(problem) is not TransientFault.None and var hindrance)
            {
                var stored = problem is UnknownCommitException ? StoredState.Unknown : StoredState.Not;
                var last =
                    attempt >= (hindrance == TransientFault.Overload ? MostTriesWhenBusy : MostTries)
                    || Options.Time.GetElapsedTime(started) >= Options.Patience;
                if (last && hindrance == TransientFault.Duplicate)
                {
                    throw;
                }
                if (last || (stored == StoredState.Unknown && repeat != Repeat.Always))
                {
                    throw new StoreBusyException(Options.Place, stored, problem);
                }
                // Who is in the way is soon gone; who has too much to do needs time.
                wait = TimeSpan.FromMilliseconds(hindrance == TransientFault.Overload ? 50 << attempt : attempt * attempt);
            }

            await Task.Delay(wait, cancel);
        }
    }

    private async Task<T> TryAsync<T>(Func<StoreWriter, Task<T>> work, CancellationToken cancel)
    {
        await using var db = _context();
        await using var transaction = await db.Database.BeginTransactionAsync(cancel);
        var writer = new StoreWriter(db, Now);
        var result = await work(writer);
        await db.SaveChangesAsync(cancel);
        await writer.AppendAuditAsync(cancel);
        try
        {
            await transaction.CommitAsync(cancel);
        }
        catch (Exception problem) when (TransientFaults.Of(problem) == TransientFault.Overload)
        {
            throw new UnknownCommitException(problem);
        }

        return result;
    }

    private enum Repeat
    {
        UnlessStored,
        Always,
    }
}
