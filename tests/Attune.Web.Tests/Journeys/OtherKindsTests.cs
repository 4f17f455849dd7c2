using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Feedback;
using Microsoft.Playwright;

namespace Attune.Web.Tests.Journeys;

/// <summary>The other five interfaces: each by mouse on a phone-wide screen, and by keyboard alone on a desktop-wide one.</summary>
[Collection(nameof(SiteCollection))]
public sealed class OtherKindsTests(Site site, Chromium chromium)
{
    private static readonly string[] Four = ["The first answer, quite long and careful.", "The second.", "The third answer, which is fine.", "A fourth, off the point."];

    private static Task DoneAsync(IPage page) => Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "All done" })).ToBeVisibleAsync();

    private static ILocator Radio(IPage page, string name) => page.GetByRole(AriaRole.Radio, new() { Name = name, Exact = true });

    private static Task SubmitAsync(IPage page) => page.GetByRole(AriaRole.Button, new() { Name = "Submit" }).ClickAsync();

    private async Task<(ProjectInfo Project, IPage Page)> OpenAsync(ProjectKind kind, NewItem item, (int, int) size, ProjectSettings? settings = null)
    {
        var project = await site.ProjectAsync(kind, [item], settings);
        return (project, await chromium.OpenAsync(site, await site.PersonAsync(Role.Annotator, project.Id), $"/work/{project.Id}", size));
    }

    [Fact]
    public async Task Ranking_by_mouse_with_a_tie()
    {
        var (project, page) = await OpenAsync(ProjectKind.Ranking, Site.Items(1, Four)[0], Chromium.Phone);
        foreach (var (letter, rank) in new[] { ("A", 2), ("B", 1), ("C", 2) })
        {
            await Radio(page, $"Answer {letter}: rank {rank}").ClickAsync();
        }

        await SubmitAsync(page);
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("missing: D");
        await Radio(page, "Answer D: rank 4").ClickAsync();
        await Assertions.Expect(page.Locator("#order")).ToHaveTextAsync("B > A = C > D");
        await Chromium.ShootAsync(page, "ranking-phone");
        await SubmitAsync(page);
        await DoneAsync(page);
        Assert.Equal([new RankingJudgement([2, 1, 2, 4])], await site.JudgementsAsync(project.Id));
    }

    [Fact]
    public async Task Ranking_by_keyboard_with_a_tie()
    {
        var (project, page) = await OpenAsync(ProjectKind.Ranking, Site.Items(1, Four)[0], Chromium.Desktop);
        foreach (var key in new[] { "2", "j", "1", "Alt+ArrowDown", "j", "t", "j", "4", "k", "Alt+ArrowDown" })
        {
            await page.Keyboard.PressAsync(key);
        }

        await Assertions.Expect(page.Locator("#order")).ToHaveTextAsync("A = B > C > D");
        await Chromium.ShootAsync(page, "ranking-desktop");
        await page.Keyboard.PressAsync("Control+Enter");
        await DoneAsync(page);
        Assert.Equal([new RankingJudgement([2, 2, 3, 4])], await site.JudgementsAsync(project.Id));
    }

    [Fact]
    public async Task Best_of_four_by_mouse()
    {
        var (project, page) = await OpenAsync(ProjectKind.BestOf, Site.Items(1, Four)[0], Chromium.Phone);
        await Radio(page, "Answer C is best").ClickAsync();
        await Chromium.ShootAsync(page, "best-phone");
        await SubmitAsync(page);
        await DoneAsync(page);
        Assert.Equal([new ChoiceJudgement(2)], await site.JudgementsAsync(project.Id));
    }

    [Fact]
    public async Task Best_of_four_by_keyboard_none_acceptable()
    {
        var (project, page) = await OpenAsync(ProjectKind.BestOf, Site.Items(1, Four)[0], Chromium.Desktop);
        await page.Keyboard.PressAsync("2");
        await Chromium.ShootAsync(page, "best-desktop");
        await page.Keyboard.PressAsync("0");
        await page.Keyboard.PressAsync("Enter");
        await DoneAsync(page);
        Assert.Equal([new ChoiceJudgement(null)], await site.JudgementsAsync(project.Id));
    }

    private static NewItem Sum => new(new ItemContent(new Prompt.Text("What is 2 + 3 x 4?"), [Candidate.OfSteps(["3 x 4 = 12.", "2 + 12 = 15.", "The answer is 15."])]));

    [Fact]
    public async Task Steps_by_mouse_up_to_the_first_error()
    {
        var (project, page) = await OpenAsync(ProjectKind.Steps, Sum, Chromium.Phone);
        await Radio(page, "Step 1 is right").ClickAsync();
        await Radio(page, "Step 2 is wrong").ClickAsync();
        await Assertions.Expect(Radio(page, "Found an error")).ToBeCheckedAsync();
        await page.GetByLabel("What the first wrong step should say").FillAsync("2 + 12 = 14.");
        await Chromium.ShootAsync(page, "steps-phone");
        await SubmitAsync(page);
        await DoneAsync(page);
        Assert.Equal([new StepsJudgement([1, -1, null], FinishReason.FoundError, "2 + 12 = 14.")], await site.JudgementsAsync(project.Id));
    }

    [Fact]
    public async Task Steps_by_keyboard_to_a_solution()
    {
        var (project, page) = await OpenAsync(ProjectKind.Steps, Sum, Chromium.Desktop);
        foreach (var key in new[] { "3", "2", "3" })
        {
            await page.Keyboard.PressAsync(key);
        }

        await Assertions.Expect(Radio(page, "Solution: all steps are right")).ToBeCheckedAsync();
        await Chromium.ShootAsync(page, "steps-desktop");
        await page.Keyboard.PressAsync("Control+Enter");
        await DoneAsync(page);
        Assert.Equal([new StepsJudgement([1, 0, 1], FinishReason.Solution)], await site.JudgementsAsync(project.Id));
    }

    [Fact]
    public async Task Steps_by_keyboard_given_up()
    {
        var (project, page) = await OpenAsync(ProjectKind.Steps, Sum, Chromium.Desktop);
        await page.Keyboard.PressAsync("3");
        await page.Keyboard.PressAsync("e");
        await page.Keyboard.PressAsync("Control+Enter");
        await DoneAsync(page);
        Assert.Equal([new StepsJudgement([1, null, null], FinishReason.GiveUp)], await site.JudgementsAsync(project.Id));
    }

    // The emoji is one code point and two UTF-16 units: marks after it would be one off if anybody counted units.
    private const string Marked = "Paris 🗼 is the capital of Spain and large.";

    private static NewItem Passage => new(new ItemContent(new Prompt.Text("What is Paris?"), [new Candidate(Marked)]) { Passages = [["Paris", "Paris is the capital of France.", "It is large."]] });

    [Fact]
    public async Task Spans_by_mouse_with_what_is_missing_and_a_correction()
    {
        var (project, page) = await OpenAsync(ProjectKind.Spans, Passage, Chromium.Desktop);
        await page.Locator(".w", new() { HasText = "capital" }).ClickAsync();
        await page.Locator(".w", new() { HasText = "Spain" }).ClickAsync(new() { Modifiers = [KeyboardModifier.Shift] });
        await page.GetByRole(AriaRole.Button, new() { Name = "Wrong-Grounding" }).ClickAsync();
        await page.GetByLabel("Note on Wrong-Grounding").FillAsync("France");
        await page.GetByLabel("Missing-Answer").CheckAsync();
        await page.GetByLabel("In passage").First.SelectOptionAsync("0");
        await page.GetByLabel("Its sentences").First.FillAsync("0");
        await page.GetByRole(AriaRole.Button, new() { Name = "Begin with the answer as it is" }).ClickAsync();
        await page.GetByLabel("How the answer should read").FillAsync("Paris is the capital of France.");
        await page.GetByLabel("Feedback in your words").FillAsync("One slip.");
        await Chromium.ShootAsync(page, "spans-desktop");
        await SubmitAsync(page);
        await DoneAsync(page);
        var start = CodePoints.OfUnits(Marked, Marked.IndexOf("capital", StringComparison.Ordinal));
        var end = CodePoints.OfUnits(Marked, Marked.IndexOf(" and", StringComparison.Ordinal));
        var said = Assert.IsType<SpansJudgement>(Assert.Single(await site.JudgementsAsync(project.Id)));
        Assert.Equal(new AnswerSpan(start, end, "Wrong-Grounding", "France"), Assert.Single(said.Spans));
        Assert.Equal(new MissingInformation("Missing-Answer", 0, [0]), Assert.Single(said.Missing));
        Assert.Equal(("Paris is the capital of France.", "One slip."), (said.Corrected, said.Comment));
    }

    [Fact]
    public async Task Spans_by_keyboard_alone_also_deleted()
    {
        var (project, page) = await OpenAsync(ProjectKind.Spans, Passage, Chromium.Phone);
        foreach (var key in new[] { "a", "ArrowRight", "1", "ArrowRight", "Shift+ArrowRight", "2", "m", "x" })
        {
            await page.Keyboard.PressAsync(key);
        }

        await Chromium.ShootAsync(page, "spans-phone");
        await page.Keyboard.PressAsync("Control+Enter");
        await DoneAsync(page);
        var said = Assert.IsType<SpansJudgement>(Assert.Single(await site.JudgementsAsync(project.Id)));
        Assert.Equal("is the", CodePoints.Slice(Marked, Assert.Single(said.Spans).Start, said.Spans[0].End));
        Assert.Equal("Redundant", said.Spans[0].Type);
    }

    [Fact]
    public async Task Rating_by_mouse_on_a_scale()
    {
        var (project, page) = await OpenAsync(ProjectKind.Rating, Site.Items(1, "An answer.")[0], Chromium.Phone);
        await Radio(page, "Rating 4").ClickAsync();
        await page.GetByLabel("Reason (optional)").FillAsync("clear");
        await Chromium.ShootAsync(page, "rating-phone");
        await SubmitAsync(page);
        await DoneAsync(page);
        Assert.Equal([new RatingJudgement(4, "clear")], await site.JudgementsAsync(project.Id));
    }

    [Fact]
    public async Task Thumbs_by_keyboard()
    {
        var (project, page) = await OpenAsync(ProjectKind.Rating, Site.Items(1, "An answer.")[0], Chromium.Desktop, new ProjectSettings { Worst = 0, Best = 1 });
        await page.Keyboard.PressAsync("2");
        await Assertions.Expect(Radio(page, "Thumbs up: good")).ToBeCheckedAsync();
        await Chromium.ShootAsync(page, "thumbs-desktop");
        await page.Keyboard.PressAsync("Enter");
        await DoneAsync(page);
        Assert.Equal([new RatingJudgement(1)], await site.JudgementsAsync(project.Id));
    }
}
