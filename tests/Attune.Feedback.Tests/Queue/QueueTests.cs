using Attune.Core.Conversations;
using Attune.Feedback.Labels;
using Attune.Feedback.Projects;
using Attune.Feedback.Queue;
using Attune.Feedback.Storage;

namespace Attune.Feedback.Tests.Queue;

/// <summary>The protocol: claims, leases, submits, undo. Everything runs on both databases.</summary>
public sealed class QueueTests
{
    [Theory]
    [MemberData(nameof(TestStore.Databases), MemberType = typeof(TestStore))]
    public async Task A_label_goes_from_claim_to_receipt_and_the_same_submit_again_gives_the_same_receipt(string database)
    {
        await using var test = await TestStore.OpenAsync(database);
        await test.AddPairsAsync(1);
        var task = await test.ClaimAsync(test.People[0]);
        var submission = new Submission(Guid.NewGuid(), task.LeaseId, ComparisonJudgement.OfStrength(2))
        {
            Active = TimeSpan.FromSeconds(9),
        };

        var first = Assert.IsType<SubmitResult.Accepted>(await test.Store.Queue.SubmitAsync(test.People[0], submission, default));
        var again = Assert.IsType<SubmitResult.Accepted>(await test.Store.Queue.SubmitAsync(test.People[0], submission, default));

        Assert.False(first.Repeated);
        Assert.True(again.Repeated);
        Assert.Equal(first.Receipt, again.Receipt);
        Assert.Equal(1, (await test.Store.Projects.ProgressAsync(test.Project.Id, default)).Done);
        Assert.IsType<ClaimResult.NothingLeft>(await test.Store.Queue.ClaimAsync(test.Project.Id, test.People[1], default));
    }

    [Theory]
    [MemberData(nameof(TestStore.Databases), MemberType = typeof(TestStore))]
    public async Task One_id_cannot_say_two_things_and_one_task_cannot_get_two_labels_of_a_person(string database)
    {
        await using var test = await TestStore.OpenAsync(database, settings: new ProjectSettings { Quota = 2 });
        await test.AddPairsAsync(1);
        var task = await test.ClaimAsync(test.People[0]);
        var id = Guid.NewGuid();
        var receipt = await test.SubmitAsync(test.People[0], task.LeaseId, ComparisonJudgement.OfStrength(2), id);

        Assert.IsType<SubmitResult.Conflict>(
            await test.Store.Queue.SubmitAsync(test.People[0], new Submission(id, task.LeaseId, ComparisonJudgement.OfStrength(3)), default)
        );
        Assert.IsType<SubmitResult.Conflict>(
            await test.Store.Queue.SubmitAsync(test.People[1], new Submission(id, task.LeaseId, ComparisonJudgement.OfStrength(2)), default)
        );
        var second = await test.Store.Queue.SubmitAsync(
            test.People[0],
            new Submission(Guid.NewGuid(), task.LeaseId, ComparisonJudgement.OfStrength(3)),
            default
        );
        Assert.Equal(receipt, Assert.IsType<SubmitResult.AlreadySubmitted>(second).Earlier);
    }

    [Theory]
    [MemberData(nameof(TestStore.Databases), MemberType = typeof(TestStore))]
    public async Task A_lease_is_the_persons_own(string database)
    {
        await using var test = await TestStore.OpenAsync(database);
        await test.AddPairsAsync(1);
        var task = await test.ClaimAsync(test.People[0]);

        Assert.IsType<SubmitResult.NotFound>(
            await test.Store.Queue.SubmitAsync(
                test.People[1],
                new Submission(Guid.NewGuid(), task.LeaseId, ComparisonJudgement.OfStrength(1)),
                default
            )
        );
        Assert.IsType<SubmitResult.NotFound>(await test.Store.Queue.SkipAsync(test.People[1], Guid.NewGuid(), task.LeaseId, "no", default));
        Assert.IsType<HeartbeatResult.Lost>(await test.Store.Queue.HeartbeatAsync(task.LeaseId, test.People[1], default));
        Assert.Null(await test.Store.Queue.FindAsync(task.LeaseId, test.People[1], default));
        Assert.False(
            await test.Store.Queue.SaveDraftAsync(
                task.LeaseId,
                test.People[1],
                System.Text.Json.JsonSerializer.SerializeToElement("x"),
                default
            )
        );
        var stranger = (await test.Store.People.AddAsync(null, "stranger", MemberRole.Annotator, default)).Id;
        Assert.IsType<ClaimResult.NotAllowed>(await test.Store.Queue.ClaimAsync(test.Project.Id, stranger, default));
        Assert.IsType<ClaimResult.NotAllowed>(await test.Store.Queue.ClaimAsync(Guid.NewGuid(), test.People[0], default));
    }

    [Theory]
    [MemberData(nameof(TestStore.Databases), MemberType = typeof(TestStore))]
    public async Task A_lease_that_runs_out_goes_to_the_next_and_the_late_answer_is_kept_as_surplus(string database)
    {
        await using var test = await TestStore.OpenAsync(database);
        await test.AddPairsAsync(1);
        var late = await test.ClaimAsync(test.People[0]);
        Assert.IsType<ClaimResult.NothingLeft>(await test.Store.Queue.ClaimAsync(test.Project.Id, test.People[1], default));
        test.Clock.Pass(TimeSpan.FromMinutes(11));
        var next = await test.ClaimAsync(test.People[1]);

        Assert.Equal(late.TaskId, next.TaskId);
        Assert.IsType<HeartbeatResult.Lost>(await test.Store.Queue.HeartbeatAsync(late.LeaseId, test.People[0], default));
        Assert.True((await test.SubmitAsync(test.People[0], late.LeaseId, ComparisonJudgement.OfStrength(1))).Surplus);
        Assert.False((await test.SubmitAsync(test.People[1], next.LeaseId, ComparisonJudgement.OfStrength(8))).Surplus);
        var progress = await test.Store.Projects.ProgressAsync(test.Project.Id, default);
        Assert.Equal((1, 1), (progress.Done, progress.Surplus));
    }

    [Theory]
    [MemberData(nameof(TestStore.Databases), MemberType = typeof(TestStore))]
    public async Task A_late_answer_counts_where_nobody_took_the_place(string database)
    {
        await using var test = await TestStore.OpenAsync(database);
        await test.AddPairsAsync(1);
        var task = await test.ClaimAsync(test.People[0]);
        test.Clock.Pass(TimeSpan.FromHours(3));
        Assert.False((await test.SubmitAsync(test.People[0], task.LeaseId, ComparisonJudgement.OfStrength(1))).Surplus);
    }

    [Theory]
    [MemberData(nameof(TestStore.Databases), MemberType = typeof(TestStore))]
    public async Task Heartbeats_keep_a_task_and_asking_again_gives_the_same_one_as_it_was_shown(string database)
    {
        await using var test = await TestStore.OpenAsync(database);
        await test.AddPairsAsync(2);
        var task = await test.ClaimAsync(test.People[0]);
        for (var i = 0; i < 4; i++)
        {
            test.Clock.Pass(TimeSpan.FromMinutes(5));
            Assert.IsType<HeartbeatResult.Alive>(await test.Store.Queue.HeartbeatAsync(task.LeaseId, test.People[0], default));
        }

        var again = await test.ClaimAsync(test.People[0]);
        Assert.Equal((task.LeaseId, task.TaskId), (again.LeaseId, again.TaskId));
        Assert.Equal(task.Candidates.Select(c => c.Text), again.Candidates.Select(c => c.Text));
        Assert.NotEqual(task.TaskId, (await test.ClaimAsync(test.People[1])).TaskId);
    }

    [Theory]
    [MemberData(nameof(TestStore.Databases), MemberType = typeof(TestStore))]
    public async Task Undo_takes_the_last_label_back_and_both_revisions_stay(string database)
    {
        await using var test = await TestStore.OpenAsync(database);
        await test.AddPairsAsync(2);
        var task = await test.ClaimAsync(test.People[0]);
        await test.SubmitAsync(test.People[0], task.LeaseId, ComparisonJudgement.OfStrength(2, "half a thought"));
        var id = Guid.NewGuid();

        var undone = await test.Store.Queue.UndoAsync(test.Project.Id, test.People[0], id, null, default);
        var repeated = await test.Store.Queue.UndoAsync(test.Project.Id, test.People[0], id, null, default);

        Assert.Equal(task.LeaseId, undone.Task!.LeaseId);
        Assert.Equal(2, undone.Task.Draft!.Value.GetProperty("strength").GetInt32());
        Assert.Equal(
            undone.Result is SubmitResult.Accepted a ? a.Receipt : null,
            Assert.IsType<SubmitResult.Accepted>(repeated.Result).Receipt
        );
        var receipt = await test.SubmitAsync(test.People[0], task.LeaseId, ComparisonJudgement.OfStrength(7));
        Assert.Equal((3, false), (receipt.Revision, receipt.Surplus));
        var stored = Assert.Single(await test.Store.Tasks.ListAsync(test.Project.Id, -1, 10, default), t => t.Labels.Count > 0);
        Assert.Equal("submitted", Assert.Single(stored.Labels).State);
        Assert.Null((await test.Store.Audit.VerifyAsync(default)).FirstBroken);
    }

    [Theory]
    [MemberData(nameof(TestStore.Databases), MemberType = typeof(TestStore))]
    public async Task A_skipped_task_goes_to_others_and_comes_back_by_undo_alone(string database)
    {
        await using var test = await TestStore.OpenAsync(database);
        await test.AddPairsAsync(1);
        var task = await test.ClaimAsync(test.People[0]);
        Assert.IsType<SubmitResult.Accepted>(
            await test.Store.Queue.SkipAsync(test.People[0], Guid.NewGuid(), task.LeaseId, "I know too little of it", default)
        );
        Assert.IsType<ClaimResult.NothingLeft>(await test.Store.Queue.ClaimAsync(test.Project.Id, test.People[0], default));

        Assert.Equal(
            task.LeaseId,
            (await test.Store.Queue.UndoAsync(test.Project.Id, test.People[0], Guid.NewGuid(), null, default)).Task!.LeaseId
        );
        await test.Store.Queue.SkipAsync(test.People[0], Guid.NewGuid(), task.LeaseId, "still", default);
        Assert.Equal(task.TaskId, (await test.ClaimAsync(test.People[1])).TaskId);
    }

    [Theory]
    [MemberData(nameof(TestStore.Databases), MemberType = typeof(TestStore))]
    public async Task Two_flags_hold_a_task_back_until_the_manager_releases_it(string database)
    {
        await using var test = await TestStore.OpenAsync(database);
        await test.AddPairsAsync(1);
        foreach (var person in test.People[..2])
        {
            await test.Store.Queue.FlagAsync(person, Guid.NewGuid(), (await test.ClaimAsync(person)).LeaseId, "not for people", default);
        }

        Assert.IsType<ClaimResult.NothingLeft>(await test.Store.Queue.ClaimAsync(test.Project.Id, test.People[2], default));
        var held = Assert.Single(await test.Store.Tasks.ListAsync(test.Project.Id, -1, 10, default));
        Assert.Equal("held", held.State);
        Assert.Equal("not for people", held.Labels[0].Reason);
        Assert.True(await test.Store.Tasks.ReleaseAsync(test.Owner, test.Project.Id, held.Id, default));
        Assert.Equal(held.Id, (await test.ClaimAsync(test.People[2])).TaskId);
    }

    [Theory]
    [MemberData(nameof(TestStore.Databases), MemberType = typeof(TestStore))]
    public async Task What_is_stored_is_what_was_meant_whatever_the_order_shown(string database)
    {
        await using var test = await TestStore.OpenAsync(database, ProjectKind.Ranking, people: 1);
        var texts = Enumerable.Range(0, 4).Select(i => new Candidate($"answer {i}")).ToArray();
        await test.Store.Tasks.AddItemsAsync(
            null,
            test.Project.Id,
            [.. Enumerable.Range(0, 12).Select(i => new NewItem(new ItemContent(new Prompt.Text($"q{i}"), [.. texts])))],
            default
        );
        var orders = new HashSet<string>();
        for (var i = 0; i < 12; i++)
        {
            var task = await test.ClaimAsync(test.People[0]);
            orders.Add(string.Join("", task.Candidates.Select(c => c.Text[^1])));
            // Answer 0 is best, 3 is worst, wherever they stand.
            await test.SubmitAsync(
                test.People[0],
                task.LeaseId,
                new RankingJudgement([.. task.Candidates.Select(c => c.Text[^1] - '0' + 1)])
            );
        }

        Assert.True(orders.Count > 3);
        Assert.All(
            await test.Store.Tasks.ListAsync(test.Project.Id, -1, 20, default),
            t => Assert.Equal([1, 2, 3, 4], Assert.IsType<RankingJudgement>(t.Labels[0].Judgement).Ranks)
        );
    }

    [Fact]
    public async Task A_judgement_that_does_not_fit_is_refused_with_every_problem()
    {
        await using var test = await TestStore.OpenAsync("SQLite");
        await test.AddPairsAsync(1);
        var task = await test.ClaimAsync(test.People[0]);
        foreach (
            var wrong in new Judgement[]
            {
                ComparisonJudgement.OfStrength(9),
                new ComparisonJudgement(Pick.Second, 2),
                new RankingJudgement([1, 2]),
                new RankingJudgement(default),
                new ComparisonJudgement(Pick.Tie) { Comment = "\ud800" },
            }
        )
        {
            Assert.NotEmpty(
                Assert
                    .IsType<SubmitResult.Invalid>(
                        await test.Store.Queue.SubmitAsync(test.People[0], new Submission(Guid.NewGuid(), task.LeaseId, wrong), default)
                    )
                    .Problems
            );
        }
    }

    [Fact]
    public async Task Annotators_are_told_no_policy_no_gold_and_nobody_elses_words()
    {
        await using var test = await TestStore.OpenAsync("SQLite", settings: new ProjectSettings { Quota = 2 });
        await test.Store.Tasks.AddItemsAsync(
            null,
            test.Project.Id,
            [TestStore.Pair(1) with { Expected = ComparisonJudgement.OfStrength(1), GoldKind = GoldKind.Screening }],
            default
        );
        await test.AddPairsAsync(1);
        var gold = await test.ClaimAsync(test.People[0]);
        await test.SubmitAsync(test.People[0], gold.LeaseId, ComparisonJudgement.OfStrength(3, "my own words"));
        foreach (var task in new[] { gold, await test.ClaimAsync(test.People[0]), await test.ClaimAsync(test.People[1]) })
        {
            var told = System.Text.Json.JsonSerializer.Serialize(task, StoreJson.Options);
            Assert.DoesNotContain("policy", told, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("gold", told, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("screening", told, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("my own words", told, StringComparison.Ordinal);
        }
    }
}
