using System.Net;
using Attune.Core.Runs;
using Microsoft.Playwright;

namespace Attune.Web.Tests.Runs;

[Collection(nameof(SiteCollection))]
public sealed class RunPagesTests(Site site, Chromium chromium)
{
    private static void Log(EventLog log, long updates) =>
        log.Append(new RunEvent(log.NextSequence, "reward", "update", 0, updates, updates * 8, new Dictionary<string, double> { ["loss"] = 1.0 / (1 + updates), ["accuracy"] = 0.5 + (0.01 * updates) }));

    [Fact]
    public async Task A_run_is_listed_and_followed_while_it_trains()
    {
        var folder = Path.Combine(site.RunsFolder, "live & <b>bold");
        using var log = EventLog.Open(folder);
        for (var i = 1; i <= 12; i++)
        {
            Log(log, i);
        }

        log.Append(new SampleEvent("reward", 0, 0, "Say <script>window.hit=1</script>", "before", null, 0.1, null));
        log.Append(new SampleEvent("reward", 9, 0, "Say <script>window.hit=1</script>", "after", null, 0.3, null));
        var page = await chromium.OpenAsync(site, site.Owner, "/runs");
        await Chromium.ShootAsync(page, "runs");
        await page.GetByRole(AriaRole.Link, new() { Name = "live & <b>bold" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Img, new() { NameRegex = new("12 points") }).First).ToBeVisibleAsync();
        await Chromium.ShootAsync(page, "run");
        Log(log, 13);
        await Assertions.Expect(page.GetByRole(AriaRole.Img, new() { NameRegex = new("13 points") }).First).ToBeVisibleAsync();
        Assert.True(await page.EvaluateAsync<bool>("window.hit === undefined"));
        new RunFolder(folder).WriteResult(new RunResult("live", "1", 1, new Dictionary<string, double?>(), []));
        await Assertions.Expect(page.Locator("#run[data-finished=yes]")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task What_has_not_changed_is_not_sent_again_and_events_go_on_from_a_number()
    {
        using var log = EventLog.Open(Path.Combine(site.RunsFolder, "quiet"));
        Log(log, 1);
        Log(log, 2);
        using var owner = site.Client(site.Owner);
        using var first = await owner.GetAsync("/runs/quiet/body", TestContext.Current.CancellationToken);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/runs/quiet/body");
        request.Headers.TryAddWithoutValidation("If-None-Match", first.Headers.ETag!.ToString());
        using var second = await owner.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);
        var rest = await owner.GetStringAsync("/api/runs/quiet/events?after=1", TestContext.Current.CancellationToken);
        Assert.Contains("\"sequence\":2", rest, StringComparison.Ordinal);
        Assert.DoesNotContain("\"sequence\":1,", rest, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_run_says_so_and_harms_no_other()
    {
        var folder = Path.Combine(site.RunsFolder, "damaged");
        Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(new RunFolder(folder).EventsFile, "{\n{}\n", TestContext.Current.CancellationToken);
        using var owner = site.Client(site.Owner);
        Assert.Contains("damaged</span>", await owner.GetStringAsync("/runs", TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Contains("not a JSON object", await owner.GetStringAsync("/runs/damaged", TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }
}
