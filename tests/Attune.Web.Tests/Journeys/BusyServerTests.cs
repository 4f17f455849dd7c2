using System.Net;
using Attune.Feedback.Labels;
using Attune.Feedback.Storage;
using Attune.Feedback.Tests;
using Attune.Web.Tests.Security;
using Microsoft.Playwright;
using Npgsql;

namespace Attune.Web.Tests.Journeys;

/// <summary>
/// A server whose PostgreSQL has too much to do says so, stores nothing by halves, and gets the same label from the page when it has time
/// again.
/// </summary>
[Collection(nameof(SiteCollection))]
public sealed class BusyServerTests(Chromium chromium)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>A transaction of somebody else's that holds the audit's newest link, which every label needs.</summary>
    private static async Task<NpgsqlConnection> HoldAsync(string database)
    {
        var other = new NpgsqlConnection(database);
        await other.OpenAsync(Cancel);
        await using var hold = new NpgsqlCommand("BEGIN; SELECT * FROM chain_head FOR UPDATE", other);
        await hold.ExecuteNonQueryAsync(Cancel);
        return other;
    }

    private static Task<Site> OpenAsync(string database) =>
        Site.StartAsync(options =>
            options with
            {
                Database = database + ";Options=-c statement_timeout=400",
                Patience = TimeSpan.FromSeconds(1),
            }
        );

    [Fact]
    public async Task A_submit_is_answered_503_with_a_time_to_wait_and_taken_once_later()
    {
        var database = await PostgreSqlServer.NewDatabaseAsync();
        await using var site = await OpenAsync(database);
        var project = await site.ProjectAsync(ProjectKind.Comparison, Site.Items(1, "One", "Two"));
        using var anna = site.Client(await site.PersonAsync(MemberRole.Annotator, project.Id));
        var held = (await anna.GetAsync($"/work/{project.Id}", Cancel)).Headers.Location!.ToString();
        var fields = new Dictionary<string, string> { ["submission"] = Guid.NewGuid().ToString(), ["strength"] = "3" };
        await using (await HoldAsync(database))
        {
            using var busy = await Forms.PostAsync(anna, held + "/submit", fields);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, busy.StatusCode);
            Assert.Equal(TimeSpan.FromSeconds(5), busy.Headers.RetryAfter!.Delta);
            Assert.Contains(
                "The server is busy. Nothing was stored. Try again in a few seconds.",
                await busy.Content.ReadAsStringAsync(Cancel),
                StringComparison.Ordinal
            );
            // A person without scripts gets a page that says the same; what cannot be sent twice is refused the same way.
            using var page = await Forms.PostAsync(anna, held + "/submit", new FormUrlEncodedContent(fields), json: false);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, page.StatusCode);
            Assert.Contains("<h1>", await page.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
            using var owner = site.Client(site.Owner);
            using var invited = await Forms.PostAsync(
                owner,
                $"/projects/{project.Id}/people/invite",
                new Dictionary<string, string> { ["role"] = "Annotator" }
            );
            Assert.Equal(HttpStatusCode.ServiceUnavailable, invited.StatusCode);
        }

        Assert.Empty(await site.JudgementsAsync(project.Id));
        for (var i = 0; i < 2; i++)
        {
            using var taken = await Forms.PostAsync(anna, held + "/submit", fields);
            Assert.Equal(HttpStatusCode.OK, taken.StatusCode);
        }

        Assert.Equal([ComparisonJudgement.OfStrength(3)], await site.JudgementsAsync(project.Id));
        // A snapshot that could not be noted in the store leaves no folder behind.
        using var manager = site.Client(site.Owner);
        var asked = new Dictionary<string, string> { ["held_out"] = "0" };
        await using (await HoldAsync(database))
        {
            using var refused = await Forms.PostAsync(manager, $"/projects/{project.Id}/snapshots", asked);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
            Assert.DoesNotContain(
                "train.jsonl\">",
                await manager.GetStringAsync($"/projects/{project.Id}/data", Cancel),
                StringComparison.Ordinal
            );
        }

        using var made = await Forms.PostAsync(manager, $"/projects/{project.Id}/snapshots", asked);
        Assert.Equal(HttpStatusCode.Redirect, made.StatusCode);
        Assert.Contains("train.jsonl\">", await manager.GetStringAsync($"/projects/{project.Id}/data", Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_page_keeps_what_was_submitted_and_sends_it_again()
    {
        var database = await PostgreSqlServer.NewDatabaseAsync();
        await using var site = await OpenAsync(database);
        var project = await site.ProjectAsync(ProjectKind.Comparison, Site.Items(2, "One", "Two"));
        var page = await chromium.OpenAsync(site, await site.PersonAsync(MemberRole.Annotator, project.Id), $"/work/{project.Id}");
        await using (await HoldAsync(database))
        {
            await page.Keyboard.PressAsync("7");
            await page.Keyboard.PressAsync("c");
            await page.Keyboard.TypeAsync("while it was busy");
            await page.Keyboard.PressAsync("Control+Enter");
            await Assertions.Expect(page.Locator("#state")).ToContainTextAsync("The server is busy. Saved on this device");
            await Chromium.ShootAsync(page, "busy", full: false);
            Assert.Empty(await site.JudgementsAsync(project.Id));
        }

        await Assertions.Expect(page.GetByText("Task 2 of 2")).ToBeVisibleAsync();
        Assert.Equal([ComparisonJudgement.OfStrength(7, "while it was busy")], await site.JudgementsAsync(project.Id));
    }
}
