using System.Data.Common;
using Attune.Core;
using Attune.Feedback.Formats;
using Attune.Feedback.Storage;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Npgsql;

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
            throw new AttuneException($"{options.SqliteFile}: no such database. Check --database; `attune serve` and `attune feedback import` make a new one.");
        try
        {
            var store = options.IsPostgreSql ? StoreContexts.PostgreSql(options, Make) : StoreContexts.Sqlite(options, Make);
            await using var db = store._context();
            await db.Database.MigrateAsync(cancel).ConfigureAwait(false);
            return store;
        }
        catch (DbException problem)
        {
            throw new AttuneException($"{options.Place}: the database cannot be used: {problem.Message.TrimEnd('.')}. Check --database, and that the server runs or the file is a feedback store.", problem);
        }

        FeedbackStore Make(Func<FeedbackContext> context, Action close) => new(options, context, close);
    }

    public ValueTask DisposeAsync()
    {
        _turn?.Dispose();
        _close();
        return ValueTask.CompletedTask;
    }

    internal async Task<T> ReadAsync<T>(Func<FeedbackContext, Task<T>> work)
    {
        await using var db = _context();
        return await work(db).ConfigureAwait(false);
    }

    /// <summary>
    /// One transaction: all of <paramref name="work"/> and its audit, or nothing. It is tried again where another one got in its way, so it must
    /// do nothing but read and write the database.
    /// </summary>
    internal async Task<T> WriteAsync<T>(Func<StoreWriter, Task<T>> work, CancellationToken cancel)
    {
        if (_turn is not null)
            await _turn.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            for (var attempt = 1; ; attempt++)
            {
                try
                {
                    return await TryAsync(work, cancel).ConfigureAwait(false);
                }
                catch (Exception problem) when (attempt < MostTries && IsInTheWay(problem))
                {
                    await Task.Delay(attempt, cancel).ConfigureAwait(false);
                }
            }
        }
        finally
        {
            _turn?.Release();
        }
    }

    private async Task<T> TryAsync<T>(Func<StoreWriter, Task<T>> work, CancellationToken cancel)
    {
        await using var db = _context();
        await using var transaction = await db.Database.BeginTransactionAsync(cancel).ConfigureAwait(false);
        var writer = new StoreWriter(db, Now);
        var result = await work(writer).ConfigureAwait(false);
        await db.SaveChangesAsync(cancel).ConfigureAwait(false);
        await writer.AppendAuditAsync(cancel).ConfigureAwait(false);
        await transaction.CommitAsync(cancel).ConfigureAwait(false);
        return result;
    }

    /// <summary>Another transaction held or took what this one wanted; looked at afresh, it will find the other's work done.</summary>
    private static bool IsInTheWay(Exception problem) => problem switch
    {
        DbUpdateException { InnerException: { } inner } => IsInTheWay(inner),
        PostgresException { SqlState: PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected } => true,
        // Busy or locked by another process, or its row came first.
        SqliteException { SqliteErrorCode: 5 or 6 or 19 } => true,
        _ => false,
    };
}
