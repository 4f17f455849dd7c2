using Attune.Feedback.Labels;
using Attune.Feedback.Queue;
using Attune.Feedback.Snapshots;
using Attune.Feedback.Storage;
using Microsoft.Playwright;

namespace Attune.Web.Tests.Journeys;

/// <summary>
/// What becomes of labels: a manager decides between two that contradict each other, by keyboard alone, and snapshots say so; times come
/// with them.
/// </summary>
[Collection(nameof(SiteCollection))]
public sealed class LabelTests(Site site, Chromium chromium)
{
    [Theory]
    [InlineData("phone")]
    [InlineData("desktop")]
    public async Task A_manager_decides_with_a_reason_and_the_decision_counts(string screen)
    {
        var cancel = TestContext.Current.CancellationToken;
        var project = await site.ProjectAsync(
            ProjectKind.Comparison,
            Site.Items(1, "One", "Two"),
            new ProjectSettings { Quota = 2, Shuffle = false }
        );
        foreach (var level in new[] { 1, 8 })
        {
            var anna = await site.PersonAsync(MemberRole.Annotator, project.Id);
            var task = Assert.IsType<ClaimResult.Claimed>(await site.Store.Queue.ClaimAsync(project.Id, anna.Id, cancel)).Task;
            Assert.IsType<SubmitResult.Accepted>(
                await site.Store.Queue.SubmitAsync(
                    anna.Id,
                    new Submission(Guid.NewGuid(), task.LeaseId, ComparisonJudgement.OfStrength(level)),
                    cancel
                )
            );
        }

        var manager = await site.PersonAsync(MemberRole.Manager, project.Id);
        var page = await chromium.OpenAsync(
            site,
            manager,
            $"/projects/{project.Id}/disputes",
            screen == "phone" ? Chromium.Phone : Chromium.Desktop
        );
        await Chromium.ShootAsync(page, "dispute-" + screen);
        var first = page.GetByRole(AriaRole.Radio).First;
        for (var i = 0; i < 60 && !await first.EvaluateAsync<bool>("e => e === document.activeElement"); i++)
        {
            await page.Keyboard.PressAsync("Tab");
        }

        await page.Keyboard.PressAsync("ArrowDown");
        await Assertions.Expect(page.GetByRole(AriaRole.Radio).Nth(1)).ToBeCheckedAsync();
        await page.Keyboard.PressAsync("Tab");
        await page.Keyboard.TypeAsync("the second cites its source");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "No disputes" })).ToBeVisibleAsync();
        await Chromium.ShootAsync(page, "dispute-decided-" + screen);

        var decided = Assert.Single(await site.Store.Tasks.ListAsync(project.Id, -1, 10, cancel));
        Assert.Equal(
            (ComparisonJudgement.OfStrength(8), "the second cites its source"),
            ((ComparisonJudgement)decided.Adjudicated!, decided.AdjudicationReason!)
        );
        Assert.Equal(2, decided.Labels.Count);
        Assert.Contains("\"chosen\":\"Two\"", await SnapshotRowsAsync(project.Id, cancel), StringComparison.Ordinal);
    }

    /// <summary>The page counts the time with somebody at it, and sends it with the label.</summary>
    [Fact]
    public async Task Time_and_order_shown_come_with_the_label_that_a_page_sends()
    {
        var cancel = TestContext.Current.CancellationToken;
        var project = await site.ProjectAsync(ProjectKind.Comparison, Site.Items(1, "One", "Two"), new ProjectSettings());
        var page = await chromium.OpenAsync(site, await site.PersonAsync(MemberRole.Annotator, project.Id), $"/work/{project.Id}");
        await page.Keyboard.PressAsync("r");
        await Task.Delay(1200, cancel);
        await page.Keyboard.PressAsync("2");
        await page.Keyboard.PressAsync("Control+Enter");
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "All done" })).ToBeVisibleAsync();
        using var folder = new Testing.TemporaryFolder();
        await site.Store.Snapshots.CreateAsync(project.Id, folder.File("s"), new SnapshotOptions { HeldOut = 0 }, cancel);
        var label = System.Text.Json.Nodes.JsonNode.Parse(await File.ReadAllTextAsync(folder.File("s/labels.jsonl"), cancel))!;
        Assert.InRange(label["active_ms"]!.GetValue<long>(), 400, 60_000);
        Assert.Equal(1, label["guideline_version"]!.GetValue<int>());
        Assert.Equal(2, label["shown_order"]!.AsArray().Count);
    }

    private async Task<string> SnapshotRowsAsync(Guid project, CancellationToken cancel)
    {
        using var folder = new Testing.TemporaryFolder();
        var manifest = await site.Store.Snapshots.CreateAsync(project, folder.File("s"), new SnapshotOptions { HeldOut = 0 }, cancel);
        Assert.Equal(1, manifest.Labels);
        return (await File.ReadAllTextAsync(folder.File("s/train.jsonl"), cancel)).Replace(": ", ":", StringComparison.Ordinal);
    }
}
