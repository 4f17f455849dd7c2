using System.Text.Json;
using Attune.Feedback.Labels;
using Attune.Feedback.People;
using Attune.Feedback.Projects;
using Attune.Feedback.Queue;
using Attune.Feedback.Storage;

namespace Attune.Feedback.Tests.People;

/// <summary>Set-up, invitations, sign-in, keys.</summary>
public sealed class PeopleTests
{
    private const string Password = "correct horse battery";

    private static async Task<FeedbackStore> EmptyAsync(Attune.Testing.TemporaryFolder folder, TestClock clock) =>
        await FeedbackStore.OpenAsync(new StoreOptions(folder.File("people.db")) { Time = clock, PasswordRounds = 1000 }, default);

    [Fact]
    public async Task The_set_up_link_makes_one_owner_and_then_there_is_none()
    {
        using var folder = new Attune.Testing.TemporaryFolder();
        await using var store = await EmptyAsync(folder, new TestClock());
        var old = await store.Accounts.SetUpAsync(default);
        var token = await store.Accounts.SetUpAsync(default);

        Assert.IsType<JoinResult.BadLink>(await store.Accounts.JoinAsync(old!, "eve", Password, default));
        Assert.IsType<JoinResult.Invalid>(await store.Accounts.JoinAsync(token!, "ada", "short", default));
        var owner = Assert.IsType<JoinResult.Joined>(await store.Accounts.JoinAsync(token!, "ada", Password, default)).Session;
        Assert.Equal(MemberRole.Owner, owner.Person.Role);
        Assert.IsType<JoinResult.BadLink>(await store.Accounts.JoinAsync(token!, "eve", Password, default));
        Assert.Null(await store.Accounts.SetUpAsync(default));
        Assert.Equal(owner.Person, await store.Accounts.SessionAsync(owner.Token, default));
    }

    [Fact]
    public async Task Sign_in_refuses_wrong_passwords_and_makes_guessing_slow()
    {
        using var folder = new Attune.Testing.TemporaryFolder();
        var clock = new TestClock();
        await using var store = await EmptyAsync(folder, clock);
        await store.Accounts.JoinAsync((await store.Accounts.SetUpAsync(default))!, "Ada", Password, default);

        Assert.IsType<SignInResult.Refused>(await store.Accounts.SignInAsync("nobody", Password, default));
        for (var i = 0; i < 6; i++)
        {
            Assert.IsType<SignInResult.Refused>(await store.Accounts.SignInAsync("ada", "wrong password", default));
            clock.Pass(TimeSpan.FromSeconds(i < 5 ? 1.5 : 0));
        }

        var wait = Assert.IsType<SignInResult.Wait>(await store.Accounts.SignInAsync("ada", Password, default));
        Assert.True(wait.Until > clock.GetUtcNow());
        clock.Pass(TimeSpan.FromMinutes(15));
        var session = Assert.IsType<SignInResult.Welcome>(await store.Accounts.SignInAsync(" ADA ", Password, default)).Session;
        await store.Accounts.SignOutAsync(session.Token, default);
        Assert.Null(await store.Accounts.SessionAsync(session.Token, default));
    }

    [Fact]
    public async Task Sessions_and_invitations_end()
    {
        using var folder = new Attune.Testing.TemporaryFolder();
        var clock = new TestClock();
        await using var store = await EmptyAsync(folder, clock);
        var owner = Assert
            .IsType<JoinResult.Joined>(
                await store.Accounts.JoinAsync((await store.Accounts.SetUpAsync(default))!, "ada", Password, default)
            )
            .Session;
        var project = await store.Projects.CreateAsync(owner.Person.Id, "p", ProjectKind.Rating, new ProjectSettings(), "", default);
        var good = await store.Accounts.InviteAsync(owner.Person.Id, MemberRole.Annotator, project.Id, TimeSpan.FromDays(1), default);
        var late = await store.Accounts.InviteAsync(owner.Person.Id, MemberRole.Annotator, project.Id, TimeSpan.FromDays(1), default);
        var bob = Assert.IsType<JoinResult.Joined>(await store.Accounts.JoinAsync(good.Token, "bob", Password, default)).Session.Person;
        Assert.Equal(MemberRole.Annotator, await store.People.RoleInAsync(project.Id, bob.Id, default));
        Assert.Null(await store.People.RoleInAsync(Guid.NewGuid(), bob.Id, default));
        Assert.Equal(MemberRole.Owner, await store.People.RoleInAsync(project.Id, owner.Person.Id, default));
        clock.Pass(TimeSpan.FromDays(15));
        Assert.IsType<JoinResult.BadLink>(await store.Accounts.JoinAsync(late.Token, "eve", Password, default));
        Assert.Null(await store.Accounts.SessionAsync(owner.Token, default));
    }

    [Theory]
    [InlineData(MemberRole.Annotator)]
    [InlineData(MemberRole.Manager)]
    [InlineData(MemberRole.Reader)]
    public async Task Who_is_invited_to_one_project_is_nothing_elsewhere(MemberRole role)
    {
        using var folder = new Attune.Testing.TemporaryFolder();
        await using var store = await EmptyAsync(folder, new TestClock());
        var owner = Assert
            .IsType<JoinResult.Joined>(
                await store.Accounts.JoinAsync((await store.Accounts.SetUpAsync(default))!, "ada", Password, default)
            )
            .Session.Person;
        var mine = await store.Projects.CreateAsync(owner.Id, "mine", ProjectKind.Rating, new ProjectSettings(), "", default);
        var other = await store.Projects.CreateAsync(owner.Id, "other", ProjectKind.Rating, new ProjectSettings(), "", default);
        var invitation = await store.Accounts.InviteAsync(owner.Id, role, mine.Id, TimeSpan.FromDays(1), default);
        var bob = Assert
            .IsType<JoinResult.Joined>(await store.Accounts.JoinAsync(invitation.Token, "bob", Password, default))
            .Session.Person;
        // Over the installation the role that opens nothing: no projects of one's own, no runs, no list of people.
        Assert.Equal(MemberRole.Annotator, bob.Role);
        Assert.Equal(role, await store.People.RoleInAsync(mine.Id, bob.Id, default));
        Assert.Null(await store.People.RoleInAsync(other.Id, bob.Id, default));
        Assert.Equal([(mine.Id, role)], await store.People.ProjectsOfAsync(bob.Id, default));
        Assert.IsType<ClaimResult.NotAllowed>(await store.Queue.ClaimAsync(other.Id, bob.Id, default));
        await Assert.ThrowsAsync<Core.ConfigurationException>(() =>
            store.Accounts.InviteAsync(owner.Id, MemberRole.Owner, mine.Id, TimeSpan.FromDays(1), default)
        );
    }

    [Fact]
    public async Task An_invitation_can_be_taken_with_the_account_one_has_and_takes_nothing_away()
    {
        using var folder = new Attune.Testing.TemporaryFolder();
        await using var store = await EmptyAsync(folder, new TestClock());
        var owner = Assert
            .IsType<JoinResult.Joined>(
                await store.Accounts.JoinAsync((await store.Accounts.SetUpAsync(default))!, "ada", Password, default)
            )
            .Session.Person;
        var bob = await store.People.AddAsync(owner.Id, "bob", MemberRole.Annotator, default);
        var project = await store.Projects.CreateAsync(owner.Id, "p", ProjectKind.Rating, new ProjectSettings(), "", default);
        async Task<bool> AcceptAsync(MemberRole role, Guid? where) =>
            await store.Accounts.AcceptAsync(
                (await store.Accounts.InviteAsync(owner.Id, role, where, TimeSpan.FromDays(1), default)).Token,
                bob.Id,
                default
            );

        Assert.True(await AcceptAsync(MemberRole.Manager, project.Id));
        Assert.True(await AcceptAsync(MemberRole.Annotator, project.Id));
        Assert.Equal(MemberRole.Manager, await store.People.RoleInAsync(project.Id, bob.Id, default));
        Assert.Equal(MemberRole.Annotator, (await store.People.FindAsync(bob.Id, default))!.Role);
        Assert.True(await AcceptAsync(MemberRole.Manager, null));
        Assert.Equal(MemberRole.Manager, (await store.People.FindAsync(bob.Id, default))!.Role);
        var once = await store.Accounts.InviteAsync(owner.Id, MemberRole.Annotator, project.Id, TimeSpan.FromDays(1), default);
        Assert.True(await store.Accounts.AcceptAsync(once.Token, bob.Id, default));
        Assert.False(await store.Accounts.AcceptAsync(once.Token, bob.Id, default));
        Assert.Null((await store.Audit.VerifyAsync(default)).FirstBroken);
    }

    [Fact]
    public async Task Keys_work_until_revoked_and_no_secret_is_stored_as_it_is()
    {
        using var folder = new Attune.Testing.TemporaryFolder();
        await using var store = await EmptyAsync(folder, new TestClock());
        var owner = Assert
            .IsType<JoinResult.Joined>(
                await store.Accounts.JoinAsync((await store.Accounts.SetUpAsync(default))!, "ada", Password, default)
            )
            .Session;
        var key = await store.Keys.CreateAsync(owner.Person.Id, "ci", [KeyScope.Snapshots], null, default);
        Assert.Equal([KeyScope.Snapshots], (await store.Keys.FindAsync(key.Key, default))!.Scopes);
        Assert.Null(await store.Keys.FindAsync(key.Key + "x", default));
        Assert.False(await store.Keys.RevokeAsync(Guid.NewGuid(), key.Info.Id, default));
        Assert.True(await store.Keys.RevokeAsync(owner.Person.Id, key.Info.Id, default));
        Assert.Null(await store.Keys.FindAsync(key.Key, default));

        await store.DisposeAsync();
        var bytes = System.Text.Encoding.Latin1.GetString([.. Directory.GetFiles(folder.Path).SelectMany(File.ReadAllBytes)]);
        Assert.Contains("pbkdf2-sha256$1000$", bytes, StringComparison.Ordinal);
        Assert.All(new[] { key.Key, owner.Token, Password }, secret => Assert.DoesNotContain(secret, bytes, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Gold_comes_as_often_as_asked_and_poor_work_is_paused()
    {
        await using var test = await TestStore.OpenAsync(
            "SQLite",
            settings: new ProjectSettings
            {
                GoldEvery = 2,
                LeastGoldAccuracy = 0.7,
                GoldBeforePause = 2,
                Shuffle = false,
            }
        );
        await test.Store.Tasks.AddItemsAsync(
            null,
            test.Project.Id,
            [.. Enumerable.Range(0, 3).Select(i => TestStore.Pair(100 + i) with { Expected = ComparisonJudgement.OfStrength(1) })],
            default
        );
        await test.AddPairsAsync(10);
        var seen = new List<string>();
        while (await test.Store.Queue.ClaimAsync(test.Project.Id, test.People[0], default) is ClaimResult.Claimed { Task: var task })
        {
            seen.Add(((Core.Conversations.Prompt.Text)task.Prompt).Value);
            await test.SubmitAsync(test.People[0], task.LeaseId, ComparisonJudgement.OfStrength(8));
        }

        // With a mean interval of two, an interval has at most three tasks.
        Assert.Equal(2, seen.Count(s => s.StartsWith("question 10", StringComparison.Ordinal)));
        Assert.InRange(seen.Count, 2, 6);
        Assert.IsType<ClaimResult.Paused>(await test.Store.Queue.ClaimAsync(test.Project.Id, test.People[0], default));
        var quality = Assert.Single((await test.Store.Quality.OfAsync(test.Project.Id, default)).Annotators);
        Assert.Equal((0, 2, seen.Count), (quality.GoldRight, quality.GoldAnswered, quality.Labels));
        await test.Store.People.PauseAsync(test.Owner, test.Project.Id, test.People[0], null, default);
        Assert.IsType<ClaimResult.Claimed>(await test.Store.Queue.ClaimAsync(test.Project.Id, test.People[0], default));
    }

    [Fact]
    public async Task Repeats_measure_how_far_a_person_agrees_with_themselves()
    {
        await using var test = await TestStore.OpenAsync(
            "SQLite",
            settings: new ProjectSettings
            {
                RepeatEvery = 1,
                RepeatDistance = 1,
                Shuffle = false,
            }
        );
        await test.AddPairsAsync(4);
        for (var i = 0; i < 8; i++)
        {
            test.Clock.Pass(TimeSpan.FromMinutes(1));
            var task = await test.ClaimAsync(test.People[0]);
            await test.SubmitAsync(test.People[0], task.LeaseId, ComparisonJudgement.OfStrength(i == 7 ? 8 : 1));
        }

        Assert.IsType<ClaimResult.NothingLeft>(await test.Store.Queue.ClaimAsync(test.Project.Id, test.People[0], default));
        var quality = Assert.Single((await test.Store.Quality.OfAsync(test.Project.Id, default)).Annotators);
        Assert.Equal((3, 4), (quality.RepeatsAlike, quality.Repeats));
        Assert.Equal(7 / 8.0, quality.FirstShown!.Value, 9);
        Assert.Equal(4, (await test.Store.Projects.ProgressAsync(test.Project.Id, default)).Done);
    }

    [Fact]
    public async Task Chat_turns_are_kept_as_they_happen_and_strengths_follow_the_order_shown()
    {
        await using var test = await TestStore.OpenAsync("SQLite", ProjectKind.Chat);
        await test.Store.Tasks.AddItemsAsync(
            null,
            test.Project.Id,
            [new NewItem(new ItemContent(new Core.Conversations.Prompt.Text("Ask about cheese"), []))],
            default
        );
        var task = await test.ClaimAsync(test.People[0]);
        for (var turn = 0; turn < 3; turn++)
        {
            var conversation = await test.Store.Chats.ConversationAsync(task.LeaseId, test.People[0], $"question {turn}", default);
            Assert.Equal((2 * turn) + 1, conversation!.Messages.Length);
            Assert.All(
                conversation.Messages.Where(m => m.Role == Core.Conversations.Role.Assistant),
                m => Assert.StartsWith("good", m.Content, StringComparison.Ordinal)
            );
            var stored = Assert
                .IsType<TurnResult.Stored>(
                    await test.Store.Chats.AddTurnAsync(
                        task.LeaseId,
                        test.People[0],
                        turn,
                        $"question {turn}",
                        [new ChatReply($"good {turn}", "p1"), new ChatReply($"bad {turn}", "p2")],
                        default
                    )
                )
                .Turn;
            Assert.IsType<TurnResult.OutOfOrder>(
                await test.Store.Chats.AddTurnAsync(
                    task.LeaseId,
                    test.People[0],
                    turn + 1,
                    "",
                    [new ChatReply("a"), new ChatReply("b")],
                    default
                )
            );
            var good = stored.Replies.IndexOf($"good {turn}");
            Assert.Equal(
                good,
                Assert
                    .IsType<TurnResult.Stored>(await test.Store.Chats.ChooseAsync(task.LeaseId, test.People[0], turn, good, default))
                    .Turn.Chosen
            );
        }

        var shown = await test.Store.Queue.FindAsync(task.LeaseId, test.People[0], default);
        Assert.DoesNotContain("p1", JsonSerializer.Serialize(shown, StoreJson.Options), StringComparison.Ordinal);
        await test.SubmitAsync(
            test.People[0],
            task.LeaseId,
            new ChatJudgement(
                [
                    .. shown!.Turns.Select(t => new TurnJudgement(
                        t.Number,
                        t.Replies[0].StartsWith("good", StringComparison.Ordinal) ? 2 : 7
                    )),
                ],
                4
            )
        );
        var label = Assert.Single(Assert.Single(await test.Store.Tasks.ListAsync(test.Project.Id, -1, 9, default)).Labels);
        Assert.All(Assert.IsType<ChatJudgement>(label.Judgement).Turns, t => Assert.Equal(2, t.Strength));
    }
}
