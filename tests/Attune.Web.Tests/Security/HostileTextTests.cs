using System.Net;
using Attune.Core.Conversations;
using Attune.Feedback.Labels;
using Attune.Feedback.Projects;
using Attune.Feedback.Storage;
using Microsoft.Playwright;

namespace Attune.Web.Tests.Security;

/// <summary>Models, prompts, people and settings all write text that ends up on somebody else's screen.</summary>
[Collection(nameof(SiteCollection))]
public sealed class HostileTextTests(Site site, Chromium chromium)
{
    private const string Attack =
        "\"'><script>window.hit=1</script><img src=x onerror=\"window.hit=1\"><svg onload=window.hit=1></textarea></title></dialog>"
        + "<a href=\"javascript:window.hit=1\">x</a>{{7*7}}${window.hit=1}<iframe srcdoc=\"<script>parent.hit=1</script>\"></iframe>";

    private static async Task AssertTameAsync(IPage page)
    {
        Assert.True(await page.EvaluateAsync<bool>("window.hit === undefined"));
        Assert.Equal(0, await page.Locator("main img, main iframe, main script, a[href^=javascript]").CountAsync());
    }

    public static TheoryData<ProjectKind> Kinds => [.. Enum.GetValues<ProjectKind>()];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Answers_prompts_guidelines_and_names_are_shown_and_never_run(ProjectKind kind)
    {
        Candidate candidate = kind == ProjectKind.Steps ? Candidate.OfSteps([Attack, Attack]) : new Candidate(Attack);
        var item = new NewItem(
            new ItemContent(
                new Prompt.Chat([new Message(Core.Conversations.Role.User, Attack)]),
                kind == ProjectKind.Chat ? []
                    : kind is ProjectKind.Comparison or ProjectKind.Ranking or ProjectKind.BestOf ? [candidate, new Candidate("x")]
                    : [candidate]
            )
            {
                Passages =
                [
                    [Attack, Attack],
                ],
            }
        );
        var settings = new ProjectSettings
        {
            Shuffle = false,
            Instruction = Attack,
            ErrorTypes = kind == ProjectKind.Spans ? [Attack, "plain"] : [],
            MissingTypes = kind == ProjectKind.Spans ? [Attack] : [],
        };
        var project = await site.ProjectAsync(kind, [item], settings, $"# {Attack}\n- {Attack}\n\n**{Attack}**");
        var anna = await site.PersonAsync(MemberRole.Annotator, project.Id);
        var page = await chromium.OpenAsync(site, anna, $"/work/{project.Id}");
        await Assertions.Expect(page.Locator("#question")).ToHaveTextAsync(Attack);
        if (kind == ProjectKind.Spans)
        {
            foreach (var key in new[] { "a", "1" })
            {
                await page.Keyboard.PressAsync(key);
            }
        }
        else if (kind == ProjectKind.Chat)
        {
            await page.GetByLabel("Write to the assistant").FillAsync(Attack);
            await page.GetByRole(AriaRole.Button, new() { Name = "Send" }).ClickAsync();
            await Assertions.Expect(page.Locator(".answer.a .text")).ToContainTextAsync(Attack);
        }

        await AssertTameAsync(page);
    }

    [Fact]
    public async Task Comments_reasons_and_pseudonyms_are_tame_on_managers_pages()
    {
        var project = await site.ProjectAsync(
            ProjectKind.Comparison,
            Site.Items(2, Attack, "x"),
            new ProjectSettings { Shuffle = false, Quota = 2 }
        );
        for (var i = 0; i < 2; i++)
        {
            using var anna = site.Client(await site.PersonAsync(MemberRole.Annotator, project.Id));
            var held = (await anna.GetAsync($"/work/{project.Id}", TestContext.Current.CancellationToken)).Headers.Location!.ToString();
            using var said = await Forms.PostAsync(
                anna,
                held + "/submit",
                new Dictionary<string, string>
                {
                    ["submission"] = Guid.NewGuid().ToString(),
                    ["strength"] = i == 0 ? "1" : "8",
                    ["comment"] = Attack,
                }
            );
            Assert.Equal(HttpStatusCode.OK, said.StatusCode);
            var next = (await anna.GetAsync($"/work/{project.Id}", TestContext.Current.CancellationToken)).Headers.Location!.ToString();
            using var flagged = await Forms.PostAsync(
                anna,
                next + "/flag",
                new Dictionary<string, string>
                {
                    ["id"] = Guid.NewGuid().ToString(),
                    ["reason"] = Attack,
                    ["words"] = Attack,
                }
            );
            Assert.Equal(HttpStatusCode.OK, flagged.StatusCode);
        }

        var page = await chromium.OpenAsync(site, site.Owner, $"/projects/{project.Id}/items");
        await Assertions.Expect(page.GetByText("window.hit=1").First).ToBeVisibleAsync();
        await AssertTameAsync(page);
        await Chromium.ShootAsync(page, "items-hostile");
        foreach (var tab in new[] { "disputes", "people", "quality", "settings", "guidelines" })
        {
            await page.GotoAsync($"/projects/{project.Id}/{tab}");
            await AssertTameAsync(page);
        }
    }

    [Fact]
    public async Task A_hostile_key_map_on_the_device_is_shown_as_text()
    {
        var project = await site.ProjectAsync(ProjectKind.Comparison, Site.Items(1, "One", "Two"));
        var page = await chromium.OpenAsync(site, await site.PersonAsync(MemberRole.Annotator, project.Id), $"/work/{project.Id}");
        await page.EvaluateAsync(
            "text => localStorage.setItem('attune:keys', JSON.stringify({ 'level-1': '<img src=x onerror=hit=1>'.slice(0, 24), "
                + "'submit': text, '__proto__': 'x' }))",
            Attack
        );
        await page.ReloadAsync();
        await page.Keyboard.PressAsync("?");
        await Assertions.Expect(page.GetByText("<img src=x onerror=hit=1")).ToBeVisibleAsync();
        await AssertTameAsync(page);
    }

    [Fact]
    public async Task Characters_that_cannot_be_seen_are_shown()
    {
        var project = await site.ProjectAsync(
            ProjectKind.Comparison,
            Site.Items(1, "say\u202Eesrever\u200B!\u0000", "👩\u200D🚀 stays whole")
        );
        var page = await chromium.OpenAsync(site, await site.PersonAsync(MemberRole.Annotator, project.Id), $"/work/{project.Id}");
        await Assertions.Expect(page.Locator(".answer.a .text")).ToHaveTextAsync("sayU+202EesreverU+200B!U+0000");
        await Assertions.Expect(page.Locator(".answer.b .text")).ToHaveTextAsync("👩\u200D🚀 stays whole");
    }
}
