using Attune.Feedback;
using Microsoft.Playwright;

namespace Attune.Web.Tests.Journeys;

/// <summary>Two people contradict each other; a manager decides, by keyboard alone, and the snapshot says what was decided.</summary>
[Collection(nameof(SiteCollection))]
public sealed class DisputeTests(Site site, Chromium chromium)
{
    [Theory]
    [InlineData("phone")]
    [InlineData("desktop")]
    public async Task A_manager_decides_with_a_reason_and_the_decision_counts(string screen)
    {
        var cancel = TestContext.Current.CancellationToken;
        var project = await site.ProjectAsync(ProjectKind.Comparison, Site.Items(1, "One", "Two"), new ProjectSettings { Quota = 2, Shuffle = false });
        foreach (var level in new[] { 1, 8 })
        {
            var anna = await site.PersonAsync(Role.Annotator, project.Id);
            var task = Assert.IsType<ClaimResult.Claimed>(await site.Store.Queue.ClaimAsync(project.Id, anna.Id, cancel)).Task;
            Assert.IsType<SubmitResult.Accepted>(await site.Store.Queue.SubmitAsync(anna.Id, new Submission(Guid.NewGuid(), task.LeaseId, ComparisonJudgement.OfStrength(level)), cancel));
        }

        var manager = await site.PersonAsync(Role.Manager, project.Id);
        var page = await chromium.OpenAsync(site, manager, $"/projects/{project.Id}/disputes", screen == "phone" ? Chromium.Phone : Chromium.Desktop);
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
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "None" })).ToBeVisibleAsync();
        await Chromium.ShootAsync(page, "dispute-decided-" + screen);

        var decided = Assert.Single(await site.Store.Projects.TasksAsync(project.Id, -1, 10, cancel));
        Assert.Equal((ComparisonJudgement.OfStrength(8), "the second cites its source"), ((ComparisonJudgement)decided.Adjudicated!, decided.AdjudicationReason!));
        Assert.Equal(2, decided.Labels.Count);
        Assert.Contains("\"chosen\":\"Two\"", await SnapshotRowsAsync(project.Id, cancel), StringComparison.Ordinal);
    }

    private async Task<string> SnapshotRowsAsync(Guid project, CancellationToken cancel)
    {
        using var folder = new Testing.TemporaryFolder();
        var manifest = await site.Store.Snapshots.CreateAsync(project, folder.File("s"), new SnapshotOptions { HeldOut = 0 }, cancel);
        Assert.Equal(1, manifest.Labels);
        return (await File.ReadAllTextAsync(folder.File("s/train.jsonl"), cancel)).Replace(": ", ":", StringComparison.Ordinal);
    }
}
