using Attune.Core.Conversations;
using Attune.Feedback.Labels;
using Attune.Feedback.Storage;
using Microsoft.Playwright;

namespace Attune.Web.Tests.Journeys;

/// <summary>
/// Spans where words are not what stands between spaces: by word and by character in Chinese, Japanese and Thai, punctuation apart; also in
/// a browser that cannot cut words.
/// </summary>
[Collection(nameof(SiteCollection))]
public sealed class SpanUnitsTests(Site site, Chromium chromium)
{
    private const string NoSegmenter = "delete Intl.Segmenter;";

    private async Task<(Guid Project, IPage Page)> OpenAsync(string answer, string screen = "desktop", bool segmenter = true)
    {
        var project = await site.ProjectAsync(ProjectKind.Spans, Site.Items(1, answer));
        var anna = await site.PersonAsync(MemberRole.Annotator, project.Id);
        var page = await chromium.OpenAsync(site, anna, $"/work/{project.Id}", screen == "phone" ? Chromium.Phone : Chromium.Desktop);
        if (!segmenter)
        {
            await page.AddInitScriptAsync(NoSegmenter);
            await page.ReloadAsync();
            Assert.True(await page.EvaluateAsync<bool>("Intl.Segmenter === undefined"));
        }
        return (project.Id, page);
    }

    private static Task<IReadOnlyList<string>> UnitsAsync(IPage page) => page.Locator(".w").AllTextContentsAsync();

    private async Task<string[]> MarkedAsync(Guid project, IPage page, string answer)
    {
        await page.Keyboard.PressAsync("Control+Enter");
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "All done" })).ToBeVisibleAsync();
        var said = Assert.IsType<SpansJudgement>(Assert.Single(await site.JudgementsAsync(project)));
        return [.. said.Spans.Select(s => CodePoints.Slice(answer, s.Start, s.End))];
    }

    [Theory]
    [InlineData("我喜歡吃蘋果。", "喜歡|蘋果", true)]
    [InlineData("東京は日本の首都です。", "東京|日本|首都", true)]
    [InlineData("กรุงเทพเป็นเมืองหลวง", "กรุงเทพ|เป็น|เมือง", true)]
    [InlineData("Wait, \"well-known\" (e.g. 3.14) isn't it?", "Wait|well|known|3.14|isn't|it", true)]
    [InlineData("我喜歡吃蘋果。", "我|喜|歡|吃|蘋|果|。", false)]
    [InlineData("東京タワーは", "東|京|タ|ワ|ー|は", false)]
    [InlineData("ที่นี่ good", "ที่|นี่|good", false)]
    [InlineData("Wait, 3.14 isn’t \"it\"! naïve Ελλάδα", "Wait|3.14|isn’t|it|naïve|Ελλάδα", false)]
    public async Task Words_are_words_and_punctuation_is_none_of_theirs(string answer, string expected, bool segmenter)
    {
        var (_, page) = await OpenAsync(answer, segmenter: segmenter);
        var units = await UnitsAsync(page);
        Assert.All(expected.Split('|'), word => Assert.Contains(word, units));
        // Nothing but spaces is left out, and no unit mixes letters with punctuation around them.
        Assert.Equal(answer.Replace(" ", "", StringComparison.Ordinal), string.Concat(units));
        Assert.DoesNotContain(units, u => u.Length > 1 && (char.IsPunctuation(u[0]) || char.IsPunctuation(u[^1])));
    }

    [Theory]
    [InlineData("phone", "我喜歡吃🍎蘋果。", "蘋果")]
    [InlineData("desktop", "東京は🗼日本の首都です。", "首都")]
    [InlineData("desktop", "กรุงเทพเป็น🗼เมืองหลวง", "เมือง")]
    public async Task A_word_is_marked_by_pointer_and_its_place_counts_code_points(string screen, string answer, string word)
    {
        var (project, page) = await OpenAsync(answer, screen);
        var unit = page.Locator(".w").GetByText(word, new() { Exact = true });
        if (screen == "phone")
        {
            await unit.TapAsync();
        }
        else
        {
            await unit.ClickAsync();
        }
        await page.GetByRole(AriaRole.Button, new() { Name = "Redundant" }).ClickAsync();
        await Chromium.ShootAsync(page, $"units-{word.Length}-{screen}");
        Assert.Equal([word], await MarkedAsync(project, page, answer));
    }

    [Theory]
    [InlineData("phone", true)]
    [InlineData("desktop", true)]
    [InlineData("desktop", false)]
    public async Task By_character_within_a_word_by_keyboard_alone(string screen, bool segmenter)
    {
        const string answer = "我喜歡👩‍🚀蘋果, unhappy.";
        var (project, page) = await OpenAsync(answer, screen, segmenter);
        await page.Keyboard.PressAsync("u");
        Assert.Equal(["我", "喜", "歡", "👩‍🚀", "蘋", "果", ",", "u", "n", "h", "a", "p", "p", "y", "."], await UnitsAsync(page));
        await page.Keyboard.PressAsync("a");
        for (var i = 0; i < 4; i++)
        {
            await page.Keyboard.PressAsync("ArrowRight");
        }

        await page.Keyboard.PressAsync("1");
        for (var i = 0; i < 3; i++)
        {
            await page.Keyboard.PressAsync("ArrowRight");
        }

        await page.Keyboard.PressAsync("Shift+ArrowRight");
        await Assertions.Expect(page.Locator("#pick")).ToHaveTextAsync("Picked: “un”");
        await page.Keyboard.PressAsync("2");
        await Chromium.ShootAsync(page, "units-characters-" + screen);
        // Back to words: the marks stay where they are, within their words.
        await page.Keyboard.PressAsync("u");
        await Assertions.Expect(page.Locator(".w.marked").Last).ToHaveTextAsync("unhappy");
        Assert.Equal(["蘋", "un"], await MarkedAsync(project, page, answer));
    }
}
