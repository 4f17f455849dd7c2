using Attune.Feedback.Labels;
using Attune.Feedback.Queue;

namespace Attune.Feedback.Tests.Exchange;

/// <summary>What an audit reads from a store: who said what, when, in which order, how fast, and how often people passed.</summary>
public sealed class StoreJudgementsTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static async Task<string> SayAsync(TestStore test, Guid person, ComparisonJudgement judgement, TimeSpan? active = null)
    {
        var task = await test.ClaimAsync(person);
        await test.Store.Queue.SubmitAsync(person, new Submission(Guid.NewGuid(), task.LeaseId, judgement) { Active = active }, Cancel);
        test.Clock.Pass(TimeSpan.FromMinutes(1));
        return task.Candidates[0].Text;
    }

    [Fact]
    public async Task Answers_lie_as_they_were_shown_with_person_time_and_speed()
    {
        await using var test = await TestStore.OpenAsync("SQLite", settings: new ProjectSettings { Quota = 2 });
        await test.AddPairsAsync(6);
        var shown = new List<string>();
        for (var i = 0; i < 6; i++)
        {
            shown.Add(await SayAsync(test, test.People[i % 2], ComparisonJudgement.OfStrength(2), TimeSpan.FromSeconds(3 + i)));
        }

        var made = (await test.Store.Judgements.OfAsync(test.Project.Id, Cancel)).Judgements;
        Assert.Equal(shown, made.Select(m => m.Content.Candidates[0].Text));
        Assert.All(made, m => Assert.Equal(Pick.First, ((ComparisonJudgement)m.Judgement).Pick));
        Assert.All(made, m => Assert.True(m.IsShownOrder));
        Assert.Equal([3, 4, 5, 6, 7, 8], made.Select(m => m.Active!.Value.TotalSeconds));
        Assert.Equal(2, made.Select(m => m.Annotator).Distinct().Count());
        Assert.Equal(made.Select(m => m.At).Order(), made.Select(m => m.At));
        Assert.Equal(6, made.Select(m => m.At).Distinct().Count());
    }

    [Fact]
    public async Task Repeats_are_there_and_gold_is_not()
    {
        await using var test = await TestStore.OpenAsync(
            "SQLite",
            settings: new ProjectSettings
            {
                Quota = 1,
                RepeatEvery = 2,
                RepeatDistance = 3,
            }
        );
        await test.Store.Tasks.AddItemsAsync(
            test.Owner,
            test.Project.Id,
            [.. Enumerable.Range(0, 12).Select(TestStore.Pair), TestStore.Pair(99) with { Expected = ComparisonJudgement.OfStrength(1) }],
            Cancel
        );
        for (var i = 0; i < 14; i++)
        {
            await SayAsync(test, test.People[0], ComparisonJudgement.OfStrength(1));
        }

        var made = (await test.Store.Judgements.OfAsync(test.Project.Id, Cancel)).Judgements;
        var prompts = made.Select(m => m.Content.Prompt.Key).ToArray();
        Assert.DoesNotContain("question 99", prompts);
        Assert.True(prompts.Distinct().Count() < prompts.Length, string.Join(", ", prompts));
    }

    [Fact]
    public async Task Skips_and_flags_are_counted()
    {
        await using var test = await TestStore.OpenAsync("SQLite", settings: new ProjectSettings { Quota = 3 });
        await test.AddPairsAsync(3);
        await SayAsync(test, test.People[0], new ComparisonJudgement(Pick.BothBad));
        var skipped = await test.ClaimAsync(test.People[1]);
        await test.Store.Queue.SkipAsync(test.People[1], Guid.NewGuid(), skipped.LeaseId, "not my field", Cancel);
        var flagged = await test.ClaimAsync(test.People[2]);
        await test.Store.Queue.FlagAsync(test.People[2], Guid.NewGuid(), flagged.LeaseId, "broken", Cancel);
        var made = await test.Store.Judgements.OfAsync(test.Project.Id, Cancel);
        Assert.Equal((1, 1), (made.Skipped, made.Flagged));
        Assert.Equal(Pick.BothBad, ((ComparisonJudgement)made.Judgements.Single().Judgement).Pick);
    }
}
