using System.Text.Json.Nodes;
using Attune.Feedback.Labels;
using Attune.Feedback.Projects;
using Attune.Feedback.Snapshots;
using Attune.Feedback.Storage;
using Microsoft.Playwright;

namespace Attune.Web.Tests.Journeys;

/// <summary>Guidelines are open, with what changed, until they are acknowledged, and labels record what was.</summary>
[Collection(nameof(SiteCollection))]
public sealed class GuidelinesTests(Site site, Chromium chromium)
{
    private const string First = "# How to judge\n- Be **honest**.\n- Take your time.\n- Prefer the shorter answer.";
    private const string Second =
        "# How to judge\n- Be **honest**.\n- Take at most two minutes.\n- Prefer the shorter answer.\n- Flag insults.";
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static (int Width, int Height) Size(string screen) => screen == "phone" ? Chromium.Phone : Chromium.Desktop;

    private static ILocator Read(IPage page) => page.GetByRole(AriaRole.Button, new() { Name = "I have read them" });

    private static Task<bool> IsOpenAsync(IPage page) => page.Locator("#guidelines").EvaluateAsync<bool>("e => e.open");

    private async Task<int?[]> VersionsAsync(ProjectInfo project)
    {
        using var folder = new Testing.TemporaryFolder();
        await site.Store.Snapshots.CreateAsync(project.Id, folder.File("s"), new SnapshotOptions { HeldOut = 0 }, Cancel);
        return
        [
            .. (await File.ReadAllLinesAsync(folder.File("s/labels.jsonl"), Cancel)).Select(l =>
                JsonNode.Parse(l)!["guideline_version"]?.GetValue<int>()
            ),
        ];
    }

    [Theory]
    [InlineData("phone")]
    [InlineData("desktop")]
    public async Task New_guidelines_are_open_with_what_changed_until_acknowledged(string screen)
    {
        var project = await site.ProjectAsync(ProjectKind.Comparison, Site.Items(4, "One", "Two"), guidelines: First);
        var page = await chromium.OpenAsync(
            site,
            await site.PersonAsync(MemberRole.Annotator, project.Id),
            $"/work/{project.Id}",
            Size(screen)
        );
        Assert.True(await IsOpenAsync(page));
        await page.Keyboard.PressAsync("1");
        await page.Keyboard.PressAsync("Control+Enter");
        await Assertions.Expect(page.GetByText("Task 2 of 4")).ToBeVisibleAsync();
        // Still unread, so still open.
        Assert.True(await IsOpenAsync(page));
        await page.Keyboard.PressAsync("c");
        await page.Keyboard.TypeAsync("half a thought");
        await Read(page).ClickAsync();
        await Assertions.Expect(Read(page)).ToHaveCountAsync(0);
        Assert.False(await IsOpenAsync(page));
        await Assertions.Expect(page.Locator("#comment")).ToHaveValueAsync("half a thought");
        await page.ReloadAsync();
        Assert.False(await IsOpenAsync(page));
        await page.Keyboard.PressAsync("2");
        await page.Keyboard.PressAsync("Control+Enter");
        await Assertions.Expect(page.GetByText("Task 3 of 4")).ToBeVisibleAsync();

        await site.Store.Projects.PublishGuidelinesAsync(site.Owner.Id, project.Id, Second, Cancel);
        await page.Keyboard.PressAsync("3");
        await page.Keyboard.PressAsync("Control+Enter");
        await Assertions.Expect(page.GetByText("Task 4 of 4")).ToBeVisibleAsync();
        Assert.True(await IsOpenAsync(page));
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "What changed since version 1" })).ToBeVisibleAsync();
        Assert.Equal(["your time."], await page.Locator("#guidelines del").AllTextContentsAsync());
        Assert.Equal(["at most two minutes.", "- Flag insults."], await page.Locator("#guidelines ins").AllTextContentsAsync());
        await Chromium.ShootAsync(page, "guidelines-changed-" + screen);
        await page.Keyboard.PressAsync("r");
        await Assertions.Expect(Read(page)).ToHaveCountAsync(0);
        await page.Keyboard.PressAsync("4");
        await page.Keyboard.PressAsync("Control+Enter");
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "All done" })).ToBeVisibleAsync();
        Assert.Equal([null, 1, 1, 2], await VersionsAsync(project));
    }

    [Fact]
    public async Task Without_scripts_they_are_acknowledged_too()
    {
        var project = await site.ProjectAsync(ProjectKind.Comparison, Site.Items(1, "One", "Two"), guidelines: First);
        var anna = await site.PersonAsync(MemberRole.Annotator, project.Id);
        var page = await chromium.OpenAsync(site, anna, $"/work/{project.Id}", scripts: false);
        await Read(page).ClickAsync();
        await Assertions.Expect(page.GetByText("Task 1 of 1")).ToBeVisibleAsync();
        await Assertions.Expect(Read(page)).ToHaveCountAsync(0);
        Assert.Equal(1, (await site.Store.Guidelines.NewestAsync(project.Id, anna.Id, Cancel))!.Number);
    }
}
