using System.Net;
using Attune.Core.Runs;
using Attune.Feedback.Labels;
using Attune.Feedback.Queue;
using Attune.Feedback.Snapshots;
using Attune.Feedback.Storage;
using Microsoft.Playwright;

namespace Attune.Web.Tests.Runs;

[Collection(nameof(SiteCollection))]
public sealed class RunPagesTests(Site site, Chromium chromium)
{
    private static void Log(EventLog log, long updates) =>
        log.Append(
            new RunEvent(
                log.NextSequence,
                "reward",
                "update",
                0,
                updates,
                updates * 8,
                new Dictionary<string, double> { ["loss"] = 1.0 / (1 + updates), ["accuracy"] = 0.5 + (0.01 * updates) }
            )
        );

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
    public async Task Chosen_runs_are_laid_over_each_other_by_one_metric_smoothed_and_on_a_log_axis()
    {
        string[] names = ["over & one", "over two", "over three"];
        foreach (var (name, slope) in names.Select((n, i) => (n, i + 1)))
        {
            using var log = EventLog.Open(Path.Combine(site.RunsFolder, name));
            for (var i = 1; i <= 30; i++)
            {
                var metrics = new Dictionary<string, double>
                {
                    ["loss"] = (2.0 / (1 + (slope * i))) + (0.05 * (i % 3)),
                    ["accuracy"] = 1 - (0.5 / i),
                };
                log.Append(new RunEvent(log.NextSequence, "reward", "update", 0, i, i * 8, metrics));
            }
        }

        var page = await chromium.OpenAsync(site, site.Owner, "/runs");
        await page.GetByRole(AriaRole.Checkbox, new() { Name = "Compare over & one" }).CheckAsync();
        await page.GetByRole(AriaRole.Checkbox, new() { Name = "Compare over two" }).CheckAsync();
        await Chromium.ShootAsync(page, "runs-chosen");
        await page.GetByRole(AriaRole.Button, new() { Name = "Compare the chosen runs" }).ClickAsync();
        var figures = page.Locator("figure");
        await Assertions.Expect(figures).ToHaveCountAsync(2);
        await Assertions.Expect(figures.First.Locator("li")).ToHaveTextAsync(["over two", "over & one"]);
        await Chromium.ShootAsync(page, "comparison");
        await page.GetByRole(AriaRole.Checkbox, new() { Name = "over three" }).CheckAsync();
        await page.GetByLabel("Metric").SelectOptionAsync("loss");
        await page.GetByLabel("Smoothing").SelectOptionAsync("8");
        await page.GetByRole(AriaRole.Checkbox, new() { Name = "Logarithmic axis" }).CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Show" }).ClickAsync();
        await Assertions.Expect(figures).ToHaveCountAsync(1);
        await Assertions.Expect(figures.Locator("li")).ToHaveCountAsync(3);
        await Assertions.Expect(figures.Locator("path.raw")).ToHaveCountAsync(3);
        // What was chosen is in the address, and still chosen on the page.
        Assert.Contains("metric=loss&smoothing=8&log=on", page.Url, StringComparison.Ordinal);
        await Assertions.Expect(page.GetByLabel("Smoothing")).ToHaveValueAsync("8");
        await Assertions.Expect(page.GetByRole(AriaRole.Checkbox, new() { Name = "Logarithmic axis" })).ToBeCheckedAsync();
        await Chromium.ShootAsync(page, "comparison-one");
        await page.SetViewportSizeAsync(390, 800);
        await Chromium.ShootAsync(page, "comparison-phone");
        Assert.True(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= window.innerWidth"));

        // Names that are no runs are nothing, and annotators see none of it.
        using var owner = site.Client(site.Owner);
        var cancel = TestContext.Current.CancellationToken;
        Assert.Contains(
            "Choose the runs",
            await owner.GetStringAsync("/comparison?run=..%2F..&metric=%3Cb%3E", cancel),
            StringComparison.Ordinal
        );
        var project = await site.ProjectAsync(ProjectKind.Comparison, Site.Items(1, "One", "Two"));
        using var annotator = site.Client(await site.PersonAsync(MemberRole.Annotator, project.Id));
        Assert.Equal(HttpStatusCode.Forbidden, (await annotator.GetAsync("/comparison?run=over%20two", cancel)).StatusCode);
    }

    [Fact]
    public async Task A_finished_run_links_the_page_of_its_snapshot()
    {
        var cancel = TestContext.Current.CancellationToken;
        var project = await site.ProjectAsync(ProjectKind.Comparison, Site.Items(4, "One", "Two"));
        var anna = await site.PersonAsync(MemberRole.Annotator, project.Id);
        while (await site.Store.Queue.ClaimAsync(project.Id, anna.Id, cancel) is ClaimResult.Claimed { Task: var task })
        {
            await site.Store.Queue.SubmitAsync(
                anna.Id,
                new Submission(Guid.NewGuid(), task.LeaseId, ComparisonJudgement.OfStrength(2)),
                cancel
            );
        }

        var folder = Path.Combine(site.RunsFolder, "from people");
        var place = Path.Combine(folder, "reward", "snapshot");
        var manifest = await site.Store.Snapshots.CreateAsync(project.Id, place, new SnapshotOptions { HeldOut = 0.25 }, cancel);
        using (var log = EventLog.Open(folder))
        {
            Log(log, 1);
        }

        new RunFolder(folder).WriteResult(
            new RunResult(
                "from people",
                "1",
                1,
                new Dictionary<string, double?>(),
                [
                    new StageResult("reward", 1, new Dictionary<string, double>())
                    {
                        Snapshots = [LearnedSnapshot.Of(manifest, place, folder)],
                    },
                ]
            )
        );
        Reports.RunReport.Write(folder);
        var page = await chromium.OpenAsync(site, site.Owner, "/runs/from%20people");
        await Chromium.ShootAsync(page, "run-snapshot");
        await page.GetByRole(AriaRole.Link, new() { Name = "snapshot " + manifest.Sha256[..12] }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync("Snapshot " + manifest.Sha256[..12]);
        await Assertions.Expect(page.GetByText("4 labels of 1 person in project")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Cell, new() { Name = Assert.Single(manifest.Annotators).Name })).ToBeVisibleAsync();
        await Assertions
            .Expect(page.GetByRole(AriaRole.Link, new() { Name = project.Name }))
            .ToHaveAttributeAsync("href", $"/projects/{project.Id}/data");
        await Chromium.ShootAsync(page, "snapshot");
        // The report as a file links the manifest itself.
        await page.GotoAsync("file://" + new RunFolder(folder).ReportFile);
        await Chromium.ShootAsync(page, "report-snapshot");
        await page.GetByRole(AriaRole.Link, new() { Name = "snapshot " + manifest.Sha256[..12] }).ClickAsync();
        await Assertions.Expect(page.Locator("body")).ToContainTextAsync(manifest.Sha256);

        // A reader of runs who is nobody in that project is told no more of it; an unknown hash is no way to any folder.
        using var reader = site.Client(await site.PersonAsync(MemberRole.Reader, null));
        var address = $"/runs/from%20people/snapshots/{manifest.Sha256}";
        Assert.DoesNotContain($"/projects/{project.Id}", await reader.GetStringAsync(address, cancel), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await reader.GetAsync("/runs/from%20people/snapshots/..%2f..", cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await site.Client(anna).GetAsync(address, cancel)).StatusCode);
        Directory.Delete(place, recursive: true);
        var gone = await reader.GetStringAsync(address, cancel);
        Assert.Contains("no such file", gone, StringComparison.Ordinal);
        Assert.Contains(manifest.Annotators[0].Name, gone, StringComparison.Ordinal);
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
        Assert.Contains(
            "damaged</span>",
            await owner.GetStringAsync("/runs", TestContext.Current.CancellationToken),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "not a JSON object",
            await owner.GetStringAsync("/runs/damaged", TestContext.Current.CancellationToken),
            StringComparison.Ordinal
        );
    }
}
