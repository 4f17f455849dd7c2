using System.Text.Json;
using Attune.Feedback.Labels;
using Attune.Feedback.Projects;
using Attune.Feedback.Snapshots;
using Attune.Feedback.Storage;
using Microsoft.Playwright;

namespace Attune.Web.Tests.Journeys;

/// <summary>Answers as Markdown and LaTeX, and as they are.</summary>
[Collection(nameof(SiteCollection))]
public sealed class RenderingTests(Site site, Chromium chromium)
{
    internal const string Answer =
        "## Why\n\nThe sky is **blue** because of *Rayleigh scattering*:\n\n1. Light of short waves scatters more, as $\\lambda^{-4}$.\n"
        + "2. The sun sends less violet.\n   - and our eyes see less of it\n\n"
        + "$$I = I_0 \\frac{1 + \\cos^2\\theta}{2R^2} \\left(\\frac{2\\pi}{\\lambda}\\right)^4 \\sum_{i=1}^{n} \\alpha_i$$\n\n"
        + "| colour | nm | share |\n|:--|--:|:-:|\n| violet | 400 | 1.00 |\n| red | 700 | 0.11 |\n\n"
        + "```python\ndef share(nm, base=400):  # of the scattering of violet\n    return (base / nm) ** 4 if nm else \"none\"\n```\n\n"
        + "> See [Strutt, 1871](https://doi.org/10.1080/14786447108640452).\n\nIn Arabic:\n\nالسماء **زرقاء** بسبب التشتت.\n";

    private static readonly byte[] Pixel = Convert.FromBase64String(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    );

    private static (int Width, int Height) Size(string screen) => screen == "phone" ? Chromium.Phone : Chromium.Desktop;

    private async Task<(ProjectInfo Project, IPage Page)> OpenAsync(string screen, string first, string second, int items = 2)
    {
        var project = await site.ProjectAsync(ProjectKind.Comparison, Site.Items(items, first, second));
        var anna = await site.PersonAsync(MemberRole.Annotator, project.Id);
        await site.Store.Guidelines.AcknowledgeAsync(project.Id, anna.Id, 1, TestContext.Current.CancellationToken);
        return (project, await chromium.OpenAsync(site, anna, $"/work/{project.Id}", Size(screen)));
    }

    [Theory]
    [InlineData("phone")]
    [InlineData("desktop")]
    public async Task Markdown_formulas_tables_and_code_are_drawn_and_fit_the_page(string screen)
    {
        var (_, page) = await OpenAsync(screen, Answer, Answer.Replace("blue", "azure", StringComparison.Ordinal));
        var shown = page.Locator(".answer.a .rendered");
        await Assertions.Expect(shown.GetByRole(AriaRole.Heading, new() { Name = "Why" })).ToBeVisibleAsync();
        await Assertions.Expect(shown.Locator("th, td")).ToHaveCountAsync(9);
        await Assertions.Expect(page.Locator(".answer.a .source")).ToBeHiddenAsync();
        await Chromium.ShootAsync(page, "rendered-" + screen);
        // The browser draws formulas: a fraction is higher than a line.
        Assert.True((await shown.Locator("math[display=block] mfrac").First.BoundingBoxAsync())!.Height > 30);
        Assert.Equal("rtl", await shown.Locator("p").Last.EvaluateAsync<string>("e => getComputedStyle(e).direction"));
        Assert.Equal("ltr", await shown.Locator("p").First.EvaluateAsync<string>("e => getComputedStyle(e).direction"));
        Assert.True(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= window.innerWidth"));
    }

    [Fact]
    public async Task Equal_lists_and_code_are_equally_high_side_by_side()
    {
        const string list =
            "\n\n- one\n- two\n\n```python\nprint('a long line of code that is wider than the column it stands in, so "
            + "that it scrolls by itself')\n```\n";
        var (_, page) = await OpenAsync("desktop", "Short." + list, "A first paragraph of more words than the other one has." + list);
        foreach (var part in new[] { "ul", ".code" })
        {
            var (a, b) = (
                (await page.Locator($".answer.a .rendered {part}").BoundingBoxAsync())!,
                (await page.Locator($".answer.b .rendered {part}").BoundingBoxAsync())!
            );
            Assert.Equal(a.Height, b.Height);
            Assert.Equal(a.Y, b.Y);
        }

        Assert.Equal(
            (await page.Locator(".answer.a").BoundingBoxAsync())!.Height,
            (await page.Locator(".answer.b").BoundingBoxAsync())!.Height
        );
    }

    [Theory]
    [InlineData("phone")]
    [InlineData("desktop")]
    public async Task Raw_text_at_a_key_or_button_is_kept_and_the_label_says_how_it_was_seen(string screen)
    {
        var (project, page) = await OpenAsync(screen, Answer, "Plain.", items: 4);
        await page.Keyboard.PressAsync("2");
        await SubmitAsync(page, 2, 4);
        await page.Keyboard.PressAsync("v");
        await Assertions.Expect(page.Locator(".answer.a .source")).ToContainTextAsync("| colour | nm | share |");
        await Assertions.Expect(page.Locator(".answer.a .rendered")).ToBeHiddenAsync();
        await Chromium.ShootAsync(page, "raw-" + screen);
        await page.Keyboard.PressAsync("2");
        await SubmitAsync(page, 3, 4);
        // The choice is kept, on the next page and after a reload.
        var button = page.GetByRole(AriaRole.Button, new() { Name = "Raw text" });
        await Assertions.Expect(button).ToHaveAttributeAsync("aria-pressed", "true");
        await page.ReloadAsync();
        await Assertions.Expect(page.Locator(".answer.a .source")).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("2");
        await SubmitAsync(page, 4, 4);
        await button.ClickAsync();
        await Assertions.Expect(page.Locator(".answer.a .rendered")).ToBeVisibleAsync();
        await Assertions.Expect(button).ToHaveAttributeAsync("aria-pressed", "false");
        await page.ReloadAsync();
        await page.Keyboard.PressAsync("7");
        await page.Keyboard.PressAsync("Control+Enter");
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "All done" })).ToBeVisibleAsync();
        Assert.Equal(["web-2, rendered", "web-2, both", "web-2, raw", "web-2, rendered"], await SeenAsync(project));
    }

    [Fact]
    public async Task A_task_without_markup_has_no_button_and_says_plain()
    {
        var (project, page) = await OpenAsync("desktop", "One", "Two", items: 1);
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Raw text" })).ToBeHiddenAsync();
        await page.Keyboard.PressAsync("2");
        await page.Keyboard.PressAsync("Control+Enter");
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "All done" })).ToBeVisibleAsync();
        Assert.Equal(["web-2, plain"], await SeenAsync(project));
    }

    [Fact]
    public async Task Without_scripts_the_choice_is_a_form()
    {
        var project = await site.ProjectAsync(ProjectKind.Rating, Site.Items(1, "Some **bold** words."));
        var anna = await site.PersonAsync(MemberRole.Annotator, project.Id);
        var page = await chromium.OpenAsync(site, anna, $"/work/{project.Id}", scripts: false);
        await Assertions.Expect(page.Locator(".answer strong")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Raw text" }).ClickAsync();
        await Assertions.Expect(page.GetByText("Some **bold** words.")).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator(".answer strong")).ToBeHiddenAsync();
    }

    [Fact]
    public async Task Spans_are_marked_on_the_raw_text_and_the_page_says_so()
    {
        var project = await site.ProjectAsync(ProjectKind.Spans, Site.Items(1, "Some **bold** words."));
        var anna = await site.PersonAsync(MemberRole.Annotator, project.Id);
        var page = await chromium.OpenAsync(site, anna, $"/work/{project.Id}");
        await Assertions.Expect(page.Locator("#words")).ToHaveTextAsync("Some **bold** words.");
        await Assertions.Expect(page.GetByText("The answer is shown as raw text")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Images_uploaded_with_the_items_are_shown_to_the_projects_people_alone()
    {
        using var folder = new Testing.TemporaryFolder();
        var project = await site.ProjectAsync(ProjectKind.Comparison, []);
        var page = await chromium.OpenAsync(site, site.Owner, $"/projects/{project.Id}/items");
        File.WriteAllBytes(folder.File("plot.png"), Pixel);
        File.WriteAllText(folder.File("page.png"), "<script>window.hit=1</script>");
        await page.GetByLabel("Add a file of items")
            .SetInputFilesAsync(
                folder.WriteText(
                    "items.jsonl",
                    """{"prompt": "What does ![the plot](plot.png) show?", "answers": ["A **dot**, as in ![no](none.png).", "None"]}"""
                )
            );
        await page.GetByLabel("Add images").SetInputFilesAsync(folder.File("plot.png"));
        await page.GetByRole(AriaRole.Button, new() { Name = "Add", Exact = true }).ClickAsync();
        await Assertions.Expect(page.GetByText("1 images and 1 items added")).ToBeVisibleAsync();
        await Chromium.ShootAsync(page, "items-with-image");
        await page.GetByLabel("Add images").SetInputFilesAsync(folder.File("page.png"));
        await page.GetByRole(AriaRole.Button, new() { Name = "Add", Exact = true }).ClickAsync();
        await Assertions.Expect(page.GetByText("page.png is not an image")).ToBeVisibleAsync();

        var work = await chromium.OpenAsync(site, await site.PersonAsync(MemberRole.Annotator, project.Id), $"/work/{project.Id}");
        var image = work.GetByAltText("the plot");
        Assert.True(await image.EvaluateAsync<bool>("e => e.complete && e.naturalWidth === 1"));
        var stranger = await site.PersonAsync(MemberRole.Annotator, (await site.ProjectAsync(ProjectKind.Rating, [])).Id);
        using var client = site.Client(stranger);
        var refused = await client.GetAsync(await image.GetAttributeAsync("src"), TestContext.Current.CancellationToken);
        Assert.Equal(System.Net.HttpStatusCode.NotFound, refused.StatusCode);
    }

    private static async Task SubmitAsync(IPage page, int next, int total)
    {
        await page.Keyboard.PressAsync("Control+Enter");
        await Assertions.Expect(page.GetByText($"Task {next} of {total}")).ToBeVisibleAsync();
    }

    /// <summary>From a snapshot's record of how each label came about.</summary>
    private async Task<string?[]> SeenAsync(ProjectInfo project)
    {
        using var folder = new Testing.TemporaryFolder();
        await site.Store.Snapshots.CreateAsync(
            project.Id,
            folder.File("snapshot"),
            new SnapshotOptions(),
            TestContext.Current.CancellationToken
        );
        return
        [
            .. File.ReadLines(Path.Combine(folder.File("snapshot"), "labels.jsonl"))
                .Select(l => JsonDocument.Parse(l).RootElement)
                .OrderBy(l => l.GetProperty("at").GetInt64())
                .Select(l => l.GetProperty("ui_version").GetString()),
        ];
    }
}
