using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Attune.Feedback.Labels;
using Attune.Feedback.Storage;

namespace Attune.Web.Tests.Security;

[Collection(nameof(SiteCollection))]
public sealed class HttpTests(Site site)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_answer_forbids_inline_scripts_frames_and_sniffing()
    {
        using var nobody = site.Client(null);
        foreach (var path in new[] { "/sign-in", "/nowhere", "/api/projects", "/openapi/v1.json" })
        {
            using var answer = await nobody.GetAsync(path, Cancel);
            var policy = Assert.Single(answer.Headers.GetValues("Content-Security-Policy"));
            Assert.Contains("script-src 'self'", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
            Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
            Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
        }

        var page = await nobody.GetStringAsync("/sign-in", Cancel);
        Assert.DoesNotContain(" style=", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<script>", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_session_cookie_is_out_of_reach_of_scripts_and_foreign_sites()
    {
        using var nobody = site.Client(null);
        using var answer = await Forms.PostAsync(
            nobody,
            "/sign-in",
            new FormUrlEncodedContent([new("name", site.Owner.Name), new("password", Site.Password), new("back", "//evil.example/")]),
            json: false
        );
        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        Assert.Equal("/", answer.Headers.Location!.ToString());
        var cookie = answer.Headers.GetValues("Set-Cookie").Single(c => c.StartsWith("attune_session=", StringComparison.Ordinal));
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=lax", cookie, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Sign_up_is_closed_and_a_used_link_is_over()
    {
        using var nobody = site.Client(null);
        var fields = new Dictionary<string, string> { ["name"] = "mallory", ["password"] = "a long password" };
        Assert.Equal(HttpStatusCode.Gone, (await Forms.PostAsync(nobody, "/join/guess", fields)).StatusCode);
        Assert.Equal(HttpStatusCode.Gone, (await Forms.PostAsync(nobody, "/set-up/guess", fields)).StatusCode);
        Assert.DoesNotContain(await site.Store.People.ListAsync(Cancel), p => p.Name == "mallory");
    }

    [Theory]
    [InlineData("/assets/x/..%2f..%2fAttune.Web.dll")]
    [InlineData("/assets/x/%2e%2e%2fappsettings.json")]
    [InlineData("/assets/..%5c..%5cetc%5cpasswd/app.css")]
    [InlineData("/runs/..%2fdata")]
    [InlineData("/runs/..%2f..%2fetc/body")]
    [InlineData("/api/runs/..%2fdata/events")]
    public async Task No_path_leads_out_of_its_folder(string path)
    {
        using var owner = site.Client(site.Owner);
        using var answer = await owner.GetAsync(path, Cancel);
        Assert.True(
            answer.StatusCode == HttpStatusCode.NotFound
                || (path.EndsWith("app.css", StringComparison.Ordinal) && answer.Content.Headers.ContentType?.MediaType == "text/css"),
            $"{path}: {answer.StatusCode}"
        );
    }

    [Fact]
    public async Task A_form_of_five_megabytes_is_refused()
    {
        var project = await site.ProjectAsync(ProjectKind.Comparison, Site.Items(1, "One", "Two"));
        using var anna = site.Client(await site.PersonAsync(MemberRole.Annotator, project.Id));
        var held = (await anna.GetAsync($"/work/{project.Id}", Cancel)).Headers.Location!.ToString();
        using var answer = await Forms.PostAsync(
            anna,
            held + "/draft",
            new StringContent("draft=" + new string('x', 5 << 20), Encoding.UTF8, "application/x-www-form-urlencoded"),
            expect: true
        );
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
    }

    [Fact]
    public async Task Too_many_tries_to_sign_in_have_to_wait()
    {
        using var folder = new Testing.TemporaryFolder();
        await using var server = await WebServer.StartAsync(Site.Options(folder.File("data")) with { SignInsPerMinute = 3 }, Cancel);
        using var client = new HttpClient { BaseAddress = new Uri(server.Address) };
        var fields = new Dictionary<string, string> { ["name"] = "olga", ["password"] = "wrong" };
        var answers = new List<HttpResponseMessage>();
        for (var i = 0; i < 5; i++)
        {
            answers.Add(await Forms.PostAsync(client, "/sign-in", fields));
        }

        Assert.Equal(HttpStatusCode.TooManyRequests, answers[^1].StatusCode);
        Assert.True(answers[^1].Headers.RetryAfter is not null);
    }

    [Fact]
    public async Task Too_many_requests_have_to_wait()
    {
        using var folder = new Testing.TemporaryFolder();
        await using var server = await WebServer.StartAsync(Site.Options(folder.File("data")) with { RequestsPerAddress = 5 }, Cancel);
        using var client = new HttpClient { BaseAddress = new Uri(server.Address) };
        var answers = new List<HttpStatusCode>();
        for (var i = 0; i < 8; i++)
        {
            answers.Add((await client.GetAsync(new Uri("/sign-in", UriKind.Relative), Cancel)).StatusCode);
        }

        Assert.Equal([.. Enumerable.Repeat(HttpStatusCode.OK, 5), .. Enumerable.Repeat(HttpStatusCode.TooManyRequests, 3)], answers);
    }

    [Fact]
    public async Task What_annotators_get_names_no_policy_and_no_gold()
    {
        var gold = Site.Items(1, "One", "Two")[0] with { Expected = ComparisonJudgement.OfStrength(1) };
        var project = await site.ProjectAsync(
            ProjectKind.Comparison,
            [gold, .. Site.Items(2, "Three", "Four")[1..]],
            new ProjectSettings { GoldEvery = 1 }
        );
        using var anna = site.Client(await site.PersonAsync(MemberRole.Annotator, project.Id), follow: true);
        var page = await anna.GetStringAsync($"/work/{project.Id}", Cancel);
        Assert.Contains("Question 1", page, StringComparison.Ordinal);
        foreach (var secret in new[] { "secret-policy", "gold", "expected", "attention" })
        {
            Assert.DoesNotContain(secret, page, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Fact]
    public async Task Bad_uploads_get_one_clear_message_and_leave_nothing_behind()
    {
        using var owner = site.Client(site.Owner);
        foreach (
            var (name, text, says) in new[]
            {
                ("../../evil.exe", "MZ", ".jsonl"),
                ("items.jsonl", "{\"prompt\": 1}\n", "items.jsonl"),
                ("items.jsonl", "{\"prompt\": \"a\", \"answers\": [\"x\", \"y\"]}\n{\"prompt\": \"b\"}\n", "line 2"),
            }
        )
        {
            using var form = new MultipartFormDataContent
            {
                { new StringContent("Bad " + Guid.NewGuid()), "name" },
                { new StringContent("Comparison"), "kind" },
                { new StringContent("1"), "quota" },
            };
            var file = new ByteArrayContent(Encoding.UTF8.GetBytes(text));
            file.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
            form.Add(file, "file", name);
            using var answer = await Forms.PostAsync(owner, "/projects", form, json: false);
            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
            var page = await answer.Content.ReadAsStringAsync(Cancel);
            Assert.Contains(says, page, StringComparison.Ordinal);
            Assert.DoesNotContain("/tmp", page, StringComparison.Ordinal);
        }

        Assert.DoesNotContain(await site.Store.Projects.ListAsync(Cancel), p => p.Name.StartsWith("Bad ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_api_describes_itself()
    {
        using var nobody = site.Client(null);
        using var document = System.Text.Json.JsonDocument.Parse(await nobody.GetStringAsync("/openapi/v1.json", Cancel));
        var paths = document.RootElement.GetProperty("paths").EnumerateObject().Select(p => p.Name).ToArray();
        Assert.Contains("/api/projects/{project}/work/claim", paths);
        Assert.DoesNotContain(paths, p => !p.StartsWith("/api/", StringComparison.Ordinal));
    }
}
