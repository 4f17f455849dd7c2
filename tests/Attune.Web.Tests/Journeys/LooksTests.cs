using Attune.Feedback.Labels;
using Attune.Feedback.Storage;
using Microsoft.Playwright;

namespace Attune.Web.Tests.Journeys;

/// <summary>What decides how pages are used: room for the answers, words on the levels, letters in sight.</summary>
[Collection(nameof(SiteCollection))]
public sealed class LooksTests(Site site, Chromium chromium)
{
    private static (int Width, int Height) Size(string screen) =>
        screen switch
        {
            "phone" => Chromium.Phone,
            "tablet" => (800, 1100),
            "laptop" => (1000, 700),
            _ => Chromium.Desktop,
        };

    private async Task<IPage> OpenAsync(string screen, int paragraphs)
    {
        var text = string.Join(
            "\n\n",
            Enumerable.Range(1, paragraphs).Select(i => $"Paragraph {i} of a long answer, which takes its time.")
        );
        var project = await site.ProjectAsync(ProjectKind.Comparison, Site.Items(1, text, text + " Indeed."));
        var anna = await site.PersonAsync(MemberRole.Annotator, project.Id);
        await site.Store.Guidelines.AcknowledgeAsync(project.Id, anna.Id, 1, TestContext.Current.CancellationToken);
        return await chromium.OpenAsync(site, anna, $"/work/{project.Id}", Size(screen));
    }

    [Theory]
    [InlineData("phone")]
    [InlineData("desktop")]
    public async Task Submit_stands_beside_the_scale_and_the_bar_leaves_room(string screen)
    {
        var page = await OpenAsync(screen, 3);
        await page.Keyboard.PressAsync("6");
        await Assertions.Expect(page.Locator("#state")).ToHaveTextAsync("Draft saved");
        await Chromium.ShootAsync(page, "bar-" + screen, full: false);
        var (bar, scale, submit) = (
            (await page.Locator(".bar").BoundingBoxAsync())!,
            (await page.Locator(".scale").BoundingBoxAsync())!,
            (await page.Locator("[data-submit]").BoundingBoxAsync())!
        );
        // It was a sixth of the page.
        Assert.True(bar.Height <= 0.115 * Size(screen).Height, $"the bar is {bar.Height} high");
        Assert.True(submit.X >= scale.X + scale.Width, "Submit is not beside the scale");
        Assert.True(submit.Y < scale.Y + scale.Height && scale.Y < submit.Y + submit.Height, "Submit is on another line");
        Assert.True(submit.X + submit.Width <= Size(screen).Width);
        Assert.True(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= window.innerWidth"));
    }

    [Theory]
    [InlineData("phone")]
    [InlineData("tablet")]
    [InlineData("laptop")]
    [InlineData("desktop")]
    public async Task Each_of_the_eight_levels_bears_its_words_and_none_is_cut(string screen)
    {
        var page = await OpenAsync(screen, 1);
        var words = await page.EvaluateAsync<string[]>(
            "() => [...document.querySelectorAll('.scale span')].map(s => [...s.children].filter(e => e.getClientRects().length > 0)"
                + ".map(e => e.textContent).join(' '))"
        );
        string[] amounts = screen is "phone" or "tablet"
            ? ["much", "better", "some", "slight"]
            : ["much better", "better", "somewhat", "slightly"];
        Assert.Equal([.. amounts.Select(a => "A " + a), .. Enumerable.Reverse(amounts).Select(a => "B " + a)], words);
        Assert.Empty(
            await page.EvaluateAsync<string[]>(
                "() => [...document.querySelectorAll('.scale small')].filter(s => s.getClientRects().length > 0 &&"
                    + " (s.getBoundingClientRect().width > s.parentElement.getBoundingClientRect().width)).map(s => s.textContent)"
            )
        );
    }

    [Theory]
    [InlineData("phone")]
    [InlineData("desktop")]
    public async Task The_letter_of_the_answer_that_is_read_stays_in_sight(string screen)
    {
        var page = await OpenAsync(screen, 60);
        foreach (var side in new[] { "a", "b" })
        {
            await page.Locator($".answer.{side}")
                .EvaluateAsync("e => window.scrollTo(0, window.scrollY + e.getBoundingClientRect().bottom - 500)");
            await Chromium.ShootAsync(page, $"sticky-{side}-{screen}", full: false);
            var badge = (await page.Locator($"#answer-{side}").BoundingBoxAsync())!;
            Assert.InRange(badge.Y, 0, 150);
            // In sight, not behind something.
            Assert.True(
                await page.Locator($"#answer-{side}")
                    .EvaluateAsync<bool>(
                        "e => { const r = e.getBoundingClientRect(); return document"
                            + ".elementFromPoint(r.x + r.width / 2, r.y + r.height / 2).closest('.badge') === e; }"
                    )
            );
        }
    }

    [Theory]
    [InlineData("/people")]
    [InlineData("/account")]
    [InlineData("/projects/{0}/people")]
    [InlineData("/projects/{0}/quality")]
    [InlineData("/projects/{0}/data")]
    [InlineData("/projects/{0}/settings")]
    public async Task Owners_pages_fit_a_phone(string path)
    {
        var project = await site.ProjectAsync(ProjectKind.Comparison, Site.Items(2, "One", "Two"), new ProjectSettings { Quota = 2 });
        foreach (var level in new[] { 2, 7 })
        {
            var anna = await site.PersonAsync(MemberRole.Annotator, project.Id);
            var cancel = TestContext.Current.CancellationToken;
            var task = Assert
                .IsType<Feedback.Queue.ClaimResult.Claimed>(await site.Store.Queue.ClaimAsync(project.Id, anna.Id, cancel))
                .Task;
            await site.Store.Queue.SubmitAsync(
                anna.Id,
                new Feedback.Queue.Submission(Guid.NewGuid(), task.LeaseId, ComparisonJudgement.OfStrength(level)),
                cancel
            );
        }

        await site.Store.Keys.CreateAsync(
            site.Owner.Id,
            "training machine " + path,
            [.. Enum.GetValues<Feedback.People.KeyScope>()],
            null,
            TestContext.Current.CancellationToken
        );
        await site.Store.Accounts.InviteAsync(
            site.Owner.Id,
            MemberRole.Annotator,
            project.Id,
            TimeSpan.FromDays(7),
            TestContext.Current.CancellationToken
        );
        var page = await chromium.OpenAsync(site, site.Owner, string.Format(null, path, project.Id), Chromium.Phone);
        await Chromium.ShootAsync(page, "fits" + path.Replace("/{0}", "", StringComparison.Ordinal).Replace('/', '-'));
        Assert.Empty(
            await page.EvaluateAsync<string[]>(
                "() => [...document.querySelectorAll('main, main table, main form, main button, main input, main select, main td')]"
                    + ".filter(e => e.getClientRects().length > 0 && !e.closest('.visually-hidden')"
                    + " && (e.getBoundingClientRect().right > window.innerWidth + 1"
                    + " || e.scrollWidth > e.clientWidth + 1 && e.matches('.scroll')))"
                    + ".map(e => e.outerHTML.slice(0, 120))"
            )
        );
    }
}
