using System.Text.Json.Nodes;
using Attune.Feedback.Labels;
using Attune.Feedback.Snapshots;

namespace Attune.Feedback.Tests.Projects;

/// <summary>Labels record the guidelines that their author said to have read, not those that lay open somewhere.</summary>
public sealed class GuidelineReadingTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static async Task LabelAsync(TestStore test, string comment) =>
        await test.SubmitAsync(test.People[0], (await test.ClaimAsync(test.People[0])).LeaseId, ComparisonJudgement.OfStrength(1, comment));

    private static async Task<Dictionary<string, int?>> VersionsAsync(TestStore test)
    {
        var folder = test.File("snapshot-" + Guid.NewGuid());
        await test.Store.Snapshots.CreateAsync(test.Project.Id, folder, new SnapshotOptions { HeldOut = 0 }, Cancel);
        return (await File.ReadAllLinesAsync(Path.Combine(folder, "labels.jsonl"), Cancel))
            .Select(line => JsonNode.Parse(line)!)
            .ToDictionary(l => l["judgement"]!["comment"]!.GetValue<string>(), l => l["guideline_version"]?.GetValue<int>());
    }

    [Theory]
    [MemberData(nameof(TestStore.Databases), MemberType = typeof(TestStore))]
    public async Task A_label_records_the_version_that_its_author_had_acknowledged(string database)
    {
        await using var test = await TestStore.OpenAsync(database);
        await test.AddPairsAsync(4);
        var (reading, anna) = (test.Store.Guidelines, test.People[0]);
        await LabelAsync(test, "before reading");
        Assert.Null(await reading.NewestAsync(test.Project.Id, anna, Cancel));
        Assert.True(await reading.AcknowledgeAsync(test.Project.Id, anna, 1, Cancel));
        Assert.True(await reading.AcknowledgeAsync(test.Project.Id, anna, 1, Cancel));
        await LabelAsync(test, "after the first");
        await test.Store.Projects.PublishGuidelinesAsync(test.Owner, test.Project.Id, "# Be fair and brief", Cancel);
        await LabelAsync(test, "under new ones, unread");
        Assert.Equal(1, (await reading.NewestAsync(test.Project.Id, anna, Cancel))!.Number);
        var task = await test.ClaimAsync(anna);
        Assert.Equal(2, task.GuidelineVersion);
        // Read while the task is in hand.
        Assert.True(await reading.AcknowledgeAsync(test.Project.Id, anna, 2, Cancel));
        await test.SubmitAsync(anna, task.LeaseId, ComparisonJudgement.OfStrength(1, "after the second"));

        Assert.False(await reading.AcknowledgeAsync(test.Project.Id, anna, 3, Cancel));
        Assert.Null(await reading.NewestAsync(test.Project.Id, test.People[1], Cancel));
        Assert.Equal(
            new Dictionary<string, int?>
            {
                ["before reading"] = null,
                ["after the first"] = 1,
                ["under new ones, unread"] = 1,
                ["after the second"] = 2,
            },
            await VersionsAsync(test)
        );
        Assert.Null((await test.Store.Audit.VerifyAsync(Cancel)).FirstBroken);
    }

    [Fact]
    public async Task Empty_guidelines_need_no_reading()
    {
        await using var test = await TestStore.OpenAsync("SQLite");
        await test.AddPairsAsync(1);
        await test.Store.Projects.PublishGuidelinesAsync(test.Owner, test.Project.Id, "", Cancel);
        await LabelAsync(test, "nothing to read");
        Assert.Equal(2, (await VersionsAsync(test))["nothing to read"]);
    }
}
