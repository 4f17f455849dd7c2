using System.Text;
using System.Text.Json;
using Attune.Feedback.Labels;
using Attune.Feedback.People;
using Attune.Feedback.Queue;
using Attune.Feedback.Storage;
using Npgsql;

namespace Attune.Feedback.Tests.Privacy;

/// <summary>What is erased is gone from the files, not from the tables alone; and what still holds it is named.</summary>
public sealed class ErasureTests
{
    private const string Secret = "my-neighbour-Quirin-said";
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static async Task<Guid> JoinAsync(TestStore test, string name, MemberRole role = MemberRole.Annotator)
    {
        var project = role == MemberRole.Owner ? (Guid?)null : test.Project.Id;
        var invitation = await test.Store.Accounts.InviteAsync(test.Owner, role, project, TimeSpan.FromDays(1), Cancel);
        return Assert
            .IsType<JoinResult.Joined>(await test.Store.Accounts.JoinAsync(invitation.Token, name, "a long password", Cancel))
            .Session.Person.Id;
    }

    /// <summary>Labels, drafts, an undone answer, a skip, decisions, a key, a pause: words in every table.</summary>
    private static async Task SpeakAsync(TestStore test, Guid person)
    {
        for (var i = 0; i < 40; i++)
        {
            test.Clock.Pass(TimeSpan.FromMinutes(1));
            var task = await test.ClaimAsync(person);
            var draft = JsonSerializer.SerializeToElement(new { text = $"{Secret} draft {i} {new string('d', 3000)}" });
            await test.Store.Queue.SaveDraftAsync(task.LeaseId, person, draft, Cancel);
            if (i % 10 == 9)
            {
                await test.Store.Queue.SkipAsync(person, Guid.NewGuid(), task.LeaseId, $"{Secret} skip", Cancel);
                continue;
            }
            var words = $"{Secret} label {i} {new string('x', 5000)}";
            await test.SubmitAsync(person, task.LeaseId, ComparisonJudgement.OfStrength(1, words));
            if (i % 10 == 3)
            {
                await test.Store.Queue.UndoAsync(test.Project.Id, person, Guid.NewGuid(), null, Cancel);
                await test.SubmitAsync(person, task.LeaseId, ComparisonJudgement.OfStrength(2, Secret + " again"));
            }
        }

        var disputed = (await test.Store.Tasks.ListAsync(test.Project.Id, -1, 1, Cancel))[0];
        Assert.Empty(
            await test.Store.Quality.AdjudicateAsync(
                test.Owner,
                test.Project.Id,
                disputed.Id,
                disputed.Labels[0].Judgement!,
                "well founded",
                Cancel
            )
        );
        test.Clock.Pass(TimeSpan.FromMinutes(1));
        Assert.Empty(
            await test.Store.Quality.AdjudicateAsync(
                person,
                test.Project.Id,
                disputed.Id,
                ComparisonJudgement.OfStrength(8),
                Secret + " reason",
                Cancel
            )
        );
        await test.Store.Keys.CreateAsync(person, Secret + " key", [KeyScope.Annotate], null, Cancel);
        await test.Store.People.PauseAsync(test.Owner, test.Project.Id, person, Secret + " pause", Cancel);
    }

    private static int Count(byte[] bytes, string text) => Encoding.Latin1.GetString(bytes).Split(text).Length - 1;

    private static int InFiles(string folder) =>
        Directory
            .GetFiles(folder)
            .Where(f => !f.EndsWith(".gz", StringComparison.Ordinal))
            .Sum(f =>
            {
                using var stream = new FileStream(f, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
                var copy = new MemoryStream();
                stream.CopyTo(copy);
                return Count(copy.ToArray(), Secret) + Count(copy.ToArray(), "Quirin Quack");
            });

    [Fact]
    public async Task Nothing_of_an_erased_person_is_left_in_the_bytes_of_the_sqlite_files()
    {
        await using var test = await TestStore.OpenAsync("SQLite", settings: new ProjectSettings { Quota = 2 });
        await test.AddPairsAsync(40);
        var person = await JoinAsync(test, "Quirin Quack");
        await SpeakAsync(test, person);
        var other = await test.ClaimAsync(test.People[0]);
        await test.SubmitAsync(test.People[0], other.LeaseId, ComparisonJudgement.OfStrength(3, "a word of someone else"));
        var folder = Path.GetDirectoryName(test.File("x"))!;
        Assert.True(InFiles(folder) > 40);

        var report = await test.Store.Erasure.EraseAsync(test.Owner, person, Cancel);

        Assert.Null(report.Remains);
        // The store is open and in use: the log beside the file is searched too.
        Assert.Equal(0, InFiles(folder));
        Assert.Null((await test.Store.Audit.VerifyAsync(Cancel)).FirstBroken);
        var kept = await test.Store.Tasks.ListAsync(test.Project.Id, -1, 100, Cancel);
        Assert.Contains(kept.SelectMany(t => t.Labels), l => l.Judgement?.Comment == "a word of someone else");
        // What was decided stands; the words are gone.
        Assert.Equal((ComparisonJudgement.OfStrength(8), ""), ((ComparisonJudgement)kept[0].Adjudicated!, kept[0].AdjudicationReason!));
        await test.Store.DisposeAsync();
        Assert.Equal(0, InFiles(folder));
    }

    [Fact]
    public async Task Nor_in_the_tables_files_of_postgresql()
    {
        await using var test = await TestStore.OpenAsync("PostgreSQL", settings: new ProjectSettings { Quota = 2 });
        await test.AddPairsAsync(40);
        var person = await JoinAsync(test, "Quirin Quack");
        await SpeakAsync(test, person);
        Assert.True(await InTablesAsync(test) > 0);
        var report = await test.Store.Erasure.EraseAsync(test.Owner, person, Cancel);
        Assert.Contains("write-ahead log", report.Remains, StringComparison.Ordinal);
        Assert.Equal(0, await InTablesAsync(test));
        Assert.Null((await test.Store.Audit.VerifyAsync(Cancel)).FirstBroken);
    }

    /// <summary>How often the words stand in the files of the database's tables, after everything was written to them.</summary>
    private static async Task<int> InTablesAsync(TestStore test)
    {
        await using var connection = new NpgsqlConnection(test.Options.Database);
        await connection.OpenAsync(Cancel);
        async Task<string> AskAsync(string sql)
        {
            await using var command = new NpgsqlCommand(sql, connection);
            return (string)(await command.ExecuteScalarAsync(Cancel))!;
        }

        await using (var checkpoint = new NpgsqlCommand("CHECKPOINT", connection))
        {
            await checkpoint.ExecuteNonQueryAsync(Cancel);
        }
        var place = Path.GetDirectoryName(
            Path.Combine(await AskAsync("SHOW data_directory"), await AskAsync("SELECT pg_relation_filepath('person')"))
        )!;
        Assert.SkipUnless(Directory.Exists(place) && Environment.UserName is "root" or "postgres", "needs to read the server's files");
        return Directory.GetFiles(place).Sum(f => Count(File.ReadAllBytes(f), Secret) + Count(File.ReadAllBytes(f), "Quirin Quack"));
    }

    [Theory]
    [MemberData(nameof(TestStore.Databases), MemberType = typeof(TestStore))]
    public async Task Backups_that_still_hold_the_person_are_named_and_earlier_ones_are_not(string database)
    {
        await using var test = await TestStore.OpenAsync(database);
        await test.AddPairsAsync(2);
        var (before, after, gone) = (test.File("before.jsonl.gz"), test.File("after.jsonl.gz"), test.File("gone.jsonl.gz"));
        await test.Store.Backups.WriteAsync(before, Cancel);
        test.Clock.Pass(TimeSpan.FromHours(1));
        var person = await JoinAsync(test, "Quirin Quack");
        await test.SubmitAsync(person, (await test.ClaimAsync(person)).LeaseId, ComparisonJudgement.OfStrength(1, Secret));
        test.Clock.Pass(TimeSpan.FromHours(1));
        await test.Store.Backups.WriteAsync(after, Cancel);
        await test.Store.Backups.WriteAsync(gone, Cancel);
        File.Delete(gone);
        Assert.Equal(2, (await test.Store.Erasure.PreviewAsync(person, Cancel)).Backups.Count);

        var report = await test.Store.Erasure.EraseAsync(test.Owner, person, Cancel);

        Assert.Equal([(after, true), (gone, false)], report.Backups.Select(b => (b.File, b.IsThere)));
        Assert.Equal(test.Clock.GetUtcNow(), report.Backups[0].At);
        Assert.Null((await test.Store.Audit.VerifyAsync(Cancel)).FirstBroken);
    }

    [Theory]
    [MemberData(nameof(TestStore.Databases), MemberType = typeof(TestStore))]
    public async Task The_only_owner_is_neither_erased_nor_disabled(string database)
    {
        await using var test = await TestStore.OpenAsync(database);
        var olga = await JoinAsync(test, "Olga", MemberRole.Owner);
        var problem = await Assert.ThrowsAsync<Core.AttuneException>(() => test.Store.Erasure.EraseAsync(test.Owner, olga, Cancel));
        Assert.Contains("only owner", problem.Message, StringComparison.Ordinal);
        Assert.Contains("only owner", Assert.Single(await test.Store.People.SetDisabledAsync(test.Owner, olga, true, Cancel)));
        Assert.Contains("yourself", Assert.Single(await test.Store.People.SetDisabledAsync(olga, olga, true, Cancel)));
        var otto = await JoinAsync(test, "Otto", MemberRole.Owner);
        await test.Store.Erasure.EraseAsync(otto, olga, Cancel);
        Assert.Equal("erased", (await test.Store.People.FindAsync(olga, Cancel))!.State);
    }

    [Theory]
    [MemberData(nameof(TestStore.Databases), MemberType = typeof(TestStore))]
    public async Task Who_is_disabled_is_out_until_enabled_and_their_labels_stay(string database)
    {
        await using var test = await TestStore.OpenAsync(database);
        await test.AddPairsAsync(2);
        var anna = await JoinAsync(test, "Anna");
        var session = Assert.IsType<SignInResult.Welcome>(await test.Store.Accounts.SignInAsync("Anna", "a long password", Cancel)).Session;
        var key = await test.Store.Keys.CreateAsync(anna, "laptop", [KeyScope.Annotate], null, Cancel);
        await test.SubmitAsync(anna, (await test.ClaimAsync(anna)).LeaseId, ComparisonJudgement.OfStrength(1));
        var held = await test.ClaimAsync(anna);

        Assert.Empty(await test.Store.People.SetDisabledAsync(test.Owner, anna, true, Cancel));
        Assert.Null(await test.Store.Accounts.SessionAsync(session.Token, Cancel));
        Assert.Null(await test.Store.Keys.FindAsync(key.Key, Cancel));
        Assert.IsType<SignInResult.Disabled>(await test.Store.Accounts.SignInAsync("Anna", "a long password", Cancel));
        Assert.IsType<SignInResult.Refused>(await test.Store.Accounts.SignInAsync("Anna", "another password", Cancel));
        Assert.IsType<ClaimResult.Paused>(await test.Store.Queue.ClaimAsync(test.Project.Id, anna, Cancel));
        // What was in their hands is free at once.
        Assert.Equal(held.TaskId, (await test.ClaimAsync(test.People[0])).TaskId);
        Assert.Equal(1, (await test.Store.Projects.ProgressAsync(test.Project.Id, Cancel)).Done);

        Assert.Empty(await test.Store.People.SetDisabledAsync(test.Owner, anna, false, Cancel));
        Assert.IsType<SignInResult.Welcome>(await test.Store.Accounts.SignInAsync("Anna", "a long password", Cancel));
    }

    [Theory]
    [MemberData(nameof(TestStore.Databases), MemberType = typeof(TestStore))]
    public async Task Open_invitations_are_listed_and_a_revoked_one_lets_nobody_in(string database)
    {
        await using var test = await TestStore.OpenAsync(database);
        var (accounts, invitations) = (test.Store.Accounts, test.Store.Invitations);
        var toProject = await accounts.InviteAsync(test.Owner, MemberRole.Annotator, test.Project.Id, TimeSpan.FromDays(7), Cancel);
        test.Clock.Pass(TimeSpan.FromSeconds(1));
        var toAll = await accounts.InviteAsync(test.Owner, MemberRole.Manager, null, TimeSpan.FromDays(1), Cancel);
        var used = await accounts.InviteAsync(test.Owner, MemberRole.Reader, test.Project.Id, TimeSpan.FromDays(7), Cancel);
        Assert.IsType<JoinResult.Joined>(await accounts.JoinAsync(used.Token, "Rita", "a long password", Cancel));

        var open = await invitations.ListAsync(null, Cancel);
        Assert.Equal(
            [(MemberRole.Annotator, "test", "owner"), (MemberRole.Manager, (string?)null, "owner")],
            open.Select(i => (i.Role, i.Project, i.By!))
        );
        Assert.Equal(toProject.ExpiresAt, open[0].ExpiresAt);
        Assert.Equal([open[0]], await invitations.ListAsync(test.Project.Id, Cancel));
        // A manager of one project revokes none of the others.
        Assert.False(await invitations.RevokeAsync(test.Owner, open[1].Id, test.Project.Id, Cancel));
        Assert.True(await invitations.RevokeAsync(test.Owner, open[0].Id, test.Project.Id, Cancel));
        Assert.False(await invitations.RevokeAsync(test.Owner, open[0].Id, null, Cancel));
        Assert.IsType<JoinResult.BadLink>(await accounts.JoinAsync(toProject.Token, "Mallory", "a long password", Cancel));
        test.Clock.Pass(TimeSpan.FromDays(2));
        Assert.Empty(await invitations.ListAsync(null, Cancel));
        Assert.IsType<JoinResult.BadLink>(await accounts.JoinAsync(toAll.Token, "Mallory", "a long password", Cancel));
    }
}
