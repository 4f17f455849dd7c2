using Attune.Core.Conversations;
using Attune.Core.Runs;
using Attune.Feedback.Labels;
using Attune.Feedback.Projects;
using Attune.Feedback.Queue;
using Attune.Feedback.Snapshots;
using Attune.Feedback.Storage;

namespace Attune.Feedback.Tests.Queue;

/// <summary>
/// Gold and repeats cannot be told from other tasks: not by the counter, not by their places, not by talking with others; and an answer to
/// gold cannot be mended afterwards.
/// </summary>
public sealed class GoldTests
{
    private const int FirstGold = 1000;
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static NewItem Gold(int number, GoldKind kind = GoldKind.Gold) =>
        TestStore.Pair(FirstGold + number) with
        {
            Expected = ComparisonJudgement.OfStrength(1),
            GoldKind = kind,
        };

    private static Task<AddedItems> AddGoldAsync(TestStore test, int count) =>
        test.Store.Tasks.AddItemsAsync(null, test.Project.Id, [.. Enumerable.Range(0, count).Select(i => Gold(i))], Cancel);

    private static int NumberOf(AssignedTask task) =>
        int.Parse(((Prompt.Text)task.Prompt).Value.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Works until nothing is left, or until a number of tasks: the question and the counter of each.</summary>
    private static async Task<List<(int Question, OwnProgress Counter)>> WorkAsync(
        FeedbackStore store,
        TestStore test,
        Guid person,
        int most
    )
    {
        var seen = new List<(int, OwnProgress)>();
        while (seen.Count < most && await store.Queue.ClaimAsync(test.Project.Id, person, Cancel) is ClaimResult.Claimed { Task: var task })
        {
            test.Clock.Pass(TimeSpan.FromSeconds(20));
            seen.Add((NumberOf(task), task.Progress));
            Assert.IsType<SubmitResult.Accepted>(
                await store.Queue.SubmitAsync(
                    person,
                    new Submission(Guid.NewGuid(), task.LeaseId, ComparisonJudgement.OfStrength(1)),
                    Cancel
                )
            );
        }

        return seen;
    }

    [Theory]
    [MemberData(nameof(TestStore.Databases), MemberType = typeof(TestStore))]
    public async Task The_counter_treats_gold_repeats_and_screening_as_any_other_task(string database)
    {
        await using var test = await TestStore.OpenAsync(
            database,
            settings: new ProjectSettings
            {
                GoldEvery = 3,
                RepeatEvery = 4,
                RepeatDistance = 3,
                Quota = 3,
                Shuffle = false,
            }
        );
        await test.AddPairsAsync(20);
        await AddGoldAsync(test, 8);
        await test.Store.Tasks.AddItemsAsync(null, test.Project.Id, [Gold(100, GoldKind.Screening)], Cancel);
        var seen = await WorkAsync(test.Store, test, test.People[0], 1000);

        Assert.Contains(seen, s => s.Question is >= FirstGold and < FirstGold + 100);
        Assert.Equal(FirstGold + 100, seen[0].Question);
        Assert.True(seen.Select(s => s.Question).Distinct().Count() < seen.Count, "no task came again");
        Assert.Equal(Enumerable.Range(0, seen.Count).Select(i => (i, seen.Count - i)), seen.Select(s => (s.Counter.Done, s.Counter.Left)));
        var end = await test.Store.Queue.ProgressAsync(test.Project.Id, test.People[0], Cancel);
        Assert.Equal((seen.Count, 0), (end.Done, end.Left));
    }

    [Theory]
    [MemberData(nameof(TestStore.Databases), MemberType = typeof(TestStore))]
    public async Task The_first_answer_to_gold_is_scored_whatever_becomes_of_it(string database)
    {
        await using var test = await TestStore.OpenAsync(
            database,
            settings: new ProjectSettings
            {
                GoldEvery = 1,
                LeastGoldAccuracy = 0.5,
                GoldBeforePause = 3,
                Quota = 3,
                Shuffle = false,
            }
        );
        await test.AddPairsAsync(4);
        await AddGoldAsync(test, 3);
        var (queue, anna) = (test.Store.Queue, test.People[0]);
        for (var i = 0; i < 3; i++)
        {
            test.Clock.Pass(TimeSpan.FromMinutes(1));
            var task = await test.ClaimAsync(anna);
            Assert.True(NumberOf(task) >= FirstGold);
            // Wrong, undone, then right; the third is undone and skipped.
            await test.SubmitAsync(anna, task.LeaseId, ComparisonJudgement.OfStrength(i == 0 ? 1 : 8));
            await queue.UndoAsync(test.Project.Id, anna, Guid.NewGuid(), null, Cancel);
            if (i < 2)
            {
                await test.SubmitAsync(anna, task.LeaseId, ComparisonJudgement.OfStrength(1));
            }
            else
            {
                await queue.SkipAsync(anna, Guid.NewGuid(), task.LeaseId, "unsure", Cancel);
            }
        }

        Assert.IsType<ClaimResult.Paused>(await queue.ClaimAsync(test.Project.Id, anna, Cancel));
        var quality = (await test.Store.Quality.OfAsync(test.Project.Id, Cancel)).Annotators.Single(a => a.PersonId == anna);
        Assert.Equal((1, 3), (quality.GoldRight, quality.GoldAnswered));

        await test.Store.People.PauseAsync(test.Owner, test.Project.Id, anna, null, Cancel);
        await test.SubmitAsync(anna, (await test.ClaimAsync(anna)).LeaseId, ComparisonJudgement.OfStrength(1));
        async Task<int> LabelsAsync(double least) =>
            (
                await test.Store.Snapshots.CreateAsync(
                    test.Project.Id,
                    test.File("s" + least),
                    new SnapshotOptions { LeastGoldAccuracy = least, HeldOut = 0 },
                    Cancel
                )
            ).Labels;
        Assert.Equal(1, await LabelsAsync(0.3));
        Assert.Contains(
            "no usable labels",
            (await Assert.ThrowsAsync<Core.AttuneException>(() => LabelsAsync(0.5))).Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [MemberData(nameof(TestStore.Databases), MemberType = typeof(TestStore))]
    public async Task A_repeat_comes_only_after_a_good_distance(string database)
    {
        await using var test = await TestStore.OpenAsync(
            database,
            settings: new ProjectSettings
            {
                RepeatEvery = 2,
                RepeatDistance = 6,
                Shuffle = false,
            }
        );
        await test.AddPairsAsync(25);
        var seen = (await WorkAsync(test.Store, test, test.People[0], 1000)).Select(s => s.Question).ToList();

        var repeats = seen.Index().Where(s => seen.IndexOf(s.Item) < s.Index).ToArray();
        Assert.InRange(repeats.Length, 5, 25);
        Assert.All(
            repeats,
            r => Assert.True(r.Index - seen.IndexOf(r.Item) > 6, $"{r.Item} came again after {r.Index - seen.IndexOf(r.Item) - 1}")
        );
        Assert.Equal(seen.Count, seen.GroupBy(s => s).Sum(g => Math.Min(2, g.Count())));
    }

    [Theory]
    [MemberData(nameof(TestStore.Databases), MemberType = typeof(TestStore))]
    public async Task Places_of_gold_differ_between_people_and_a_session_that_is_resumed_elsewhere_goes_on_as_planned(string database)
    {
        await using var test = await TestStore.OpenAsync(
            database,
            settings: new ProjectSettings
            {
                GoldEvery = 3,
                RepeatEvery = 5,
                RepeatDistance = 4,
                Quota = 3,
                LeastGoldAccuracy = 0,
            }
        );
        await test.AddPairsAsync(40);
        await AddGoldAsync(test, 30);
        var early = await WorkAsync(test.Store, test, test.People[0], 15);
        var file = test.File("half.jsonl.gz");
        await test.Store.Backups.WriteAsync(file, Cancel);
        var late = await WorkAsync(test.Store, test, test.People[0], 30);
        await using var elsewhere = await FeedbackStore.OpenAsync(
            new StoreOptions(test.File("elsewhere.db")) { Time = test.Clock },
            Cancel
        );
        await elsewhere.Backups.RestoreAsync(file, Cancel);
        Assert.Equal(late, await WorkAsync(elsewhere, test, test.People[0], 30));

        static string Places(IEnumerable<(int Question, OwnProgress)> seen) =>
            string.Concat(seen.Select(s => s.Question >= FirstGold ? 'g' : '.'));
        var others = new List<List<(int Question, OwnProgress)>>();
        foreach (var person in test.People[1..])
        {
            others.Add(await WorkAsync(test.Store, test, person, 45));
        }

        string[] all = [Places([.. early, .. late]), .. others.Select(Places)];
        Assert.Equal(3, all.Distinct().Count());
        Assert.All(all, places => Assert.InRange(places.Count(p => p == 'g'), 5, 30));
        // Which gold comes at which place differs too, so that it is not known by hearsay.
        Assert.Equal(
            3,
            new[] { [.. early, .. late], others[0], others[1] }
                .Select(seen => string.Join(' ', seen.Select(s => s.Question).Where(q => q >= FirstGold)))
                .Distinct()
                .Count()
        );
    }

    [Fact]
    public void Intervals_have_the_mean_asked_for_and_every_length_around_it()
    {
        foreach (var mean in new[] { 1, 2, 7 })
        {
            var intervals = new DrawnIntervals(new Seed(11).For("test", mean), mean);
            int[] places = [.. Enumerable.Range(1, 7000 * mean).Where(intervals.Has)];
            int[] gaps = [.. places.Zip(places.Prepend(0), (place, before) => place - before)];
            Assert.Equal(Enumerable.Range(1, (2 * mean) - 1), gaps.Distinct().Order());
            Assert.InRange(gaps.Average(), mean * 0.96, mean * 1.04);
        }

        Assert.DoesNotContain(Enumerable.Range(1, 100), new DrawnIntervals(new Seed(1), 0).Has);
    }
}
