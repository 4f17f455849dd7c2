using Attune.Feedback.Labels;
using Attune.Feedback.People;
using Attune.Feedback.Queue;
using Attune.Feedback.Storage;
using Attune.Web.Tests.Security;
using Microsoft.Playwright;

namespace Attune.Web.Tests.Journeys;

/// <summary>An owner disables and erases people, sees the links that are open, and revokes them.</summary>
[Collection(nameof(SiteCollection))]
public sealed class PeopleTests(Site site, Chromium chromium)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static (int Width, int Height) Size(string screen) => screen == "phone" ? Chromium.Phone : Chromium.Desktop;

    private static ILocator Button(IPage page, string name) => page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    private async Task<Someone> LabellerAsync(string words)
    {
        var project = await site.ProjectAsync(ProjectKind.Comparison, Site.Items(1, "One", "Two"));
        var anna = await site.PersonAsync(MemberRole.Annotator, project.Id);
        var task = Assert.IsType<ClaimResult.Claimed>(await site.Store.Queue.ClaimAsync(project.Id, anna.Id, Cancel)).Task;
        await site.Store.Queue.SubmitAsync(
            anna.Id,
            new Submission(Guid.NewGuid(), task.LeaseId, ComparisonJudgement.OfStrength(1, words)),
            Cancel
        );
        return anna;
    }

    [Theory]
    [InlineData("phone")]
    [InlineData("desktop")]
    public async Task An_owner_disables_a_person_enables_and_at_last_erases_them(string screen)
    {
        using var folder = new Testing.TemporaryFolder();
        var anna = await LabellerAsync("words of Anna");
        await site.Store.Backups.WriteAsync(folder.File("backup.jsonl.gz"), Cancel);
        var page = await chromium.OpenAsync(site, site.Owner, "/people", Size(screen));
        await page.GetByRole(AriaRole.Link, new() { Name = anna.Name, Exact = true }).ClickAsync();
        await Button(page, "Disable").ClickAsync();
        await Assertions.Expect(page.GetByText("They cannot sign in")).ToBeVisibleAsync();
        Assert.Null(await site.Store.Accounts.SessionAsync(anna.Session, Cancel));
        var out1 = await chromium.OpenAsync(site, null, "/sign-in", Size(screen));
        await out1.GetByLabel("Name").FillAsync(anna.Name);
        await out1.GetByLabel("Password").FillAsync(Site.Password);
        await Button(out1, "Sign in").ClickAsync();
        await Assertions.Expect(out1.GetByText("This account is disabled")).ToBeVisibleAsync();
        await Button(page, "Enable").ClickAsync();
        await Assertions.Expect(Button(page, "Disable")).ToBeVisibleAsync();
        await Chromium.ShootAsync(page, "person-" + screen);

        await page.GetByRole(AriaRole.Link, new() { Name = "Erase…" }).ClickAsync();
        await Assertions.Expect(page.GetByText("empties 1 answer")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByText(folder.File("backup.jsonl.gz"))).ToBeVisibleAsync();
        await Chromium.ShootAsync(page, "erase-" + screen);
        await page.GetByLabel("To confirm").FillAsync("someone else");
        await Button(page, "Erase").ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("write the name");
        Assert.Equal("active", (await site.Store.People.FindAsync(anna.Id, Cancel))!.State);
        await page.GetByLabel("To confirm").FillAsync(anna.Name);
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Erased" })).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByText(folder.File("backup.jsonl.gz"))).ToBeVisibleAsync();
        await Chromium.ShootAsync(page, "erased-" + screen);
        Assert.Equal("erased", (await site.Store.People.FindAsync(anna.Id, Cancel))!.State);
        Assert.DoesNotContain(await site.Store.People.ListAsync(Cancel), p => p.Name == anna.Name);
    }

    [Theory]
    [InlineData("phone")]
    [InlineData("desktop")]
    public async Task By_keyboard_alone_from_the_list_to_the_erasure(string screen)
    {
        var anna = await LabellerAsync("words of Anna");
        var page = await chromium.OpenAsync(site, site.Owner, "/people", Size(screen));
        async Task PressAsync(ILocator target)
        {
            for (var i = 0; i < 400 && !await target.EvaluateAsync<bool>("e => e === document.activeElement"); i++)
            {
                await page.Keyboard.PressAsync("Tab");
            }

            await page.Keyboard.PressAsync("Enter");
        }

        await PressAsync(page.GetByRole(AriaRole.Link, new() { Name = anna.Name, Exact = true }));
        await Assertions.Expect(Button(page, "Disable")).ToBeVisibleAsync();
        await PressAsync(page.GetByRole(AriaRole.Link, new() { Name = "Erase…" }));
        await Assertions.Expect(page.GetByLabel("To confirm")).ToBeVisibleAsync();
        await PressAsync(page.GetByLabel("To confirm"));
        await page.Keyboard.TypeAsync(anna.Name);
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Erased" })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Nobody_disables_or_erases_themselves()
    {
        using var owner = site.Client(site.Owner);
        foreach (var (path, fields) in new[] { ("disable", ""), ("erase", site.Owner.Name) })
        {
            using var answer = await Forms.PostAsync(owner, $"/people/{site.Owner.Id}/{path}", [new("confirm", fields)]);
            Assert.Equal(System.Net.HttpStatusCode.BadRequest, answer.StatusCode);
        }

        Assert.Equal("active", (await site.Store.People.FindAsync(site.Owner.Id, Cancel))!.State);
    }

    [Theory]
    [InlineData("phone")]
    [InlineData("desktop")]
    public async Task Open_invitations_are_listed_and_revoked(string screen)
    {
        var project = await site.ProjectAsync(ProjectKind.Comparison, Site.Items(1, "One", "Two"));
        var manager = await site.PersonAsync(MemberRole.Manager, project.Id);
        var page = await chromium.OpenAsync(site, manager, $"/projects/{project.Id}/people", Size(screen));
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Open invitations" })).ToHaveCountAsync(0);
        await Button(page, "Create a link").ClickAsync();
        var link = (await page.Locator("#link").TextContentAsync())!;
        await Assertions.Expect(page.GetByText("--public-address")).ToBeVisibleAsync();
        await Chromium.ShootAsync(page, "invitations-" + screen);
        await page.GetByRole(AriaRole.Button, new() { Name = "Revoke the invitation as annotator" }).ClickAsync();
        await Assertions.Expect(page.GetByText("its link lets nobody in")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Open invitations" })).ToHaveCountAsync(0);
        Assert.IsType<JoinResult.BadLink>(await site.Store.Accounts.JoinAsync(link.Split('/')[^1], "Mallory", Site.Password, Cancel));

        await site.Store.Accounts.InviteAsync(site.Owner.Id, MemberRole.Reader, project.Id, TimeSpan.FromDays(1), Cancel);
        var owner = await chromium.OpenAsync(site, site.Owner, "/people", Size(screen));
        var row = owner.GetByRole(AriaRole.Row).Filter(new() { HasText = project.Name }).Filter(new() { HasText = "reader" });
        await row.GetByRole(AriaRole.Button).ClickAsync();
        await Assertions.Expect(owner.GetByText("its link lets nobody in")).ToBeVisibleAsync();
        Assert.Empty(await site.Store.Invitations.ListAsync(project.Id, Cancel));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("https://attune.example")]
    public async Task Links_use_the_servers_address_and_never_the_requests(string? address)
    {
        await using var own = await Site.StartAsync(o => o with { PublicAddress = address is null ? null : new Uri(address) });
        Assert.StartsWith((address ?? own.Server.Address) + "/set-up/", own.Server.SetUpLink!, StringComparison.Ordinal);
        using var client = own.Client(own.Owner);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/people/invite")
        {
            Content = new FormUrlEncodedContent([new("role", "Manager")]),
        };
        request.Headers.Add("RequestVerificationToken", await Forms.TokenAsync(client));
        request.Headers.Host = "evil.example";
        request.Headers.Add("X-Forwarded-Host", "evil.example");
        using var answer = await client.SendAsync(request, Cancel);
        var page = await answer.Content.ReadAsStringAsync(Cancel);
        Assert.Equal(System.Net.HttpStatusCode.OK, answer.StatusCode);
        Assert.DoesNotContain("evil.example", page, StringComparison.Ordinal);
        Assert.Contains($"<code id=\"link\">{address ?? own.Server.Address}/join/i_", page, StringComparison.Ordinal);
        Assert.Equal(address is null, page.Contains("--public-address", StringComparison.Ordinal));
    }
}
