using System.Data.Common;
using Attune.Core;
using Microsoft.EntityFrameworkCore;

namespace Attune.Feedback.Storage;

/// <summary>
/// Transactions on the store's database: each is done whole or not at all, and repeated where another one got in its way. Safe to use from
/// many threads.
/// </summary>
internal sealed class StoreDatabase : IDisposable
{
    private const int MaxAttempts = 20;
    private const int MaxAttemptsUnderLoad = 6;
    private readonly Func<FeedbackContext> _context;
    private readonly Action _close;

    // SQLite has one writer at a time. Waiting here is fair and quick; waiting inside SQLite is polling.
    private readonly SemaphoreSlim? _turn;

    internal StoreDatabase(StoreOptions options, Func<FeedbackContext> context, Action close)
    {
        (Options, _context, _close) = (options, context, close);
        _turn = options.IsPostgreSql ? null : new SemaphoreSlim(1, 1);
    }

    public StoreOptions Options { get; }

    /// <summary>The current time in Unix milliseconds.</summary>
    public long Now => Options.Time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Opens the database, creates it where it does not exist, and applies outstanding migrations.</summary>
    /// <exception cref="AttuneException">The database cannot be reached or is not a feedback store.</exception>
    public static async Task<StoreDatabase> OpenAsync(StoreOptions options, CancellationToken cancel)
    {
        if (!options.IsPostgreSql && !options.Create && !File.Exists(options.SqliteFile))
        {
            throw new AttuneException(
                $"{options.SqliteFile}: no such database. Check --database; `attune serve` and `attune feedback import` make a new one."
            );
        }
        try
        {
            var database = options.IsPostgreSql ? StoreContexts.PostgreSql(options) : StoreContexts.Sqlite(options);
            await using var db = database._context();
            await db.Database.MigrateAsync(cancel);
            return database;
        }
        catch (DbException problem)
        {
            throw new AttuneException(
                $"{options.Place}: the database cannot be used: {problem.Message.TrimEnd('.')}. Check --database, and that the "
                    + "server runs or the file is a feedback store.",
                problem
            );
        }
    }

    public void Dispose()
    {
        _turn?.Dispose();
        _close();
    }

    /// <summary>Reads, and tries again where the database was too busy to answer: a read can always be repeated.</summary>
    /// <exception cref="StoreBusyException">The database was too busy for too long.</exception>
    public Task<T> ReadAsync<T>(Func<FeedbackContext, Task<T>> work) =>
        RetryAsync(
            async () =>
            {
                await using var db = _context();
                return await work(db);
            },
            Repeat.Always,
            CancellationToken.None
        );

    /// <summary>
    /// One transaction: all of <paramref name="work"/> and its audit entries, or nothing. It is repeated where another transaction got in
    /// its way, so it must do nothing but read and write the database.
    /// </summary>
    /// <exception cref="StoreBusyException">The database was too busy for too long, or the commit got no answer.</exception>
    public Task<T> WriteAsync<T>(Func<StoreWriter, Task<T>> work, CancellationToken cancel) =>
        WriteAsync(work, Repeat.UnlessStored, cancel);

    /// <summary>
    /// As <see cref="WriteAsync{T}(Func{StoreWriter, Task{T}}, CancellationToken)"/>, for idempotent work: it carries an id, or writes the
    /// same again.
    /// </summary>
    public Task<T> WriteAgainAsync<T>(Func<StoreWriter, Task<T>> work, CancellationToken cancel) => WriteAsync(work, Repeat.Always, cancel);

    /// <summary>Rewrites the files, so that what was erased is gone from them (<see cref="DatabaseScrub"/>).</summary>
    /// <returns>What may be left, as a sentence; null for nothing.</returns>
    public async Task<string?> ScrubAsync(CancellationToken cancel)
    {
        if (_turn is not null && !await _turn.WaitAsync(Options.Patience, cancel))
        {
            return "The database was too busy to be rewritten, so the old text may still be in its files. Run the erasure again.";
        }
        try
        {
            await using var db = _context();
            return await DatabaseScrub.RunAsync(db, cancel);
        }
        finally
        {
            _turn?.Release();
        }
    }

    private async Task<T> WriteAsync<T>(Func<StoreWriter, Task<T>> work, Repeat repeat, CancellationToken cancel)
    {
        if (_turn is not null && !await _turn.WaitAsync(Options.Patience, cancel))
        {
            throw new StoreBusyException(Options.Place, StoredState.Not, new TimeoutException("its turn to write did not come in time"));
        }
        try
        {
            return await RetryAsync(() => TryAsync(work, cancel), repeat, cancel);
        }
        finally
        {
            _turn?.Release();
        }
    }

    /// <summary>Tries again, a bounded number of times and no longer than <see cref="StoreOptions.Patience"/>.</summary>
    private async Task<T> RetryAsync<T>(Func<Task<T>> work, Repeat repeat, CancellationToken cancel)
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
                when (!cancel.IsCancellationRequested && TransientFaults.Of(problem) is not TransientFault.None and var fault)
            {
                var last =
                    attempt >= (fault == TransientFault.Overload ? MaxAttemptsUnderLoad : MaxAttempts)
                    || Options.Time.GetElapsedTime(started) >= Options.Patience;
                if (last && fault == TransientFault.Duplicate)
                {
                    throw;
                }
                var stored = problem is UnknownCommitException ? StoredState.Unknown : StoredState.Not;
                if (last || (stored == StoredState.Unknown && repeat != Repeat.Always))
                {
                    throw new StoreBusyException(Options.Place, stored, problem);
                }
                // A conflicting transaction ends soon; an overloaded server needs time.
                wait = TimeSpan.FromMilliseconds(fault == TransientFault.Overload ? 50 << attempt : attempt * attempt);
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
