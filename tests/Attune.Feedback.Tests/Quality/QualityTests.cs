using Attune.Feedback.Labels;
using Attune.Feedback.Projects;
using Attune.Feedback.Quality;
using Attune.Feedback.Queue;
using Attune.Feedback.Snapshots;

namespace Attune.Feedback.Tests.Quality;

/// <summary>What is told of each annotator: gold, position bias, speed, drift; and how screening and attention items come.</summary>
public sealed class QualityTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static NewItem Gold(int number, GoldKind kind = GoldKind.Gold) =>
        TestStore.Pair(number) with
        {
            Expected = ComparisonJudgement.OfStrength(1),
            GoldKind = kind,
        };

    private static async Task<string> LabelAsync(TestStore test, Guid person, int level, TimeSpan? active = null)
    {
        var task = await test.ClaimAsync(person);
        Assert.IsType<SubmitResult.Accepted>(
            await test.Store.Queue.SubmitAsync(
                person,
                new Submission(Guid.NewGuid(), task.LeaseId, ComparisonJudgement.OfStrength(level)) { Active = active },
                Cancel
            )
        );
        return ((Core.Conversations.Prompt.Text)task.Prompt).Value;
    }

    private static async Task<AnnotatorQuality> OfAsync(TestStore test, Guid person) =>
        (await test.Store.Quality.OfAsync(test.Project.Id, Cancel)).Annotators.Single(a => a.PersonId == person);

    [Fact]
    public async Task Speed_is_the_median_of_the_active_times_that_were_sent()
    {
        await using var test = await TestStore.OpenAsync("SQLite");
        await test.AddPairsAsync(5);
        foreach (var seconds in new int?[] { 4, 100, null, 6, 8 })
        {
            await LabelAsync(test, test.People[0], 1, seconds is { } s ? TimeSpan.FromSeconds(s) : null);
        }

        Assert.Equal(TimeSpan.FromSeconds(7), (await OfAsync(test, test.People[0])).MedianActive);
    }

    [Fact]
    public async Task Position_bias_is_the_share_won_by_the_answer_shown_first()
    {
        await using var test = await TestStore.OpenAsync("SQLite", settings: new ProjectSettings { Quota = 2 });
        await test.AddPairsAsync(40);
        var stoodFirst = 0;
        for (var i = 0; i < 40; i++)
        {
            // Shown in an order drawn anew: the first person takes what stands first in three of four, the second the same answer wherever
            // it stands.
            await LabelAsync(test, test.People[0], i % 4 == 0 ? 8 : 1);
            var task = await test.ClaimAsync(test.People[1]);
            var standsFirst = task.Candidates[0].Text.StartsWith("first", StringComparison.Ordinal);
            stoodFirst += standsFirst ? 1 : 0;
            await test.SubmitAsync(test.People[1], task.LeaseId, ComparisonJudgement.OfStrength(standsFirst ? 1 : 8));
        }

        var (biased, fair) = ((await OfAsync(test, test.People[0])).FirstShown!, (await OfAsync(test, test.People[1])).FirstShown!);
        Assert.Equal(0.75, biased.Value, 1e-12);
        Assert.True(biased.Low > 0.5, $"{biased}");
        Assert.Equal(stoodFirst / 40.0, fair.Value, 1e-12);
    }

    [Fact]
    public async Task Drift_is_the_later_half_less_the_earlier_on_gold_or_on_what_others_said()
    {
        await using var gold = await TestStore.OpenAsync("SQLite", settings: new ProjectSettings { GoldEvery = 1, LeastGoldAccuracy = 0 });
        await gold.Store.Tasks.AddItemsAsync(null, gold.Project.Id, [.. Enumerable.Range(0, 10).Select(i => Gold(i))], Cancel);
        for (var i = 0; i < 10; i++)
        {
            // Five right, then two of five.
            gold.Clock.Pass(TimeSpan.FromMinutes(1));
            var task = await gold.ClaimAsync(gold.People[0]);
            var right = i < 5 || i % 2 == 0;
            var first = task.Candidates[0].Text.StartsWith("first", StringComparison.Ordinal);
            await gold.SubmitAsync(gold.People[0], task.LeaseId, ComparisonJudgement.OfStrength(first == right ? 1 : 8));
        }

        var quality = await OfAsync(gold, gold.People[0]);
        Assert.Equal((7, 10), (quality.GoldRight, quality.GoldAnswered));
        Assert.Equal(0.4 - 1, quality.Drift!.Value, 1e-12);

        await using var others = await TestStore.OpenAsync("SQLite", settings: new ProjectSettings { Quota = 2, Shuffle = false });
        await others.AddPairsAsync(20);
        for (var i = 0; i < 20; i++)
        {
            others.Clock.Pass(TimeSpan.FromMinutes(1));
            await LabelAsync(others, others.People[0], 1);
            await LabelAsync(others, others.People[1], i < 10 ? (i < 5 ? 8 : 1) : 1);
        }

        Assert.Equal(0.5, (await OfAsync(others, others.People[1])).Drift!.Value, 1e-12);
    }

    [Theory]
    [MemberData(nameof(TestStore.Databases), MemberType = typeof(TestStore))]
    public async Task Screening_comes_first_and_attention_in_between_each_once_for_everyone(string database)
    {
        await using var test = await TestStore.OpenAsync(
            database,
            settings: new ProjectSettings
            {
                GoldEvery = 1,
                Shuffle = false,
                LeastGoldAccuracy = 0,
            }
        );
        await test.AddPairsAsync(6);
        await test.Store.Tasks.AddItemsAsync(
            null,
            test.Project.Id,
            [Gold(100, GoldKind.Attention), Gold(200, GoldKind.Screening), Gold(201, GoldKind.Screening)],
            Cancel
        );
        foreach (var person in test.People[..2])
        {
            var seen = new List<string>();
            for (var i = 0; i < 6; i++)
            {
                seen.Add(await LabelAsync(test, person, i == 0 ? 8 : 1));
            }

            // What is left of the plain ones differs, as each is labelled once; the places of gold do not.
            Assert.Equal(["question 200", "question 201", "question 100"], seen[..3]);
            Assert.All(seen[3..], s => Assert.True(int.Parse(s.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture) < 6));
            var quality = await OfAsync(test, person);
            Assert.Equal((2, 3), (quality.GoldRight, quality.GoldAnswered));
        }

        // Gold fills no quota and is in no snapshot.
        var manifest = await test.Store.Snapshots.CreateAsync(test.Project.Id, test.File("s"), new SnapshotOptions { HeldOut = 0 }, Cancel);
        Assert.Equal(6, manifest.Labels);
        Assert.DoesNotContain("question 100", await File.ReadAllTextAsync(test.File("s/labels.jsonl"), Cancel), StringComparison.Ordinal);
    }
}
