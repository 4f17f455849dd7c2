using System.Diagnostics;
using Attune.Feedback.Labels;
using Attune.Feedback.Queue;
using Attune.Feedback.Storage;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Attune.Feedback.Tests.Storage;

/// <summary>
/// A database that has too much to do: what may be done again is done again, a bounded number of times; else one clear refusal, and nothing
/// half stored.
/// </summary>
public sealed class BusyStoreTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>A store that is impatient: one second a statement, two in all.</summary>
    private static Task<FeedbackStore> ImpatientAsync(TestStore test, string more = "") =>
        FeedbackStore.OpenAsync(
            new StoreOptions(
                test.Options.IsPostgreSql
                    ? $"{test.Options.Database};{(more.Length > 0 ? more : "Command Timeout=1")}"
                    : test.Options.Database
            )
            {
                Time = test.Clock,
                Patience = TimeSpan.FromSeconds(2),
                PasswordRounds = 1000,
            },
            Cancel
        );

    /// <summary>Somebody else's transaction that holds the audit's newest link, which every label needs.</summary>
    private static async Task<NpgsqlTransaction> HoldChainAsync(TestStore test, NpgsqlConnection connection)
    {
        await connection.OpenAsync(Cancel);
        var transaction = await connection.BeginTransactionAsync(Cancel);
        await ExecuteAsync(connection, "SELECT * FROM chain_head FOR UPDATE");
        return transaction;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Cancel);
    }

    [Fact]
    public async Task A_statement_that_waits_too_long_is_tried_again()
    {
        await using var test = await TestStore.OpenAsync("PostgreSQL");
        await test.AddPairsAsync(1);
        await using var store = await ImpatientAsync(test);
        var task = await test.ClaimAsync(test.People[0]);
        await using var other = new NpgsqlConnection(test.Options.Database);
        await using var holding = await HoldChainAsync(test, other);
        var submit = store.Queue.SubmitAsync(
            test.People[0],
            new Submission(Guid.NewGuid(), task.LeaseId, ComparisonJudgement.OfStrength(2)),
            Cancel
        );
        // Longer than a statement may wait, shorter than two.
        await Task.Delay(1400, Cancel);
        Assert.False(submit.IsCompleted);
        await holding.RollbackAsync(Cancel);
        Assert.False(Assert.IsType<SubmitResult.Accepted>(await submit).Repeated);
        Assert.Equal(1, (await test.Store.Projects.ProgressAsync(test.Project.Id, Cancel)).Done);
    }

    [Theory]
    [InlineData("Command Timeout=1")]
    [InlineData("Options=-c statement_timeout=600")]
    [InlineData("Options=-c lock_timeout=600")]
    public async Task Too_long_is_refused_clearly_stores_nothing_and_the_same_submit_is_taken_later(string limit)
    {
        await using var test = await TestStore.OpenAsync("PostgreSQL");
        await test.AddPairsAsync(1);
        await using var store = await ImpatientAsync(test, limit);
        var task = await test.ClaimAsync(test.People[0]);
        var submission = new Submission(Guid.NewGuid(), task.LeaseId, ComparisonJudgement.OfStrength(2));
        await using var other = new NpgsqlConnection(test.Options.Database);
        await using (await HoldChainAsync(test, other))
        {
            var clock = Stopwatch.StartNew();
            var busy = await Assert.ThrowsAsync<StoreBusyException>(() => store.Queue.SubmitAsync(test.People[0], submission, Cancel));
            Assert.InRange(clock.Elapsed.TotalSeconds, 0.5, 30);
            Assert.Equal(StoredState.Not, busy.Stored);
            Assert.Contains("Nothing was stored; try again", busy.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("Password", busy.Message, StringComparison.OrdinalIgnoreCase);
        }

        Assert.Equal(0, (await test.Store.Projects.ProgressAsync(test.Project.Id, Cancel)).Done);
        Assert.False(Assert.IsType<SubmitResult.Accepted>(await store.Queue.SubmitAsync(test.People[0], submission, Cancel)).Repeated);
        Assert.Null((await test.Store.Audit.VerifyAsync(Cancel)).FirstBroken);
    }

    [Fact]
    public async Task A_deadlock_is_taken_back_and_tried_again()
    {
        await using var test = await TestStore.OpenAsync("PostgreSQL");
        await test.AddPairsAsync(1);
        var task = await test.ClaimAsync(test.People[0]);
        await using var other = new NpgsqlConnection(test.Options.Database);
        await using var holding = await HoldChainAsync(test, other);
        // The submit has the slot and wants the chain; the other has the chain and wants the slot.
        var submit = test.Store.Queue.SubmitAsync(
            test.People[0],
            new Submission(Guid.NewGuid(), task.LeaseId, ComparisonJudgement.OfStrength(2)),
            Cancel
        );
        await Task.Delay(300, Cancel);
        await ExecuteAsync(other, "UPDATE slot SET priority = priority");
        await holding.CommitAsync(Cancel);
        Assert.IsType<SubmitResult.Accepted>(await submit);
        await using var counting = new NpgsqlCommand("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()", other);
        var deadlocks = 0L;
        for (var i = 0; i < 50 && deadlocks == 0; i++)
        {
            await ExecuteAsync(other, "SELECT pg_stat_clear_snapshot()");
            deadlocks = (long)(await counting.ExecuteScalarAsync(Cancel))!;
            await Task.Delay(100, Cancel);
        }

        Assert.True(deadlocks > 0, "there was no deadlock to be tried again");
        Assert.Equal(1, (await test.Store.Projects.ProgressAsync(test.Project.Id, Cancel)).Done);
    }

    [Theory]
    [MemberData(nameof(TestStore.Databases), MemberType = typeof(TestStore))]
    public async Task A_write_that_other_work_gets_in_the_way_of_is_tried_again_whole(string database)
    {
        await using var test = await TestStore.OpenAsync(database);
        var tries = 0;
        var name = await test.Store.Database.WriteAsync(
            writer =>
            {
                writer.Audit(null, "test", "", new { tries });
                // As the layers between wrap it.
                return ++tries < 4
                    ? throw new InvalidOperationException(
                        "transient",
                        new PostgresException("could not serialize access", "ERROR", "ERROR", PostgresErrorCodes.SerializationFailure)
                    )
                    : Task.FromResult("done");
            },
            Cancel
        );
        Assert.Equal(("done", 4), (name, tries));
        Assert.Single(await test.Store.Audit.ReadAsync(0, int.MaxValue, Cancel), a => a.Action == "test");
    }

    [Fact]
    public async Task A_commit_without_an_answer_is_done_again_only_where_that_stores_once()
    {
        await using var test = await TestStore.OpenAsync("SQLite");
        var lost = new UnknownCommitException(new NpgsqlException("broken", new IOException("reset")));
        var tries = 0;
        var busy = await Assert.ThrowsAsync<StoreBusyException>(() =>
            test.Store.Database.WriteAsync<int>(_ => ++tries > 0 ? throw lost : Task.FromResult(0), Cancel)
        );
        Assert.Equal((1, StoredState.Unknown), (tries, busy.Stored));
        Assert.Contains("It is unknown whether this was stored", busy.Message, StringComparison.Ordinal);
        tries = 0;
        Assert.Equal(2, await test.Store.Database.WriteAgainAsync(_ => ++tries < 2 ? throw lost : Task.FromResult(tries), Cancel));
    }

    [Fact]
    public async Task A_fault_is_not_tried_again()
    {
        await using var test = await TestStore.OpenAsync("SQLite");
        var tries = 0;
        await Assert.ThrowsAsync<InvalidOperationException>(() =>
            test.Store.Database.WriteAsync<int>(
                _ => ++tries > 0 ? throw new InvalidOperationException("a fault") : Task.FromResult(0),
                Cancel
            )
        );
        Assert.Equal(1, tries);
    }

    [Fact]
    public async Task A_lost_connection_is_made_anew()
    {
        await using var test = await TestStore.OpenAsync("PostgreSQL");
        await test.AddPairsAsync(1);
        var task = await test.ClaimAsync(test.People[0]);
        await using var other = new NpgsqlConnection(test.Options.Database);
        await using var holding = await HoldChainAsync(test, other);
        var submit = test.Store.Queue.SubmitAsync(
            test.People[0],
            new Submission(Guid.NewGuid(), task.LeaseId, ComparisonJudgement.OfStrength(2)),
            Cancel
        );
        await Task.Delay(300, Cancel);
        await ExecuteAsync(
            other,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        );
        await holding.RollbackAsync(Cancel);
        Assert.IsType<SubmitResult.Accepted>(await submit);
        Assert.Equal(1, (await test.Store.Projects.ProgressAsync(test.Project.Id, Cancel)).Done);
    }

    [Fact]
    public async Task A_sqlite_file_that_another_program_writes_is_waited_for_and_then_refused()
    {
        await using var test = await TestStore.OpenAsync("SQLite");
        await test.AddPairsAsync(1);
        await using var store = await ImpatientAsync(test);
        var task = await test.ClaimAsync(test.People[0]);
        var submission = new Submission(Guid.NewGuid(), task.LeaseId, ComparisonJudgement.OfStrength(2));
        await using var other = new SqliteConnection($"Data Source={test.Options.Database}");
        await other.OpenAsync(Cancel);
        await using (await other.BeginTransactionAsync(Cancel))
        {
            Assert.Equal(
                StoredState.Not,
                (await Assert.ThrowsAsync<StoreBusyException>(() => store.Queue.SubmitAsync(test.People[0], submission, Cancel))).Stored
            );
            // Reading waits for nobody.
            Assert.Equal(0, (await store.Projects.ProgressAsync(test.Project.Id, Cancel)).Done);
        }

        Assert.IsType<SubmitResult.Accepted>(await store.Queue.SubmitAsync(test.People[0], submission, Cancel));
    }
}
