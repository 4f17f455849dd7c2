using System.Collections.Immutable;
using Attune.Core.Conversations;
using Attune.Feedback.Labels;
using Attune.Feedback.Projects;
using Attune.Feedback.Storage;
using Attune.Reports.Control;
using Microsoft.Playwright;

namespace Attune.Web.Tests.Journeys;

/// <summary>Clips of an agent are compared as answers are: the same form, keys, drafts, outbox and store.</summary>
[Collection(nameof(SiteCollection))]
public sealed class ClipTests(Site site, Chromium chromium)
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Two_clips_run_in_step_and_one_is_preferred(bool phone)
    {
        var project = await site.ProjectAsync(ProjectKind.Comparison, Clips(2));
        var anna = await site.PersonAsync(MemberRole.Annotator, project.Id);
        var page = await chromium.OpenAsync(site, anna, $"/work/{project.Id}", phone ? Chromium.Phone : Chromium.Desktop);
        await Assertions.Expect(page.Locator("canvas")).ToHaveCountAsync(2);
        await Assertions.Expect(page.Locator("[data-in-step]")).ToHaveAttributeAsync("data-step", "0");
        var first = await PicturesAsync(page);
        Assert.NotEqual(first[0], first[1]); // the clips differ, so something is drawn
        await page.GetByRole(AriaRole.Slider, new() { Name = "Step" }).FillAsync("10");
        await Assertions.Expect(page.Locator("[data-in-step]")).ToHaveAttributeAsync("data-step", "10");
        var later = await PicturesAsync(page);
        Assert.All(first.Zip(later), p => Assert.NotEqual(p.First, p.Second)); // both moved
        await page.GetByRole(AriaRole.Button, new() { Name = "Play" }).ClickAsync();
        await Assertions.Expect(page.Locator("[data-in-step]")).Not.ToHaveAttributeAsync("data-step", "10");
        await Chromium.ShootAsync(page, phone ? "clips-phone" : "clips");
        if (phone)
        {
            await page.GetByRole(AriaRole.Radio, new() { Name = "B is better" }).CheckAsync();
            await page.GetByRole(AriaRole.Button, new() { Name = "Submit" }).TapAsync();
        }
        else
        {
            await page.Keyboard.PressAsync("7");
            await page.Keyboard.PressAsync("Control+Enter");
        }

        await Assertions.Expect(page.GetByText("Task 2 of 2")).ToBeVisibleAsync();
        var said = Assert.IsType<ComparisonJudgement>(Assert.Single(await site.JudgementsAsync(project.Id)));
        Assert.Equal(Pick.Second, said.Pick);
    }

    [Fact]
    public async Task Two_clips_are_equally_good_by_a_key_and_answers_of_text_are_not()
    {
        var project = await site.ProjectAsync(ProjectKind.Comparison, Clips(2));
        var anna = await site.PersonAsync(MemberRole.Annotator, project.Id);
        var page = await chromium.OpenAsync(site, anna, $"/work/{project.Id}");
        await page.Keyboard.PressAsync("t");
        await Assertions.Expect(page.GetByRole(AriaRole.Radio, new() { Name = "Equally good" })).ToBeCheckedAsync();
        await page.Keyboard.PressAsync("Control+Enter");
        await Assertions.Expect(page.GetByText("Task 2 of 2")).ToBeVisibleAsync();
        Assert.Equal(new ComparisonJudgement(Pick.Tie), Assert.Single(await site.JudgementsAsync(project.Id)));
        var text = await site.ProjectAsync(ProjectKind.Comparison, Site.Items(1, ["One", "Two"]));
        var ben = await site.PersonAsync(MemberRole.Annotator, text.Id);
        page = await chromium.OpenAsync(site, ben, $"/work/{text.Id}");
        await Assertions.Expect(page.GetByRole(AriaRole.Radio, new() { Name = "A is better" })).ToHaveCountAsync(1);
        await Assertions.Expect(page.GetByRole(AriaRole.Radio, new() { Name = "Equally good" })).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task What_only_looks_like_a_clip_is_shown_as_text()
    {
        string[] answers = ["{\"clip\":{\"environment\":\"Pendulum-v1\",\"rate\":20}}", "{\"clip\":<script>alert(1)</script>"];
        var project = await site.ProjectAsync(ProjectKind.Comparison, Site.Items(1, answers));
        var anna = await site.PersonAsync(MemberRole.Annotator, project.Id);
        var page = await chromium.OpenAsync(site, anna, $"/work/{project.Id}");
        await Assertions.Expect(page.GetByText("alert(1)")).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator("canvas")).ToHaveCountAsync(0);
    }

    private static Task<string[]> PicturesAsync(IPage page) =>
        page.EvaluateAsync<string[]>("() => Array.from(document.querySelectorAll('canvas')).map(c => c.toDataURL())");

    private static ImmutableArray<NewItem> Clips(int count) =>
        [
            .. Enumerable
                .Range(1, count)
                .Select(i => new NewItem(
                    new ItemContent(
                        new Prompt.Text($"Which clip {i} is better?"),
                        [new Candidate(Clip(0.1)), new Candidate(Clip(-0.07 * i))]
                    )
                )),
        ];

    /// <summary>A pendulum that turns.</summary>
    private static string Clip(double speed)
    {
        var angles = Enumerable.Range(0, 30).Select(t => 1 + speed * (t + 5)).ToArray();
        return ClipText.Write(
            new ShownEpisode(
                "Pendulum-v1",
                20,
                [.. angles.Select(a => ImmutableArray.Create((float)Math.Cos(a), (float)Math.Sin(a), (float)speed))],
                [.. angles.Select(_ => ImmutableArray.Create(1f))],
                []
            )
        );
    }
}
