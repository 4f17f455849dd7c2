using System.Net;
using Attune.Core.Conversations;
using Attune.Feedback.Labels;
using Attune.Feedback.Projects;
using Attune.Feedback.Storage;
using Attune.Web.Configuration;
using Attune.Web.Tests.Security;
using Microsoft.Playwright;

namespace Attune.Web.Tests.Journeys;

/// <summary>Small things that cost labels: one task in two places, a message sent twice, a mark forgotten, a reason nobody chose.</summary>
[Collection(nameof(SiteCollection))]
public sealed class SmallLossesTests(Site site, Chromium chromium)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static (int Width, int Height) Size(string screen) => screen == "phone" ? Chromium.Phone : Chromium.Desktop;

    [Theory]
    [InlineData("phone")]
    [InlineData("desktop")]
    public async Task A_task_submitted_on_two_devices_keeps_the_first_answer_says_so_and_moves_on(string screen)
    {
        var project = await site.ProjectAsync(ProjectKind.Comparison, Site.Items(3, "One", "Two"));
        var anna = await site.PersonAsync(MemberRole.Annotator, project.Id);
        var office = await chromium.OpenAsync(site, anna, $"/work/{project.Id}", Size(screen));
        var home = await chromium.OpenAsync(site, anna, $"/work/{project.Id}", Size(screen));
        await office.Keyboard.PressAsync("2");
        await office.Keyboard.PressAsync("Control+Enter");
        await Assertions.Expect(office.GetByText("Task 2 of 3")).ToBeVisibleAsync();
        await office.Keyboard.PressAsync("5");
        await office.Keyboard.PressAsync("Control+Enter");
        await Assertions.Expect(office.GetByText("Task 3 of 3")).ToBeVisibleAsync();

        await home.Keyboard.PressAsync("7");
        await home.Keyboard.PressAsync("c");
        await home.Keyboard.TypeAsync("a second thought");
        await home.Keyboard.PressAsync("Control+Enter");
        await Assertions.Expect(home.GetByText("The first answer stands; the second was not stored")).ToBeVisibleAsync();
        await Assertions.Expect(home.GetByText("Task 3 of 3")).ToBeVisibleAsync();
        await Chromium.ShootAsync(home, "already-" + screen, full: false);
        Assert.Equal([ComparisonJudgement.OfStrength(2), ComparisonJudgement.OfStrength(5)], await site.JudgementsAsync(project.Id));

        // Undo means that task, though another was submitted after it, and brings back what was written second.
        await home.GetByRole(AriaRole.Button, new() { Name = "Undo the first answer" }).ClickAsync();
        await Assertions.Expect(home.Locator("#comment")).ToHaveValueAsync("a second thought");
        await home.Keyboard.PressAsync("Control+Enter");
        await Assertions.Expect(home.GetByText("Task 3 of 3")).ToBeVisibleAsync();
        Assert.Equal(
            [ComparisonJudgement.OfStrength(7, "a second thought"), ComparisonJudgement.OfStrength(5)],
            await site.JudgementsAsync(project.Id)
        );
    }

    [Fact]
    public async Task Submitting_in_the_tab_that_was_overtaken_moves_on()
    {
        var project = await site.ProjectAsync(ProjectKind.Comparison, Site.Items(2, "One", "Two"));
        var one = await chromium.OpenAsync(site, await site.PersonAsync(MemberRole.Annotator, project.Id), $"/work/{project.Id}");
        var two = await one.Context.NewPageAsync();
        await two.GotoAsync($"/work/{project.Id}");
        await one.Keyboard.PressAsync("4");
        await one.Keyboard.PressAsync("Control+Enter");
        await Assertions.Expect(one.GetByText("Task 2 of 2")).ToBeVisibleAsync();
        await Assertions.Expect(two.GetByRole(AriaRole.Alert)).ToContainTextAsync("submitted in another tab");
        await two.Keyboard.PressAsync("Control+Enter");
        await Assertions.Expect(two.GetByText("Task 2 of 2")).ToBeVisibleAsync();
        Assert.Equal([ComparisonJudgement.OfStrength(4)], await site.JudgementsAsync(project.Id));
    }

    [Fact]
    public async Task Without_scripts_a_second_submission_moves_on_too()
    {
        var project = await site.ProjectAsync(ProjectKind.Comparison, Site.Items(2, "One", "Two"));
        var anna = await site.PersonAsync(MemberRole.Annotator, project.Id);
        var one = await chromium.OpenAsync(site, anna, $"/work/{project.Id}", scripts: false);
        var two = await chromium.OpenAsync(site, anna, $"/work/{project.Id}", scripts: false);
        foreach (var (page, level) in new[] { (one, "A is better"), (two, "B is better") })
        {
            await page.GetByRole(AriaRole.Radio, new() { Name = level, Exact = true }).CheckAsync(new() { Force = true });
            await page.GetByRole(AriaRole.Button, new() { Name = "Submit" }).ClickAsync();
            await Assertions.Expect(page.GetByText("Task 2 of 2")).ToBeVisibleAsync();
        }

        await Assertions.Expect(two.GetByText("The first answer stands;")).ToBeVisibleAsync();
        Assert.Equal([ComparisonJudgement.OfStrength(2)], await site.JudgementsAsync(project.Id));
    }

    private async Task<(ProjectInfo Project, IPage Page)> ChatAsync(string screen)
    {
        var project = await site.ProjectAsync(
            ProjectKind.Chat,
            [new NewItem(new ItemContent(new Prompt.Text("Ask for help with cooking."), []))],
            new ProjectSettings { ChatTurns = 2, Shuffle = false }
        );
        var anna = await site.PersonAsync(MemberRole.Annotator, project.Id);
        return (project, await chromium.OpenAsync(site, anna, $"/work/{project.Id}", Size(screen)));
    }

    private static ILocator Box(IPage page) => page.Locator("#message");

    [Theory]
    [InlineData("phone", false)]
    [InlineData("desktop", false)]
    [InlineData("desktop", true)]
    public async Task A_message_whose_answer_was_lost_is_said_once(string screen, bool reload)
    {
        var (_, page) = await ChatAsync(screen);
        await page.RouteAsync(
            "**/say",
            async route =>
            {
                // The server takes it in; its answer never arrives.
                await route.FetchAsync();
                await route.AbortAsync();
            }
        );
        await Box(page).FillAsync("How long do eggs take?");
        await page.GetByRole(AriaRole.Button, new() { Name = "Send" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("saved on this device");
        await Assertions.Expect(Box(page)).ToHaveValueAsync("How long do eggs take?");
        await page.UnrouteAsync("**/say");
        if (reload)
        {
            await page.ReloadAsync();
        }
        else
        {
            await page.GetByRole(AriaRole.Button, new() { Name = "Send" }).ClickAsync();
        }

        await Assertions.Expect(page.GetByText("Turn 1 of 2: which reply is better?")).ToBeVisibleAsync();
        await Assertions.Expect(Box(page)).ToHaveValueAsync("");
        await Assertions.Expect(page.Locator(".turn.user")).ToHaveCountAsync(1);
        // The same words again, as a turn of their own, are another message.
        await page.GetByRole(AriaRole.Radio, new() { Name = "A is better", Exact = true }).CheckAsync();
        await Box(page).FillAsync("How long do eggs take?");
        await page.ReloadAsync();
        await Assertions.Expect(Box(page)).ToHaveValueAsync("How long do eggs take?");
        await page.GetByRole(AriaRole.Button, new() { Name = "Send" }).ClickAsync();
        await Assertions.Expect(page.Locator(".turn.user")).ToHaveCountAsync(2);
    }

    [Fact]
    public async Task After_a_message_that_failed_the_choice_shown_is_the_choice_stored()
    {
        var (project, page) = await ChatAsync("desktop");
        await Box(page).FillAsync("How long do eggs take?");
        await Box(page).PressAsync("Enter");
        await Assertions.Expect(page.GetByText("Turn 1 of 2")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Radio, new() { Name = "A is much better" }).CheckAsync();
        await page.RouteAsync(
            "**/say",
            route =>
                route.FulfillAsync(
                    new()
                    {
                        Status = 500,
                        ContentType = "application/json",
                        Body = "{}",
                    }
                )
        );
        await Box(page).FillAsync("And soft ones?");
        await Box(page).PressAsync("Enter");
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToBeVisibleAsync();
        await page.UnrouteAsync("**/say");
        await page.GetByRole(AriaRole.Radio, new() { Name = "B is much better" }).CheckAsync();
        await page.ReloadAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Radio, new() { Name = "B is much better" })).ToBeCheckedAsync();
        await Assertions.Expect(Box(page)).ToHaveValueAsync("And soft ones?");
        var preferred = (await page.Locator(".answer.b .text").TextContentAsync())!;
        await Box(page).PressAsync("Enter");
        await Assertions.Expect(page.GetByText("Turn 2 of 2")).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator(".turn.assistant")).ToContainTextAsync(preferred);
        await page.GetByRole(AriaRole.Radio, new() { Name = "A is slightly better" }).CheckAsync();
        await page.GetByRole(AriaRole.Radio, new() { Name = "Overall 3: fair" }).CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Finish and submit" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "All done" })).ToBeVisibleAsync();
        Assert.Equal([new ChatJudgement([new TurnJudgement(0, 8), new TurnJudgement(1, 4)], 3)], await site.JudgementsAsync(project.Id));
    }

    [Fact]
    public async Task Another_message_for_a_turn_that_is_taken_stays_in_the_box()
    {
        var (_, page) = await ChatAsync("desktop");
        var other = await page.Context.NewPageAsync();
        await other.GotoAsync(page.Url);
        await Box(page).FillAsync("From the first tab");
        await Box(page).PressAsync("Enter");
        await Assertions.Expect(page.GetByText("Turn 1 of 2")).ToBeVisibleAsync();
        await Box(other).FillAsync("From the second tab");
        await Box(other).PressAsync("Enter");
        await Assertions.Expect(other.GetByRole(AriaRole.Alert)).ToContainTextAsync("gone on in another tab");
        await Assertions.Expect(Box(other)).ToHaveValueAsync("From the second tab");
        await other.ReloadAsync();
        await Assertions.Expect(other.Locator(".turn.user")).ToContainTextAsync("From the first tab");
        await Assertions.Expect(Box(other)).ToHaveValueAsync("From the second tab");
    }

    [Theory]
    [InlineData("phone")]
    [InlineData("desktop")]
    public async Task A_span_task_without_a_mark_asks_whether_there_is_nothing_to_mark(string screen)
    {
        var project = await site.ProjectAsync(ProjectKind.Spans, Site.Items(2, "Two words."));
        var page = await chromium.OpenAsync(
            site,
            await site.PersonAsync(MemberRole.Annotator, project.Id),
            $"/work/{project.Id}",
            Size(screen)
        );
        await page.Keyboard.PressAsync("Control+Enter");
        var dialog = page.GetByRole(AriaRole.Dialog, new() { Name = "Is there nothing to mark?" });
        await Assertions.Expect(dialog).ToBeVisibleAsync();
        await Chromium.ShootAsync(page, "nothing-to-mark-" + screen, full: false);
        // Enter alone goes back: nothing is said by a slip.
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(dialog).ToBeHiddenAsync();
        Assert.Empty(await site.JudgementsAsync(project.Id));
        await page.Keyboard.PressAsync("Control+Enter");
        await page.Keyboard.PressAsync("Tab");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.GetByText("Task 2 of 2")).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("a");
        await page.Keyboard.PressAsync("1");
        await page.Keyboard.PressAsync("Control+Enter");
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "All done" })).ToBeVisibleAsync();
        Assert.Equal([0, 1], (await site.JudgementsAsync(project.Id)).Select(j => ((SpansJudgement)j).Spans.Length));
    }

    [Theory]
    [InlineData("s", "Skip")]
    [InlineData("f", "Flag")]
    public async Task A_reason_is_chosen_not_presumed(string key, string button)
    {
        var project = await site.ProjectAsync(ProjectKind.Comparison, Site.Items(2, "One", "Two"));
        var anna = await site.PersonAsync(MemberRole.Annotator, project.Id);
        var page = await chromium.OpenAsync(site, anna, $"/work/{project.Id}");
        await page.Keyboard.PressAsync(key);
        await Assertions.Expect(page.Locator("dialog[open] input[type=radio]:checked")).ToHaveCountAsync(0);
        await page.Keyboard.PressAsync("Enter");
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = button }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Dialog)).ToBeVisibleAsync();
        var progress = await site.Store.Projects.ProgressAsync(project.Id, Cancel);
        Assert.Equal((0, 0), (progress.Skipped, progress.Flagged));
        await page.Locator("dialog[open] input[type=radio]").First.FocusAsync();
        await page.Keyboard.PressAsync("ArrowDown");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.GetByText("Here is the next one.")).ToBeVisibleAsync();
        progress = await site.Store.Projects.ProgressAsync(project.Id, Cancel);
        Assert.Equal(1, progress.Skipped + progress.Flagged);

        // A program that names no reason is refused.
        using var client = site.Client(anna);
        var task = Assert.IsType<Feedback.Queue.ClaimResult.Claimed>(await site.Store.Queue.ClaimAsync(project.Id, anna.Id, Cancel)).Task;
        using var answer = await Forms.PostAsync(client, $"/work/{project.Id}/{task.LeaseId}/{button.ToLowerInvariant()}", []);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Fact]
    public async Task Thirty_people_behind_one_address_sign_in_and_label_and_one_account_cannot_be_tried_without_end()
    {
        // The limits of a server as it is started.
        var usual = new WebOptions { DataFolder = "" };
        await using var own = await Site.StartAsync(o =>
            o with
            {
                RequestsPerMinute = usual.RequestsPerMinute,
                RequestsPerAddress = usual.RequestsPerAddress,
                SignInsPerMinute = usual.SignInsPerMinute,
                SignInsPerAddress = usual.SignInsPerAddress,
            }
        );
        var project = await own.ProjectAsync(ProjectKind.Comparison, Site.Items(30, "One", "Two"));
        for (var i = 0; i < 30; i++)
        {
            var person = await own.PersonAsync(MemberRole.Annotator, project.Id);
            using var client = own.Client(null);
            using var signedIn = await Forms.PostAsync(
                client,
                "/sign-in",
                new FormUrlEncodedContent([new("name", person.Name), new("password", Site.Password)]),
                json: false
            );
            Assert.Equal(HttpStatusCode.Redirect, signedIn.StatusCode);
            using var task = await client.GetAsync(new Uri($"/work/{project.Id}", UriKind.Relative), Cancel);
            Assert.Equal(HttpStatusCode.Redirect, task.StatusCode);
        }

        using var stranger = own.Client(null);
        var answers = new List<HttpStatusCode>();
        for (var i = 0; i < 25; i++)
        {
            answers.Add(
                (await Forms.PostAsync(stranger, "/sign-in", [new("name", "nobody at all"), new("password", "a guess")])).StatusCode
            );
        }

        Assert.Equal(HttpStatusCode.BadRequest, answers[0]);
        Assert.Equal(HttpStatusCode.TooManyRequests, answers[^1]);
    }
}
