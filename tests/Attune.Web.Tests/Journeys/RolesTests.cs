using Attune.Feedback.Labels;
using Attune.Feedback.Storage;
using Microsoft.Playwright;

namespace Attune.Web.Tests.Journeys;

/// <summary>An owner changes what people may do, by keyboard alone.</summary>
[Collection(nameof(SiteCollection))]
public sealed class RolesTests(Site site, Chromium chromium)
{
    private static async Task TabToAsync(IPage page, ILocator target)
    {
        for (var i = 0; i < 200; i++)
        {
            if (await target.EvaluateAsync<bool>("e => e === document.activeElement"))
            {
                return;
            }
            await page.Keyboard.PressAsync("Tab");
        }

        Assert.Fail("the keyboard never got there");
    }

    /// <summary>Typing the beginning of an option's words chooses it, and Enter at the button sends it.</summary>
    private static async Task ChooseAsync(IPage page, ILocator select, string option, string button)
    {
        await TabToAsync(page, select);
        await page.Keyboard.TypeAsync(option);
        while (await page.EvaluateAsync<string>("document.activeElement.textContent.trim()") != button)
        {
            await page.Keyboard.PressAsync("Tab");
        }

        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.GetByText("Saved.")).ToBeVisibleAsync();
    }

    [Theory]
    [InlineData("phone")]
    [InlineData("desktop")]
    public async Task Roles_in_all_projects_and_in_one_are_given_changed_and_taken_away(string screen)
    {
        var cancel = TestContext.Current.CancellationToken;
        var (mine, other) = (
            await site.ProjectAsync(ProjectKind.Comparison, Site.Items(1, "One", "Two")),
            await site.ProjectAsync(ProjectKind.Comparison, Site.Items(1, "One", "Two"))
        );
        var mary = await site.PersonAsync(MemberRole.Manager, null);
        await site.Store.People.SetMemberAsync(site.Owner.Id, mine.Id, mary.Id, MemberRole.Annotator, cancel);
        await site.Store.People.PauseAsync(site.Owner.Id, mine.Id, mary.Id, "too quick", cancel);
        var page = await chromium.OpenAsync(site, site.Owner, "/people", screen == "phone" ? Chromium.Phone : Chromium.Desktop);
        await Chromium.ShootAsync(page, "people-" + screen);
        await TabToAsync(page, page.GetByRole(AriaRole.Link, new() { Name = mary.Name, Exact = true }));
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync(mary.Name);
        await ChooseAsync(page, page.GetByLabel("Role in all projects"), "Nothing", "Set the role");
        Assert.Equal(MemberRole.Annotator, (await site.Store.People.FindAsync(mary.Id, cancel))!.Role);
        await ChooseAsync(page, page.GetByLabel("Role in " + mine.Name, new() { Exact = true }), "reader", "Set");
        var changed = Assert.Single(await site.Store.People.MembershipsAsync(mary.Id, cancel));
        Assert.Equal((MemberRole.Reader, "too quick"), (changed.Role, changed.PausedBecause));
        await ChooseAsync(page, page.GetByLabel("Add to:"), other.Name, "Add");
        Assert.Equal((MemberRole?)MemberRole.Annotator, await site.Store.People.RoleInAsync(other.Id, mary.Id, cancel));
        await Chromium.ShootAsync(page, "person-" + screen);
        await ChooseAsync(page, page.GetByLabel("Role in " + mine.Name, new() { Exact = true }), "remove", "Set");
        Assert.Null(await site.Store.People.RoleInAsync(mine.Id, mary.Id, cancel));
        using var client = site.Client(mary);
        Assert.Equal(System.Net.HttpStatusCode.NotFound, (await client.GetAsync($"/projects/{mine.Id}", cancel)).StatusCode);

        // The last owner stays one, and is told why.
        await page.GotoAsync($"/people/{site.Owner.Id}");
        await TabToAsync(page, page.GetByLabel("Role in all projects"));
        await page.Keyboard.TypeAsync("Reader");
        await page.Keyboard.PressAsync("Tab");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("the only owner");
        await Chromium.ShootAsync(page, "person-last-owner-" + screen);
        Assert.Contains(
            await site.Store.Audit.ReadAsync(0, int.MaxValue, cancel),
            a => a.Action == "person.role" && a.Subject == mary.Id.ToString()
        );
    }
}
