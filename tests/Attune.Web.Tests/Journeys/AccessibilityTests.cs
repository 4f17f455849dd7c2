using Attune.Core.Conversations;
using Attune.Feedback;
using Microsoft.Playwright;

namespace Attune.Web.Tests.Journeys;

/// <summary>axe-core's rules for WCAG 2.0 to 2.2, levels A and AA, on every page, light and dark. Skips, saying so, where axe-core is not installed (.ci/run does).</summary>
[Collection(nameof(SiteCollection))]
public sealed class AccessibilityTests(Site site, Chromium chromium)
{
    private static readonly string? Axe = Find();

    public static TheoryData<ProjectKind> Kinds => [.. Enum.GetValues<ProjectKind>()];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task The_page_of_each_kind_has_no_violation(ProjectKind kind)
    {
        Candidate[] candidates = kind switch
        {
            ProjectKind.Chat => [],
            ProjectKind.Comparison => [new("One"), new("Two")],
            ProjectKind.Ranking or ProjectKind.BestOf => [new("One"), new("Two"), new("Three"), new("Four")],
            ProjectKind.Steps => [Candidate.OfSteps(["1 + 1 = 2", "2 + 2 = 5"])],
            _ => [new("An answer of some words.")],
        };
        var item = new NewItem(new ItemContent(new Prompt.Chat([new(Core.Conversations.Role.User, "Hello?")]), [.. candidates]) { Passages = kind == ProjectKind.Spans ? [["Title", "One.", "Two."]] : [] });
        var project = await site.ProjectAsync(kind, [item]);
        var anna = await site.PersonAsync(Feedback.Role.Annotator, project.Id);
        var page = await chromium.OpenAsync(site, anna, $"/work/{project.Id}", Chromium.Phone);
        if (kind == ProjectKind.Chat)
        {
            await page.GetByLabel("Write to the assistant").FillAsync("Hi");
            await page.GetByRole(AriaRole.Button, new() { Name = "Send" }).ClickAsync();
            await Assertions.Expect(page.Locator(".answer.a")).ToBeVisibleAsync();
        }
        else if (kind == ProjectKind.Spans)
        {
            await page.Keyboard.PressAsync("a");
            await page.Keyboard.PressAsync("1");
        }

        await CheckAsync(page);
        await page.Keyboard.PressAsync("Escape");
        await page.Locator("[data-opens=keys]").ClickAsync();
        await CheckAsync(page);
    }

    [Fact]
    public async Task Managers_pages_have_no_violation()
    {
        var project = await site.ProjectAsync(ProjectKind.Comparison, Site.Items(2, "One", "Two"), new ProjectSettings { Quota = 2 });
        await site.PersonAsync(Feedback.Role.Annotator, project.Id);
        var page = await chromium.OpenAsync(site, site.Owner, "/");
        await Chromium.ShootAsync(page, "home");
        foreach (var path in new[] { "", "/items", "/people", "/quality", "/disputes", "/guidelines", "/settings", "/data" })
        {
            await page.GotoAsync($"/projects/{project.Id}{path}");
            await Chromium.ShootAsync(page, "manage" + path.Replace('/', '-'));
            await CheckAsync(page);
        }

        foreach (var path in new[] { "/", "/projects/new", "/people", "/account", "/runs", "/nowhere" })
        {
            await page.GotoAsync(path);
            await CheckAsync(page);
        }

        await Chromium.ShootAsync(page, "not-found");
        await page.GotoAsync("/account");
        await Chromium.ShootAsync(page, "account");
        var nobody = await chromium.OpenAsync(site, null, "/sign-in");
        await Chromium.ShootAsync(nobody, "sign-in");
        await CheckAsync(nobody);
    }

    [Fact]
    public async Task In_the_dark_contrast_holds()
    {
        var project = await site.ProjectAsync(ProjectKind.Comparison, Site.Items(2, "One", "Two"));
        var page = await chromium.OpenAsync(site, await site.PersonAsync(Feedback.Role.Annotator, project.Id), $"/work/{project.Id}", dark: true);
        await page.Keyboard.PressAsync("2");
        await Chromium.ShootAsync(page, "comparison-dark", full: false);
        await CheckAsync(page);
    }

    private static async Task CheckAsync(IPage page)
    {
        Assert.SkipWhen(Axe is null, "needs axe-core: npm install --prefix artifacts/axe axe-core, or ATTUNE_AXE=axe.min.js");
        await page.EvaluateAsync(await File.ReadAllTextAsync(Axe!, TestContext.Current.CancellationToken));
        var violations = await page.EvaluateAsync<string[]>("""
            async () => (await axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })).violations
                .flatMap(v => v.nodes.map(n => `${v.id}: ${v.help}: ${n.html.slice(0, 200)} ${n.any.map(a => a.message).join('; ').slice(0, 200)}`))
            """);
        Assert.True(violations.Length == 0, page.Url + "\n" + string.Join('\n', violations));
    }

    /// <summary>Where ATTUNE_AXE says, or where .ci/run puts it.</summary>
    private static string? Find()
    {
        if (Environment.GetEnvironmentVariable("ATTUNE_AXE") is { Length: > 0 } given)
            return File.Exists(given) ? given : throw new FileNotFoundException("ATTUNE_AXE names no file", given);
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Attune.slnx")))
            {
                var file = Path.Combine(folder.FullName, "artifacts", "axe", "node_modules", "axe-core", "axe.min.js");
                return File.Exists(file) ? file : null;
            }
        }

        return null;
    }
}
