using Attune.Feedback.Labels;
using Attune.Feedback.Storage;
using Microsoft.Playwright;

namespace Attune.Web.Tests.Journeys;

[Collection(nameof(SiteCollection))]
public sealed class ComparisonTests(Site site, Chromium chromium)
{
    [Fact]
    public async Task From_the_setup_link_to_a_label_in_an_export()
    {
        using var folder = new Testing.TemporaryFolder();
        await using var server = await WebServer.StartAsync(Site.Options(folder.File("data")), TestContext.Current.CancellationToken);
        var page = await chromium.OpenAsync(site, null, server.SetUpLink!);
        await Chromium.ShootAsync(page, "set-up");
        await page.GetByLabel("Name").FillAsync("olga");
        await page.GetByLabel("Password").FillAsync(Site.Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Create the owner's account" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Create the first project" }).ClickAsync();
        await page.GetByLabel("Name").FillAsync("Colours");
        await page.GetByLabel("Items")
            .SetInputFilesAsync(
                folder.WriteText(
                    "pairs.jsonl",
                    """
                    {"prompt": "The sky is", "chosen": " blue.", "rejected": " green."}
                    {"prompt": "Grass is", "chosen": " green.", "rejected": " blue."}
                    """
                )
            );
        await Chromium.ShootAsync(page, "new-project");
        await page.GetByRole(AriaRole.Button, new() { Name = "Create" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Invite people" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Create a link" }).ClickAsync();
        var link = await page.Locator("#link").TextContentAsync();
        await Chromium.ShootAsync(page, "members");

        var other = await chromium.OpenAsync(site, null, link!);
        await other.GetByLabel("Name").FillAsync("anna");
        await other.GetByLabel("Password").FillAsync(Site.Password);
        await other.GetByRole(AriaRole.Button, new() { Name = "Join" }).ClickAsync();
        await other.GetByRole(AriaRole.Link, new() { Name = "Start with Colours" }).ClickAsync();
        await other.GetByRole(AriaRole.Radio, new() { Name = "A is much better" }).CheckAsync();
        await other.GetByRole(AriaRole.Button, new() { Name = "Submit" }).ClickAsync();
        await Assertions.Expect(other.GetByText("Task 2 of 2")).ToBeVisibleAsync();
        await other.GetByRole(AriaRole.Radio, new() { Name = "B is slightly better" }).CheckAsync();
        await other.GetByRole(AriaRole.Button, new() { Name = "Submit" }).ClickAsync();
        await Assertions.Expect(other.GetByRole(AriaRole.Heading, new() { Name = "All done" })).ToBeVisibleAsync();

        var project = (await server.Store.Projects.ListAsync(TestContext.Current.CancellationToken)).Single();
        var labels = (await server.Store.Tasks.ListAsync(project.Id, -1, 10, TestContext.Current.CancellationToken))
            .SelectMany(t => t.Labels)
            .ToArray();
        Assert.Equal(2, labels.Length);
        Assert.All(labels, l => Assert.IsType<ComparisonJudgement>(l.Judgement));
    }

    [Fact]
    public async Task A_project_is_made_of_prompts_alone_which_the_model_answers()
    {
        using var folder = new Testing.TemporaryFolder();
        var page = await chromium.OpenAsync(site, site.Owner, "/projects/new");
        var name = "From a model " + Guid.NewGuid();
        await page.GetByLabel("Name").FillAsync(name);
        await page.GetByLabel("Items")
            .SetInputFilesAsync(folder.WriteText("prompts.jsonl", "{\"prompt\": \"The film\"}\n{\"prompt\": \"The book\"}\n"));
        await page.GetByRole(AriaRole.Button, new() { Name = "Create" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Link, new() { Name = "Invite people" })).ToBeVisibleAsync();
        var project = (await site.Store.Projects.ListAsync(TestContext.Current.CancellationToken)).Single(p => p.Name == name);
        var tasks = await site.Store.Tasks.ListAsync(project.Id, -1, 10, TestContext.Current.CancellationToken);
        Assert.Equal([" continuation 1 of The film", " continuation 2 of The film"], tasks[0].Content.Candidates.Select(c => c.Text));
        Assert.All(tasks.SelectMany(t => t.Content.Candidates), c => Assert.Equal("secret-policy", c.Policy));
    }

    [Fact]
    public async Task An_invitation_is_taken_with_the_account_one_has()
    {
        var first = await site.ProjectAsync(ProjectKind.Comparison, Site.Items(1, "One", "Two"));
        var second = await site.ProjectAsync(ProjectKind.Comparison, Site.Items(1, "Three", "Four"));
        var anna = await site.PersonAsync(MemberRole.Annotator, first.Id);
        var invitation = await site.Store.Accounts.InviteAsync(
            site.Owner.Id,
            MemberRole.Annotator,
            second.Id,
            TimeSpan.FromDays(1),
            TestContext.Current.CancellationToken
        );
        var page = await chromium.OpenAsync(site, anna, "/join/" + invitation.Token);
        await Chromium.ShootAsync(page, "join");
        await page.GetByRole(AriaRole.Button, new() { Name = $"Join as {anna.Name}" }).ClickAsync();
        await Assertions.Expect(page.GetByText("The projects you were invited to are listed here")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Link, new() { Name = "Start with " + second.Name })).ToBeVisibleAsync();
        await page.GotoAsync("/join/" + invitation.Token);
        await page.GetByRole(AriaRole.Button, new() { Name = $"Join as {anna.Name}" }).ClickAsync();
        await Assertions.Expect(page.GetByText("used or has expired")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task By_keyboard_alone_with_a_comment_and_an_undo()
    {
        var project = await site.ProjectAsync(
            ProjectKind.Comparison,
            Site.Items(3, "Because of Rayleigh scattering.", "Because the sea is blue.\n\nIt mirrors it.")
        );
        var anna = await site.PersonAsync(MemberRole.Annotator, project.Id);
        var page = await chromium.OpenAsync(site, anna, $"/work/{project.Id}");
        await Assertions.Expect(page.GetByText("Task 1 of 3")).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("7");
        await Assertions.Expect(page.GetByRole(AriaRole.Radio, new() { Name = "B is better" })).ToBeCheckedAsync();
        await page.Keyboard.PressAsync("ArrowLeft");
        await Assertions.Expect(page.GetByRole(AriaRole.Radio, new() { Name = "B is somewhat better" })).ToBeCheckedAsync();
        await page.Keyboard.PressAsync("c");
        // Digits in a text are text.
        await page.Keyboard.TypeAsync("B errs 2 times");
        await Chromium.ShootAsync(page, "comparison-desktop", full: false);
        await page.Keyboard.PressAsync("Control+Enter");
        await Assertions.Expect(page.GetByText("Task 2 of 3")).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("Control+z");
        await Assertions.Expect(page.GetByText("Task 1 of 3")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Radio, new() { Name = "B is somewhat better" })).ToBeCheckedAsync();
        await page.Keyboard.PressAsync("1");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.GetByText("Task 2 of 3")).ToBeVisibleAsync();
        Assert.Equal([ComparisonJudgement.OfStrength(1, "B errs 2 times")], await site.JudgementsAsync(project.Id));
    }

    [Fact]
    public async Task On_a_phone_the_eight_levels_fit_and_nothing_scrolls_sideways()
    {
        var project = await site.ProjectAsync(
            ProjectKind.Comparison,
            Site.Items(2, string.Join(' ', Enumerable.Repeat("A long answer.", 80)), "A short one.")
        );
        var anna = await site.PersonAsync(MemberRole.Annotator, project.Id);
        var page = await chromium.OpenAsync(site, anna, $"/work/{project.Id}", Chromium.Phone);
        Assert.True(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= window.innerWidth"));
        var box = await page.GetByRole(AriaRole.Radio, new() { Name = "B is much better" }).BoundingBoxAsync();
        Assert.True(
            box!.X + box.Width <= 390 && box.Height >= 24 && box.Width >= 24,
            $"the last level lies at {box.X}, {box.Width} wide and {box.Height} high"
        );
        await page.GetByRole(AriaRole.Radio, new() { Name = "B is much better" }).TapAsync();
        await Chromium.ShootAsync(page, "comparison-phone", full: false);
        await page.GetByRole(AriaRole.Button, new() { Name = "Submit" }).TapAsync();
        await Assertions.Expect(page.GetByText("Task 2 of 2")).ToBeVisibleAsync();
        Assert.Equal([ComparisonJudgement.OfStrength(8)], await site.JudgementsAsync(project.Id));
    }

    [Fact]
    public async Task Without_scripts_the_form_works_by_itself()
    {
        var project = await site.ProjectAsync(ProjectKind.Comparison, Site.Items(1, "One", "Two"));
        var anna = await site.PersonAsync(MemberRole.Annotator, project.Id);
        var page = await chromium.OpenAsync(site, anna, $"/work/{project.Id}", scripts: false);
        await page.GetByRole(AriaRole.Radio, new() { Name = "A is better" }).CheckAsync(new() { Force = true });
        await page.GetByRole(AriaRole.Button, new() { Name = "Submit" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "All done" })).ToBeVisibleAsync();
        Assert.Equal([ComparisonJudgement.OfStrength(2)], await site.JudgementsAsync(project.Id));
    }

    [Fact]
    public async Task Skip_and_flag_ask_for_a_reason_and_pass_on()
    {
        var project = await site.ProjectAsync(ProjectKind.Comparison, Site.Items(3, "One", "Two"));
        var anna = await site.PersonAsync(MemberRole.Annotator, project.Id);
        var page = await chromium.OpenAsync(site, anna, $"/work/{project.Id}");
        await page.Keyboard.PressAsync("s");
        await Assertions.Expect(page.GetByRole(AriaRole.Dialog)).ToBeVisibleAsync();
        await page.GetByLabel("It is too long").CheckAsync();
        await Chromium.ShootAsync(page, "skip", full: false);
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Skip" }).ClickAsync();
        await Assertions.Expect(page.GetByText("Skipped. Here is the next one.")).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("f");
        await page.GetByLabel("Private information").CheckAsync();
        await page.GetByLabel("In your words").Last.FillAsync("names a person");
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Flag" }).ClickAsync();
        await Assertions.Expect(page.GetByText("Flagged. Thank you. Here is the next one.")).ToBeVisibleAsync();
        var progress = await site.Store.Projects.ProgressAsync(project.Id, TestContext.Current.CancellationToken);
        Assert.Equal((1, 1), (progress.Skipped, progress.Flagged));
    }

    [Fact]
    public async Task Question_mark_shows_the_keys_and_one_can_be_changed()
    {
        var project = await site.ProjectAsync(ProjectKind.Comparison, Site.Items(1, "One", "Two"));
        var page = await chromium.OpenAsync(site, await site.PersonAsync(MemberRole.Annotator, project.Id), $"/work/{project.Id}");
        await page.Keyboard.PressAsync("?");
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Keys" })).ToBeVisibleAsync();
        await Chromium.ShootAsync(page, "keys", full: false);
        await page.GetByRole(AriaRole.Button, new() { Name = "Change the key for: A is much better" }).ClickAsync();
        await page.Keyboard.PressAsync("q");
        await page.GetByRole(AriaRole.Button, new() { Name = "Close", Exact = true }).ClickAsync();
        await page.Keyboard.PressAsync("q");
        await Assertions.Expect(page.GetByRole(AriaRole.Radio, new() { Name = "A is much better" })).ToBeCheckedAsync();
    }
}
