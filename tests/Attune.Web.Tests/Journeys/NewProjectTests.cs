using Attune.Feedback.Labels;
using Attune.Web.Projects;
using Microsoft.Playwright;

namespace Attune.Web.Tests.Journeys;

/// <summary>All settings are there when a project is made, and usual set-ups to begin with.</summary>
[Collection(nameof(SiteCollection))]
public sealed class NewProjectTests(Site site, Chromium chromium)
{
    [Theory]
    [InlineData("phone")]
    [InlineData("desktop")]
    public async Task A_project_is_made_with_its_scale_and_gold_at_once(string screen)
    {
        var page = await chromium.OpenAsync(site, site.Owner, "/projects/new", screen == "phone" ? Chromium.Phone : Chromium.Desktop);
        var name = "With settings " + Guid.NewGuid();
        await Assertions.Expect(page.GetByLabel("Highest rating")).ToBeHiddenAsync();
        await page.GetByLabel("Name").FillAsync(name);
        await page.GetByRole(AriaRole.Radio, new() { Name = "Rate one answer" }).CheckAsync();
        await page.GetByLabel("Highest rating").FillAsync("7");
        await page.GetByText("Labels, gold and pace").ClickAsync();
        await page.GetByLabel("Labels per item").FillAsync("3");
        await page.GetByLabel("One task in n is gold").FillAsync("9");
        await Chromium.ShootAsync(page, "new-rating-" + screen);
        Assert.True(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= window.innerWidth"));
        await page.GetByRole(AriaRole.Button, new() { Name = "Create" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = name })).ToBeVisibleAsync();
        var made = (await site.Store.Projects.ListAsync(TestContext.Current.CancellationToken)).Single(p => p.Name == name);
        Assert.Equal(
            (ProjectKind.Rating, 1, 7, 3, 9, true),
            (made.Kind, made.Settings.Worst, made.Settings.Best, made.Settings.Quota, made.Settings.GoldEvery, made.Settings.Shuffle)
        );
    }

    public static TheoryData<string> Templates => [.. ProjectTemplate.All.Select(t => t.Id)];

    [Theory]
    [MemberData(nameof(Templates))]
    public async Task A_template_makes_the_project_that_it_describes(string id)
    {
        var template = ProjectTemplate.Find(id)!;
        var page = await chromium.OpenAsync(site, site.Owner, "/projects/new");
        await page.GetByText("Start from a usual set-up").ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = template.Title, Exact = true }).ClickAsync();
        var name = $"{template.Title} {Guid.NewGuid()}";
        await page.GetByLabel("Name").FillAsync(name);
        await page.GetByRole(AriaRole.Button, new() { Name = "Create" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = name })).ToBeVisibleAsync();
        var cancel = TestContext.Current.CancellationToken;
        var made = (await site.Store.Projects.ListAsync(cancel)).Single(p => p.Name == name);
        Assert.Equal(template.Kind, made.Kind);
        Assert.Equal(template.Settings.Instruction, made.Settings.Instruction);
        Assert.Equal((template.Settings.Worst, template.Settings.Best), (made.Settings.Worst, made.Settings.Best));
        Assert.Equal(template.Settings.ErrorTypes, [.. made.Settings.ErrorTypes]);
        Assert.Equal(template.Settings.AskCorrection, made.Settings.AskCorrection);
        Assert.Equal(template.Guidelines, (await site.Store.Projects.GuidelinesAsync(made.Id, null, cancel))!.Markdown);
    }

    [Fact]
    public async Task What_was_filled_in_is_kept_when_a_setting_cannot_work()
    {
        var page = await chromium.OpenAsync(site, site.Owner, "/projects/new?template=thumbs");
        await page.GetByLabel("Lowest rating").FillAsync("9");
        await page.GetByRole(AriaRole.Button, new() { Name = "Create" }).ClickAsync();
        await Assertions.Expect(page.GetByText("expected worst to be less than best")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByLabel("Lowest rating")).ToHaveValueAsync("9");
        await Assertions.Expect(page.GetByLabel("The question")).ToHaveValueAsync("Is this answer good?");
    }
}
