using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Feedback.Labels;
using Attune.Feedback.Projects;
using Attune.Feedback.Storage;
using Microsoft.Playwright;

namespace Attune.Web.Tests.Journeys;

/// <summary>
/// The other five interfaces: each by mouse, or finger, and by keyboard alone, on a phone-wide screen and on a desktop-wide one.
/// </summary>
[Collection(nameof(SiteCollection))]
public sealed class OtherKindsTests(Site site, Chromium chromium)
{
    private static readonly string[] Four =
    [
        "The first answer, quite long and careful.",
        "The second.",
        "The third answer, which is fine.",
        "A fourth, off the point.",
    ];

    private static (int Width, int Height) Size(string screen) => screen == "phone" ? Chromium.Phone : Chromium.Desktop;

    private static Task DoneAsync(IPage page) =>
        Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "All done" })).ToBeVisibleAsync();

    private static ILocator Radio(IPage page, string name) => page.GetByRole(AriaRole.Radio, new() { Name = name, Exact = true });

    private static Task SubmitAsync(IPage page) => page.GetByRole(AriaRole.Button, new() { Name = "Submit" }).ClickAsync();

    private async Task<(ProjectInfo Project, IPage Page)> OpenAsync(
        ProjectKind kind,
        NewItem item,
        (int, int) size,
        ProjectSettings? settings = null
    )
    {
        var project = await site.ProjectAsync(kind, [item], settings);
        return (
            project,
            await chromium.OpenAsync(site, await site.PersonAsync(MemberRole.Annotator, project.Id), $"/work/{project.Id}", size)
        );
    }

    [Theory]
    [InlineData("phone")]
    [InlineData("desktop")]
    public async Task Ranking_by_mouse_with_a_tie(string screen)
    {
        var (project, page) = await OpenAsync(ProjectKind.Ranking, Site.Items(1, Four)[0], Size(screen));
        foreach (var (letter, rank) in new[] { ("A", 2), ("B", 1), ("C", 2) })
        {
            await Radio(page, $"Answer {letter}: rank {rank}").ClickAsync();
        }

        await SubmitAsync(page);
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("Not ranked: D");
        await Radio(page, "Answer D: rank 4").ClickAsync();
        await Assertions.Expect(page.Locator("#order")).ToHaveTextAsync("B > A = C > D");
        await Chromium.ShootAsync(page, "ranking-" + screen);
        await SubmitAsync(page);
        await DoneAsync(page);
        Assert.Equal([new RankingJudgement([2, 1, 2, 4])], await site.JudgementsAsync(project.Id));
    }

    [Theory]
    [InlineData("phone")]
    [InlineData("desktop")]
    public async Task Ranking_by_keyboard_with_a_tie(string screen)
    {
        var (project, page) = await OpenAsync(ProjectKind.Ranking, Site.Items(1, Four)[0], Size(screen));
        foreach (var key in new[] { "2", "1", "k", "Alt+ArrowDown", "j", "t", "Alt+ArrowDown", "j", "4" })
        {
            await page.Keyboard.PressAsync(key);
        }

        await Assertions.Expect(page.Locator("#order")).ToHaveTextAsync("A = B > C > D");
        await Chromium.ShootAsync(page, "ranking-" + screen);
        await page.Keyboard.PressAsync("Control+Enter");
        await DoneAsync(page);
        Assert.Equal([new RankingJudgement([2, 2, 3, 4])], await site.JudgementsAsync(project.Id));
    }

    [Theory]
    [InlineData("phone")]
    [InlineData("desktop")]
    public async Task Ranking_of_four_takes_four_digits(string screen)
    {
        var (project, page) = await OpenAsync(ProjectKind.Ranking, Site.Items(1, Four)[0], Size(screen));
        await page.Keyboard.TypeAsync("3124");
        await Assertions.Expect(page.Locator("#order")).ToHaveTextAsync("B > C > A > D");
        await page.Keyboard.PressAsync("Enter");
        await DoneAsync(page);
        Assert.Equal([new RankingJudgement([3, 1, 2, 4])], await site.JudgementsAsync(project.Id));
    }

    [Theory]
    [InlineData("phone")]
    [InlineData("desktop")]
    public async Task Best_of_four_by_mouse(string screen)
    {
        var (project, page) = await OpenAsync(ProjectKind.BestOf, Site.Items(1, Four)[0], Size(screen));
        await Radio(page, "Answer C is best").ClickAsync();
        await Chromium.ShootAsync(page, "best-" + screen);
        await SubmitAsync(page);
        await DoneAsync(page);
        Assert.Equal([new ChoiceJudgement(2)], await site.JudgementsAsync(project.Id));
    }

    [Theory]
    [InlineData("phone")]
    [InlineData("desktop")]
    public async Task Best_of_four_by_keyboard_none_acceptable(string screen)
    {
        var (project, page) = await OpenAsync(ProjectKind.BestOf, Site.Items(1, Four)[0], Size(screen));
        await page.Keyboard.PressAsync("2");
        await Chromium.ShootAsync(page, "best-" + screen);
        await page.Keyboard.PressAsync("0");
        await page.Keyboard.PressAsync("Enter");
        await DoneAsync(page);
        Assert.Equal([new ChoiceJudgement(null)], await site.JudgementsAsync(project.Id));
    }

    private static NewItem Sum =>
        new(
            new ItemContent(
                new Prompt.Text("What is 2 + 3 x 4?"),
                [Candidate.OfSteps(["3 x 4 = 12.", "2 + 12 = 15.", "The answer is 15."])]
            )
        );

    [Theory]
    [InlineData("phone")]
    [InlineData("desktop")]
    public async Task Steps_by_mouse_up_to_the_first_error(string screen)
    {
        var (project, page) = await OpenAsync(ProjectKind.Steps, Sum, Size(screen));
        await Radio(page, "Step 1 is right").ClickAsync();
        await Radio(page, "Step 2 is wrong").ClickAsync();
        await Assertions.Expect(Radio(page, "Found an error")).ToBeCheckedAsync();
        await page.GetByLabel("What the first wrong step should say").FillAsync("2 + 12 = 14.");
        await Chromium.ShootAsync(page, "steps-" + screen);
        await SubmitAsync(page);
        await DoneAsync(page);
        Assert.Equal([new StepsJudgement([1, -1, null], FinishReason.FoundError, "2 + 12 = 14.")], await site.JudgementsAsync(project.Id));
    }

    [Theory]
    [InlineData("phone")]
    [InlineData("desktop")]
    public async Task Steps_by_keyboard_to_a_solution(string screen)
    {
        var (project, page) = await OpenAsync(ProjectKind.Steps, Sum, Size(screen));
        foreach (var key in new[] { "3", "2", "3" })
        {
            await page.Keyboard.PressAsync(key);
        }

        await Assertions.Expect(Radio(page, "Solution: all steps are right")).ToBeCheckedAsync();
        await Chromium.ShootAsync(page, "steps-" + screen);
        await page.Keyboard.PressAsync("Control+Enter");
        await DoneAsync(page);
        Assert.Equal([new StepsJudgement([1, 0, 1], FinishReason.Solution)], await site.JudgementsAsync(project.Id));
    }

    [Theory]
    [InlineData("phone")]
    [InlineData("desktop")]
    public async Task Steps_by_keyboard_given_up(string screen)
    {
        var (project, page) = await OpenAsync(ProjectKind.Steps, Sum, Size(screen));
        await page.Keyboard.PressAsync("3");
        await page.Keyboard.PressAsync("e");
        await page.Keyboard.PressAsync("Control+Enter");
        await DoneAsync(page);
        Assert.Equal([new StepsJudgement([1, null, null], FinishReason.GiveUp)], await site.JudgementsAsync(project.Id));
    }

    // The emoji is one code point and two UTF-16 units: marks after it would be one off if anybody counted units.
    private const string Marked = "Paris 🗼 is the capital of Spain and large.";

    private static NewItem Passage =>
        new(
            new ItemContent(new Prompt.Text("What is Paris?"), [new Candidate(Marked)])
            {
                Passages =
                [
                    ["Paris", "Paris is the capital of France.", "It is large."],
                ],
            }
        );

    [Theory]
    [InlineData("phone")]
    [InlineData("desktop")]
    public async Task Spans_by_mouse_with_what_is_missing_and_a_correction(string screen)
    {
        var (project, page) = await OpenAsync(ProjectKind.Spans, Passage, Size(screen));
        var (first, last) = (page.Locator(".w", new() { HasText = "capital" }), page.Locator(".w", new() { HasText = "Spain" }));
        if (screen == "phone")
        {
            await first.TapAsync();
            await last.TapAsync();
        }
        else
        {
            await first.ClickAsync();
            await last.ClickAsync(new() { Modifiers = [KeyboardModifier.Shift] });
        }

        await page.GetByRole(AriaRole.Button, new() { Name = "Wrong-Grounding" }).ClickAsync();
        await page.GetByLabel("Note on Wrong-Grounding").FillAsync("France");
        await page.GetByLabel("Missing-Answer").CheckAsync();
        await page.GetByLabel("In passage").First.SelectOptionAsync("0");
        await page.GetByLabel("Its sentences").First.FillAsync("0");
        await page.GetByRole(AriaRole.Button, new() { Name = "Start from the original answer" }).ClickAsync();
        await page.GetByLabel("How the answer should read").FillAsync("Paris is the capital of France.");
        await page.GetByLabel("Feedback in your words").FillAsync("One slip.");
        await Chromium.ShootAsync(page, "spans-" + screen);
        await SubmitAsync(page);
        await DoneAsync(page);
        var start = CodePoints.OfUnits(Marked, Marked.IndexOf("capital", StringComparison.Ordinal));
        var end = CodePoints.OfUnits(Marked, Marked.IndexOf(" and", StringComparison.Ordinal));
        var said = Assert.IsType<SpansJudgement>(Assert.Single(await site.JudgementsAsync(project.Id)));
        Assert.Equal(new AnswerSpan(start, end, "Wrong-Grounding", "France"), Assert.Single(said.Spans));
        Assert.Equal(new MissingInformation("Missing-Answer", 0, [0]), Assert.Single(said.Missing));
        Assert.Equal(("Paris is the capital of France.", "One slip."), (said.Corrected, said.Comment));
    }

    [Theory]
    [InlineData("phone")]
    [InlineData("desktop")]
    public async Task Spans_by_keyboard_alone_also_deleted(string screen)
    {
        var (project, page) = await OpenAsync(ProjectKind.Spans, Passage, Size(screen));
        foreach (var key in new[] { "a", "ArrowRight", "1", "ArrowRight", "Shift+ArrowRight", "2", "m", "x" })
        {
            await page.Keyboard.PressAsync(key);
        }

        await Chromium.ShootAsync(page, "spans-" + screen);
        await page.Keyboard.PressAsync("Control+Enter");
        await DoneAsync(page);
        var said = Assert.IsType<SpansJudgement>(Assert.Single(await site.JudgementsAsync(project.Id)));
        Assert.Equal("is the", CodePoints.Slice(Marked, Assert.Single(said.Spans).Start, said.Spans[0].End));
        Assert.Equal("Redundant", said.Spans[0].Type);
    }

    [Theory]
    [InlineData("phone")]
    [InlineData("desktop")]
    public async Task Spans_by_keyboard_alone_with_note_what_is_missing_and_a_correction(string screen)
    {
        var (project, page) = await OpenAsync(ProjectKind.Spans, Passage, Size(screen));
        foreach (var key in new[] { "a", "ArrowRight", "1", "n" })
        {
            await page.Keyboard.PressAsync(key);
        }

        await page.Keyboard.TypeAsync("not that");
        await TabToAsync(page, page.GetByLabel("Missing-Answer"));
        await page.Keyboard.PressAsync("Space");
        await page.Keyboard.PressAsync("Tab");
        await page.Keyboard.TypeAsync("1.");
        await page.Keyboard.PressAsync("Tab");
        await page.Keyboard.TypeAsync("0, 1");
        await TabToAsync(page, page.GetByLabel("How the answer should read"));
        await page.Keyboard.TypeAsync("Paris is the capital of France.");
        await page.Keyboard.PressAsync("Escape");
        await page.Keyboard.PressAsync("c");
        await page.Keyboard.TypeAsync("One slip.");
        await Chromium.ShootAsync(page, "spans-all-keys-" + screen);
        await page.Keyboard.PressAsync("Control+Enter");
        await DoneAsync(page);
        var said = Assert.IsType<SpansJudgement>(Assert.Single(await site.JudgementsAsync(project.Id)));
        Assert.Equal("not that", Assert.Single(said.Spans).Note);
        Assert.Equal(new MissingInformation("Missing-Answer", 0, [0, 1]), Assert.Single(said.Missing));
        Assert.Equal(("Paris is the capital of France.", "One slip."), (said.Corrected, said.Comment));
    }

    private static async Task TabToAsync(IPage page, ILocator target)
    {
        for (var i = 0; i < 60 && !await target.EvaluateAsync<bool>("e => e === document.activeElement"); i++)
        {
            await page.Keyboard.PressAsync("Tab");
        }

        await Assertions.Expect(target).ToBeFocusedAsync();
    }

    [Theory]
    [InlineData("phone")]
    [InlineData("desktop")]
    public async Task Rating_by_mouse_on_a_scale(string screen)
    {
        var (project, page) = await OpenAsync(ProjectKind.Rating, Site.Items(1, "An answer.")[0], Size(screen));
        await Radio(page, "Rating 4").ClickAsync();
        await page.GetByLabel("Reason (optional)").FillAsync("clear");
        await Chromium.ShootAsync(page, "rating-" + screen);
        await SubmitAsync(page);
        await DoneAsync(page);
        Assert.Equal([new RatingJudgement(4, "clear")], await site.JudgementsAsync(project.Id));
    }

    [Theory]
    [InlineData("phone")]
    [InlineData("desktop")]
    public async Task Thumbs_by_keyboard(string screen)
    {
        var (project, page) = await OpenAsync(
            ProjectKind.Rating,
            Site.Items(1, "An answer.")[0],
            Size(screen),
            new ProjectSettings { Worst = 0, Best = 1 }
        );
        await page.Keyboard.PressAsync("2");
        await Assertions.Expect(Radio(page, "Thumbs up: good")).ToBeCheckedAsync();
        await Chromium.ShootAsync(page, "thumbs-" + screen);
        await page.Keyboard.PressAsync("Enter");
        await DoneAsync(page);
        Assert.Equal([new RatingJudgement(1)], await site.JudgementsAsync(project.Id));
    }
}
