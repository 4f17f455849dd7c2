using Attune.Feedback.Labels;
using Attune.Feedback.Projects;
using Attune.Feedback.Queue;
using Attune.Feedback.Storage;
using Microsoft.Playwright;

namespace Attune.Web.Tests.Journeys;

/// <summary>
/// No typed and no acknowledged label is lost: lines that break, answers that never arrive, reloads, two tabs, sign-outs.
/// </summary>
[Collection(nameof(SiteCollection))]
public sealed class LostConnectionTests(Site site, Chromium chromium)
{
    private async Task<(ProjectInfo Project, IPage Page)> OpenAsync(int tasks = 2)
    {
        var project = await site.ProjectAsync(ProjectKind.Comparison, Site.Items(tasks, "One", "Two"));
        return (project, await chromium.OpenAsync(site, await site.PersonAsync(MemberRole.Annotator, project.Id), $"/work/{project.Id}"));
    }

    private static async Task WriteAsync(IPage page, string level, string comment)
    {
        await page.Keyboard.PressAsync(level);
        await page.Keyboard.PressAsync("c");
        await page.Keyboard.TypeAsync(comment);
    }

    [Fact]
    public async Task Offline_in_the_middle_of_a_task_and_back()
    {
        var (project, page) = await OpenAsync();
        await page.Context.SetOfflineAsync(true);
        await WriteAsync(page, "2", "written offline");
        await page.Keyboard.PressAsync("Control+Enter");
        await Assertions.Expect(page.Locator("#state")).ToContainTextAsync("Saved on this device");
        await Chromium.ShootAsync(page, "offline", full: false);
        Assert.Empty(await site.JudgementsAsync(project.Id));
        await page.Context.SetOfflineAsync(false);
        await Assertions.Expect(page.GetByText("Task 2 of 2")).ToBeVisibleAsync();
        Assert.Equal([ComparisonJudgement.OfStrength(2, "written offline")], await site.JudgementsAsync(project.Id));
    }

    [Fact]
    public async Task The_answer_to_a_submit_is_lost_and_the_submit_is_stored_once()
    {
        var (project, page) = await OpenAsync();
        var lost = 0;
        await page.RouteAsync(
            "**/submit",
            async route =>
            {
                if (lost++ > 0)
                {
                    await route.ContinueAsync();
                    return;
                }

                // The server stores it; its answer never arrives.
                await route.FetchAsync();
                await route.AbortAsync();
            }
        );
        await WriteAsync(page, "6", "once");
        await page.Keyboard.PressAsync("Control+Enter");
        await Assertions.Expect(page.GetByText("Task 2 of 2")).ToBeVisibleAsync();
        Assert.True(lost >= 2, "the submit was sent again");
        Assert.Equal([ComparisonJudgement.OfStrength(6, "once")], await site.JudgementsAsync(project.Id));
    }

    [Fact]
    public async Task A_reload_brings_back_what_was_typed_without_the_server_too()
    {
        var (_, page) = await OpenAsync();
        // Drafts never reach the server: the device alone must do.
        await page.RouteAsync("**/draft", route => route.AbortAsync());
        await WriteAsync(page, "3", "half a thought");
        await page.ReloadAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Radio, new() { Name = "A is somewhat better" })).ToBeCheckedAsync();
        await Assertions.Expect(page.Locator("#comment")).ToHaveValueAsync("half a thought");
    }

    [Fact]
    public async Task A_kept_submit_survives_a_reload_and_is_sent_then()
    {
        var (project, page) = await OpenAsync();
        await page.RouteAsync("**/submit", route => route.AbortAsync());
        await WriteAsync(page, "3", "kept over a reload");
        await page.Keyboard.PressAsync("Control+Enter");
        await Assertions.Expect(page.Locator("#state")).ToContainTextAsync("Saved on this device");
        await page.ReloadAsync();
        await Assertions.Expect(page.Locator("#comment")).ToHaveValueAsync("kept over a reload");
        await Assertions.Expect(page.Locator("#comment")).ToBeDisabledAsync();
        Assert.Empty(await site.JudgementsAsync(project.Id));
        await page.UnrouteAsync("**/submit");
        await Assertions.Expect(page.GetByText("Task 2 of 2")).ToBeVisibleAsync();
        Assert.Equal([ComparisonJudgement.OfStrength(3, "kept over a reload")], await site.JudgementsAsync(project.Id));
    }

    [Fact]
    public async Task A_kept_submit_of_a_task_submitted_elsewhere_moves_on_and_leaves_every_word_to_undo()
    {
        var project = await site.ProjectAsync(ProjectKind.Comparison, Site.Items(2, "One", "Two"));
        var anna = await site.PersonAsync(MemberRole.Annotator, project.Id);
        var train = await chromium.OpenAsync(site, anna, $"/work/{project.Id}");
        var home = await chromium.OpenAsync(site, anna, $"/work/{project.Id}");
        await train.Context.SetOfflineAsync(true);
        await WriteAsync(train, "2", "written on the train");
        await train.Keyboard.PressAsync("Control+Enter");
        await Assertions.Expect(train.Locator("#state")).ToContainTextAsync("Saved on this device");
        await home.Keyboard.PressAsync("7");
        await home.Keyboard.PressAsync("Control+Enter");
        await Assertions.Expect(home.GetByText("Task 2 of 2")).ToBeVisibleAsync();
        await train.Context.SetOfflineAsync(false);
        await Assertions.Expect(train.GetByText("The first answer stands; the second was not stored")).ToBeVisibleAsync();
        await Assertions.Expect(train.GetByText("Task 2 of 2")).ToBeVisibleAsync();
        Assert.Equal([ComparisonJudgement.OfStrength(7)], await site.JudgementsAsync(project.Id));
        await train.GetByRole(AriaRole.Button, new() { Name = "Undo the first answer" }).ClickAsync();
        await Assertions.Expect(train.Locator("#comment")).ToHaveValueAsync("written on the train");
        await Assertions.Expect(train.GetByRole(AriaRole.Radio, new() { Name = "A is better", Exact = true })).ToBeCheckedAsync();
    }

    [Fact]
    public async Task Another_device_gets_the_draft_from_the_server()
    {
        var project = await site.ProjectAsync(ProjectKind.Comparison, Site.Items(1, "One", "Two"));
        var anna = await site.PersonAsync(MemberRole.Annotator, project.Id);
        var page = await chromium.OpenAsync(site, anna, $"/work/{project.Id}");
        await WriteAsync(page, "5", "from the office");
        await Assertions.Expect(page.Locator("#state")).ToHaveTextAsync("Draft saved");
        var home = await chromium.OpenAsync(site, anna, $"/work/{project.Id}", Chromium.Phone);
        await Assertions.Expect(home.Locator("#comment")).ToHaveValueAsync("from the office");
    }

    [Fact]
    public async Task A_task_that_went_to_somebody_else_is_told_and_the_late_answer_is_kept_as_an_extra_one()
    {
        var project = await site.ProjectAsync(
            ProjectKind.Comparison,
            Site.Items(1, "One", "Two"),
            new ProjectSettings { Shuffle = false, LeaseSeconds = 10 }
        );
        var page = await chromium.OpenAsync(site, await site.PersonAsync(MemberRole.Annotator, project.Id), $"/work/{project.Id}");
        await page.RouteAsync("**/heartbeat", route => route.AbortAsync());
        await WriteAsync(page, "2", "after a long pause");
        var bob = await site.PersonAsync(MemberRole.Annotator, project.Id);
        AssignedTask? taken = null;
        while (taken is null)
        {
            await Task.Delay(500, TestContext.Current.CancellationToken);
            taken = (
                await site.Store.Queue.ClaimAsync(project.Id, bob.Id, TestContext.Current.CancellationToken) as ClaimResult.Claimed
            )?.Task;
        }

        await page.UnrouteAsync("**/heartbeat");
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("given to someone else");
        await Chromium.ShootAsync(page, "late", full: false);
        await site.Store.Queue.SubmitAsync(
            bob.Id,
            new Submission(Guid.NewGuid(), taken.LeaseId, ComparisonJudgement.OfStrength(7)),
            TestContext.Current.CancellationToken
        );
        await page.Keyboard.PressAsync("Control+Enter");
        await Assertions.Expect(page.GetByText("counts as an extra one")).ToBeVisibleAsync();
        var labels = Assert.Single(await site.Store.Tasks.ListAsync(project.Id, -1, 10, TestContext.Current.CancellationToken)).Labels;
        Assert.Equal(
            [(false, (Judgement?)ComparisonJudgement.OfStrength(7)), (true, ComparisonJudgement.OfStrength(2, "after a long pause"))],
            labels.OrderBy(l => l.Surplus).Select(l => (l.Surplus, l.Judgement))
        );
    }

    [Fact]
    public async Task Two_tabs_show_the_same_and_submit_once()
    {
        var (project, one) = await OpenAsync();
        var two = await one.Context.NewPageAsync();
        await two.GotoAsync($"/work/{project.Id}");
        await WriteAsync(one, "4", "in tab one");
        await Assertions.Expect(two.Locator("#comment")).ToHaveValueAsync("in tab one");
        await two.Keyboard.PressAsync("8");
        await Assertions.Expect(one.GetByRole(AriaRole.Radio, new() { Name = "B is much better" })).ToBeCheckedAsync();
        await one.Keyboard.PressAsync("Control+Enter");
        await Assertions.Expect(one.GetByText("Task 2 of 2")).ToBeVisibleAsync();
        await Assertions.Expect(two.GetByRole(AriaRole.Alert)).ToContainTextAsync("submitted in another tab");
        Assert.Equal([ComparisonJudgement.OfStrength(8, "in tab one")], await site.JudgementsAsync(project.Id));
    }

    [Fact]
    public async Task Signed_out_in_the_middle_keeps_the_label_until_one_is_back()
    {
        var project = await site.ProjectAsync(ProjectKind.Comparison, Site.Items(2, "One", "Two"));
        var anna = await site.PersonAsync(MemberRole.Annotator, project.Id);
        var page = await chromium.OpenAsync(site, anna, $"/work/{project.Id}");
        await page.Context.ClearCookiesAsync(new() { Name = "attune_session" });
        await WriteAsync(page, "1", "kept");
        await page.Keyboard.PressAsync("Control+Enter");
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("signed out");
        var tab = await page.Context.NewPageAsync();
        await tab.GotoAsync("/sign-in");
        await tab.GetByLabel("Name").FillAsync(anna.Name);
        await tab.GetByLabel("Password").FillAsync(Site.Password);
        await tab.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await tab.WaitForURLAsync("**/");
        await Assertions.Expect(page.GetByText("Task 2 of 2")).ToBeVisibleAsync();
        Assert.Equal([ComparisonJudgement.OfStrength(1, "kept")], await site.JudgementsAsync(project.Id));
    }
}
