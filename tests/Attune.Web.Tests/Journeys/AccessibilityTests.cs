using Attune.Core.Conversations;
using Attune.Core.Runs;
using Attune.Feedback.Labels;
using Attune.Feedback.Projects;
using Attune.Feedback.Storage;
using Microsoft.Playwright;

namespace Attune.Web.Tests.Journeys;

/// <summary>
/// axe-core's rules for WCAG 2.0 to 2.2, levels A and AA, on every page, light and dark. Skips, saying so, where axe-core is not installed
/// (.ci/run does).
/// </summary>
[Collection(nameof(SiteCollection))]
public sealed class AccessibilityTests(Site site, Chromium chromium)
{
    private static readonly string? Axe = Find();

    public static TheoryData<ProjectKind, string> Kinds
    {
        get
        {
            var cases = new TheoryData<ProjectKind, string>();
            foreach (var kind in Enum.GetValues<ProjectKind>())
            {
                cases.Add(kind, "phone");
                cases.Add(kind, "desktop");
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task The_page_of_each_kind_has_no_violation(ProjectKind kind, string screen)
    {
        Candidate[] candidates = kind switch
        {
            ProjectKind.Chat => [],
            ProjectKind.Comparison => [new("One"), new("Two")],
            ProjectKind.Ranking or ProjectKind.BestOf => [new("One"), new("Two"), new("Three"), new("Four")],
            ProjectKind.Steps => [Candidate.OfSteps(["1 + 1 = 2", "2 + 2 = 5"])],
            _ => [new("An answer of some words.")],
        };
        var item = new NewItem(
            new ItemContent(new Prompt.Chat([new(Core.Conversations.Role.User, "Hello?")]), [.. candidates])
            {
                Passages =
                    kind == ProjectKind.Spans
                        ?
                        [
                            ["Title", "One.", "Two."],
                        ]
                        : [],
            }
        );
        var project = await site.ProjectAsync(kind, [item]);
        var anna = await site.PersonAsync(MemberRole.Annotator, project.Id);
        var page = await chromium.OpenAsync(site, anna, $"/work/{project.Id}", Size(screen));
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
        foreach (var dialog in new[] { "skip", "flag", "keys" })
        {
            await page.Locator($"[data-opens={dialog}]").ClickAsync();
            await CheckAsync(page);
            await page.Keyboard.PressAsync("Escape");
        }
    }

    [Theory]
    [InlineData("phone")]
    [InlineData("desktop")]
    public async Task Changed_guidelines_and_the_question_about_marks_have_no_violation(string screen)
    {
        var cancel = TestContext.Current.CancellationToken;
        var project = await site.ProjectAsync(ProjectKind.Spans, Site.Items(2, "One and two."));
        var anna = await site.PersonAsync(MemberRole.Annotator, project.Id);
        await site.Store.Guidelines.AcknowledgeAsync(project.Id, anna.Id, 1, cancel);
        await site.Store.Projects.PublishGuidelinesAsync(
            site.Owner.Id,
            project.Id,
            "# How to judge\n- Be **kind**.\n- Flag insults.",
            cancel
        );
        var page = await chromium.OpenAsync(site, anna, $"/work/{project.Id}", Size(screen));
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "What changed since version 1" })).ToBeVisibleAsync();
        await CheckAsync(page);
        await page.Keyboard.PressAsync("Control+Enter");
        await Assertions.Expect(page.GetByRole(AriaRole.Dialog)).ToBeVisibleAsync();
        await CheckAsync(page);
    }

    [Theory]
    [InlineData("phone")]
    [InlineData("desktop")]
    public async Task Rendered_answers_and_their_raw_texts_have_no_violation(string screen)
    {
        var project = await site.ProjectAsync(ProjectKind.Comparison, Site.Items(1, RenderingTests.Answer, "> Quoted.\n\n![x](y)"));
        var anna = await site.PersonAsync(MemberRole.Annotator, project.Id);
        foreach (var dark in new[] { false, true })
        {
            var page = await chromium.OpenAsync(site, anna, $"/work/{project.Id}", Size(screen), dark: dark);
            await Assertions.Expect(page.Locator(".answer.a math").First).ToBeVisibleAsync();
            await CheckAsync(page);
            await page.Keyboard.PressAsync("v");
            await Assertions.Expect(page.Locator(".answer.a .source")).ToBeVisibleAsync();
            await CheckAsync(page);
        }
    }

    [Theory]
    [InlineData("phone")]
    [InlineData("desktop")]
    public async Task Managers_pages_have_no_violation(string screen)
    {
        var project = await site.ProjectAsync(ProjectKind.Comparison, Site.Items(2, "One", "Two"), new ProjectSettings { Quota = 2 });
        var anna = await site.PersonAsync(MemberRole.Annotator, project.Id);
        await site.Store.Accounts.InviteAsync(
            site.Owner.Id,
            MemberRole.Annotator,
            project.Id,
            TimeSpan.FromDays(1),
            TestContext.Current.CancellationToken
        );
        var page = await chromium.OpenAsync(site, site.Owner, "/", Size(screen));
        await Chromium.ShootAsync(page, "home-" + screen);
        foreach (var path in new[] { "", "/items", "/people", "/quality", "/disputes", "/guidelines", "/settings", "/data" })
        {
            await page.GotoAsync($"/projects/{project.Id}{path}");
            await Chromium.ShootAsync(page, $"manage{path.Replace('/', '-')}-{screen}");
            await CheckAsync(page);
        }

        foreach (
            var path in new[]
            {
                "/",
                "/projects/new",
                "/people",
                $"/people/{site.Owner.Id}",
                $"/people/{anna.Id}/erase",
                "/account",
                "/nowhere",
            }
        )
        {
            await page.GotoAsync(path);
            await Chromium.ShootAsync(
                page,
                "owner"
                    + path.Replace('/', '-')
                        .Replace(site.Owner.Id.ToString(), "one", StringComparison.Ordinal)
                        .Replace(anna.Id.ToString(), "anna", StringComparison.Ordinal)
                    + "-"
                    + screen
            );
            await CheckAsync(page);
        }
    }

    [Theory]
    [InlineData("phone")]
    [InlineData("desktop")]
    public async Task The_pages_by_which_people_come_in_have_no_violation(string screen)
    {
        var nobody = await chromium.OpenAsync(site, null, "/sign-in", Size(screen));
        foreach (var path in new[] { "/sign-in", "/set-up/some-token", "/join/some-token" })
        {
            await nobody.GotoAsync(path);
            var name = $"{path.Split('/')[1]}-{screen}";
            await Chromium.ShootAsync(nobody, name);
            await CheckAsync(nobody);
            // What a mistake looks like, too: a wrong password, a link that is used.
            await nobody.GetByLabel("Name").FillAsync("Nobody");
            await nobody.GetByLabel("Password").FillAsync("a wrong password");
            await nobody.Locator("button.primary").ClickAsync();
            await Assertions.Expect(nobody.GetByText(path == "/sign-in" ? "is wrong" : "used or has expired")).ToBeVisibleAsync();
            await Chromium.ShootAsync(nobody, name + "-refused");
            await CheckAsync(nobody);
        }

        var invitation = await site.Store.Accounts.InviteAsync(
            site.Owner.Id,
            MemberRole.Manager,
            null,
            TimeSpan.FromDays(1),
            TestContext.Current.CancellationToken
        );
        await nobody.GotoAsync("/join/" + invitation.Token);
        await nobody.GetByLabel("Name").FillAsync(site.Owner.Name);
        await nobody.GetByLabel("Password").FillAsync("long enough a password");
        await nobody.Locator("button.primary").ClickAsync();
        await Assertions.Expect(nobody.GetByText("the name is taken")).ToBeVisibleAsync();
        await CheckAsync(nobody);
        var known = await chromium.OpenAsync(site, site.Owner, "/join/some-token", Size(screen));
        await Chromium.ShootAsync(known, $"join-known-{screen}");
        await CheckAsync(known);
    }

    [Theory]
    [InlineData("phone")]
    [InlineData("desktop")]
    public async Task The_pages_of_runs_have_no_violation(string screen)
    {
        var name = "accessible " + screen;
        var folder = Path.Combine(site.RunsFolder, name);
        using (var log = EventLog.Open(folder))
        {
            for (var i = 1; i <= 12; i++)
            {
                log.Append(
                    new RunEvent(
                        log.NextSequence,
                        "reward",
                        "update",
                        0,
                        i,
                        i * 8,
                        new Dictionary<string, double> { ["loss"] = 1.0 / i, ["accuracy"] = 0.5 + (0.01 * i) }
                    )
                );
            }

            log.Append(new SampleEvent("reward", 0, 0, "Say something kind.", "No.", null, 0.1, null));
            log.Append(new SampleEvent("reward", 9, 0, "Say something kind.", "You are kind.", null, 0.3, null));
        }

        var page = await chromium.OpenAsync(site, site.Owner, "/runs", Size(screen));
        await Chromium.ShootAsync(page, "runs-" + screen);
        await CheckAsync(page);
        await page.GetByRole(AriaRole.Link, new() { Name = name }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Img, new() { NameRegex = new("12 points") }).First).ToBeVisibleAsync();
        await Chromium.ShootAsync(page, "run-following-" + screen);
        await CheckAsync(page);
        new RunFolder(folder).WriteResult(new RunResult(name, "1", 1, new Dictionary<string, double?>(), []));
        await page.ReloadAsync();
        await Chromium.ShootAsync(page, "run-finished-" + screen);
        await CheckAsync(page);
    }

    [Fact]
    public async Task In_the_dark_contrast_holds()
    {
        var project = await site.ProjectAsync(ProjectKind.Comparison, Site.Items(2, "One", "Two"));
        var page = await chromium.OpenAsync(
            site,
            await site.PersonAsync(MemberRole.Annotator, project.Id),
            $"/work/{project.Id}",
            dark: true
        );
        await page.Keyboard.PressAsync("2");
        await Chromium.ShootAsync(page, "comparison-dark", full: false);
        await CheckAsync(page);
    }

    private static (int Width, int Height) Size(string screen) => screen == "phone" ? Chromium.Phone : Chromium.Desktop;

    private static async Task CheckAsync(IPage page)
    {
        Assert.SkipWhen(Axe is null, "needs axe-core: npm install --prefix artifacts/axe axe-core, or ATTUNE_AXE=axe.min.js");
        await page.EvaluateAsync(await File.ReadAllTextAsync(Axe!, TestContext.Current.CancellationToken));
        var violations = await page.EvaluateAsync<string[]>(
            """
            async () => (await axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })).violations
                .flatMap(v => v.nodes.map(n => `${v.id}: ${v.help}: ${n.html.slice(0, 200)} ${n.any.map(a => a.message).join('; ').slice(0, 200)}`))
            """
        );
        Assert.True(violations.Length == 0, page.Url + "\n" + string.Join('\n', violations));
    }

    /// <summary>Where ATTUNE_AXE says, or where .ci/run puts it.</summary>
    private static string? Find()
    {
        if (Environment.GetEnvironmentVariable("ATTUNE_AXE") is { Length: > 0 } given)
        {
            return File.Exists(given) ? given : throw new FileNotFoundException("ATTUNE_AXE names no file", given);
        }
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
