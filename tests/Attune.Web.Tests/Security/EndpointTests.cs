using System.Net;
using System.Text;
using Attune.Feedback.Labels;
using Attune.Feedback.People;
using Attune.Feedback.Storage;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Attune.Web.Tests.Security;

/// <summary>
/// Every endpoint that the server has is asked, also those added later: by nobody, by people of other projects, by those whose role is too
/// low.
/// </summary>
[Collection(nameof(SiteCollection))]
public sealed class EndpointTests(Site site)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private IEnumerable<RouteEndpoint> Endpoints() =>
        site.Server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>();

    private static string Method(RouteEndpoint endpoint) => endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods[0] ?? "GET";

    private static string Path(RouteEndpoint endpoint, Guid project) =>
        string.Join(
            '/',
            endpoint
                .RoutePattern.RawText!.TrimEnd('/')
                .Split('/')
                .Select(part =>
                    part switch
                    {
                        "{project:guid}" => project.ToString(),
                        ['{', ..] when part.Contains("guid", StringComparison.Ordinal) => Guid.NewGuid().ToString(),
                        ['{', ..] => "some",
                        _ => part,
                    }
                )
        )
            is { Length: > 0 } path
            ? path
            : "/";

    private static async Task<HttpResponseMessage> AskAsync(HttpClient client, string method, string path)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Headers.Add("Accept", "application/json");
        if (method != "GET")
        {
            request.Headers.Add("RequestVerificationToken", await Forms.TokenAsync(client));
            request.Content = path.StartsWith("/api", StringComparison.Ordinal)
                ? new StringContent(
                    """{"lease_id": "00000000-0000-0000-0000-000000000000", "judgement": {"kind": "choice"}}""",
                    Encoding.UTF8,
                    "application/json"
                )
                : new FormUrlEncodedContent([]);
        }

        return await client.SendAsync(request, Cancel);
    }

    [Fact]
    public async Task Nobody_gets_in_without_signing_in()
    {
        using var nobody = site.Client(null);
        string[] open =
        [
            "/sign-in",
            "/sign-out",
            "/set-up/some",
            "/join/some",
            "/assets/some/some",
            "/openapi/some.json",
            "/openapi/{documentName}.json",
        ];
        var asked = 0;
        foreach (
            var endpoint in Endpoints()
                .Where(e => !open.Contains(Path(e, Guid.Empty)) && !e.RoutePattern.RawText!.Contains("openapi", StringComparison.Ordinal))
        )
        {
            using var answer = await AskAsync(nobody, Method(endpoint), Path(endpoint, Guid.NewGuid()));
            Assert.True(
                answer.StatusCode is HttpStatusCode.Unauthorized,
                $"{Method(endpoint)} {endpoint.RoutePattern.RawText}: {answer.StatusCode}"
            );
            asked++;
        }

        Assert.True(asked > 35, $"only {asked} endpoints were asked");
    }

    [Fact]
    public async Task People_of_other_projects_find_nothing_at_any_endpoint()
    {
        var mine = await site.ProjectAsync(ProjectKind.Comparison, Site.Items(1, "One", "Two"));
        var theirs = await site.ProjectAsync(ProjectKind.Comparison, Site.Items(1, "One", "Two"));
        using var stranger = site.Client(await site.PersonAsync(MemberRole.Manager, mine.Id));
        foreach (var endpoint in Endpoints().Where(e => e.RoutePattern.RawText!.Contains("{project", StringComparison.Ordinal)))
        {
            using var answer = await AskAsync(stranger, Method(endpoint), Path(endpoint, theirs.Id));
            Assert.True(
                answer.StatusCode == HttpStatusCode.NotFound,
                $"{Method(endpoint)} {endpoint.RoutePattern.RawText}: {answer.StatusCode}"
            );
        }
    }

    [Fact]
    public async Task Annotators_are_refused_what_managers_do()
    {
        var project = await site.ProjectAsync(ProjectKind.Comparison, Site.Items(1, "One", "Two"));
        using var anna = site.Client(await site.PersonAsync(MemberRole.Annotator, project.Id));
        var asked = 0;
        foreach (
            var endpoint in Endpoints().Where(e => e.Metadata.GetMetadata<Web.Security.RequiredRole>() is { Role: MemberRole.Manager })
        )
        {
            using var answer = await AskAsync(anna, Method(endpoint), Path(endpoint, project.Id));
            Assert.True(
                answer.StatusCode == HttpStatusCode.Forbidden,
                $"{Method(endpoint)} {endpoint.RoutePattern.RawText}: {answer.StatusCode}"
            );
            asked++;
        }

        Assert.True(asked >= 15, $"only {asked} endpoints were asked");
        foreach (
            var path in new[]
            {
                "/projects/new",
                "/people",
                "/runs",
                "/runs/some",
                "/api/runs",
                $"/api/projects/{project.Id}",
                $"/api/projects/{project.Id}/progress",
                $"/projects/{project.Id}",
            }
        )
        {
            Assert.Equal(HttpStatusCode.Forbidden, (await AskAsync(anna, "GET", path)).StatusCode);
        }
    }

    [Fact]
    public async Task One_annotator_cannot_touch_what_another_holds()
    {
        var project = await site.ProjectAsync(ProjectKind.Comparison, Site.Items(3, "One", "Two"));
        using var anna = site.Client(await site.PersonAsync(MemberRole.Annotator, project.Id));
        using var eve = site.Client(await site.PersonAsync(MemberRole.Annotator, project.Id));
        var held = (await anna.GetAsync($"/work/{project.Id}", Cancel)).Headers.Location!.ToString();
        var fields = new Dictionary<string, string>
        {
            ["submission"] = Guid.NewGuid().ToString(),
            ["strength"] = "1",
            ["draft"] = "{}",
            ["message"] = "hi",
        };
        foreach (var what in new[] { "submit", "draft", "skip", "flag", "say" })
        {
            Assert.Equal(HttpStatusCode.NotFound, (await Forms.PostAsync(eve, $"{held}/{what}", fields)).StatusCode);
        }

        Assert.Contains(
            "false",
            await (await Forms.PostAsync(eve, $"{held}/heartbeat", fields)).Content.ReadAsStringAsync(Cancel),
            StringComparison.Ordinal
        );
        Assert.Equal($"/work/{project.Id}", (await eve.GetAsync(held, Cancel)).Headers.Location!.ToString());
        Assert.Empty(await site.JudgementsAsync(project.Id));
    }

    [Fact]
    public async Task Who_manages_one_project_has_no_say_over_anything_else()
    {
        var mine = await site.ProjectAsync(ProjectKind.Comparison, Site.Items(1, "One", "Two"));
        var theirs = await site.ProjectAsync(ProjectKind.Comparison, Site.Items(1, "One", "Two"));
        var manager = await site.PersonAsync(MemberRole.Manager, mine.Id);
        var anna = await site.PersonAsync(MemberRole.Annotator, theirs.Id);
        var task = Assert.Single(await site.Store.Tasks.ListAsync(theirs.Id, -1, 10, Cancel)).Id;
        var key = await site.Store.Keys.CreateAsync(anna.Id, "hers", [KeyScope.Annotate], null, Cancel);
        using var client = site.Client(manager);
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(client, "GET", $"/projects/{mine.Id}/settings")).StatusCode);
        foreach (
            var (method, path) in new[]
            {
                ("GET", "/projects/new"),
                ("POST", "/projects"),
                ("GET", "/people"),
                ("POST", "/people/invite"),
                ("GET", $"/people/{anna.Id}"),
                ("POST", $"/people/{manager.Id}/role"),
                ("POST", $"/people/{manager.Id}/projects"),
                ("GET", "/runs"),
                ("GET", "/api/runs"),
            }
        )
        {
            Assert.Equal((path, HttpStatusCode.Forbidden), (path, (await AskAsync(client, method, path)).StatusCode));
        }

        // Things of another project, asked for under one's own.
        var fields = new Dictionary<string, string>
        {
            ["role"] = "Manager",
            ["reason"] = "because",
            ["response"] = Guid.NewGuid().ToString(),
        };
        foreach (
            var what in new[]
            {
                $"people/{anna.Id}/role",
                $"people/{anna.Id}/pause",
                $"tasks/{task}/retire",
                $"tasks/{task}/release",
                $"tasks/{task}/decide",
            }
        )
        {
            Assert.Equal(
                (what, HttpStatusCode.NotFound),
                (what, (await Forms.PostAsync(client, $"/projects/{mine.Id}/{what}", fields)).StatusCode)
            );
        }

        Assert.Equal(HttpStatusCode.NotFound, (await Forms.PostAsync(client, $"/account/keys/{key.Info.Id}/revoke", fields)).StatusCode);
        Assert.Equal(
            HttpStatusCode.BadRequest,
            (
                await Forms.PostAsync(client, $"/projects/{mine.Id}/people/invite", new Dictionary<string, string> { ["role"] = "Owner" })
            ).StatusCode
        );
        Assert.Equal((MemberRole?)MemberRole.Annotator, await site.Store.People.RoleInAsync(theirs.Id, anna.Id, Cancel));
        Assert.Null(await site.Store.People.RoleInAsync(mine.Id, anna.Id, Cancel));
        Assert.Equal("open", Assert.Single(await site.Store.Tasks.ListAsync(theirs.Id, -1, 10, Cancel)).State);
        Assert.NotNull(await site.Store.Keys.FindAsync(key.Key, Cancel));
    }

    [Fact]
    public async Task Roles_of_people_are_the_owners_to_change()
    {
        var project = await site.ProjectAsync(ProjectKind.Comparison, Site.Items(1, "One", "Two"));
        var (manager, reader, anna) = (
            await site.PersonAsync(MemberRole.Manager, null),
            await site.PersonAsync(MemberRole.Reader, null),
            await site.PersonAsync(MemberRole.Annotator, project.Id)
        );
        var fields = new Dictionary<string, string> { ["role"] = "Owner", ["project"] = project.Id.ToString() };
        foreach (var who in new[] { manager, reader, anna })
        {
            using var client = site.Client(who);
            foreach (var what in new[] { "role", "projects" })
            {
                Assert.Equal(HttpStatusCode.Forbidden, (await Forms.PostAsync(client, $"/people/{who.Id}/{what}", fields)).StatusCode);
            }

            Assert.Equal(HttpStatusCode.Forbidden, (await AskAsync(client, "GET", $"/people/{who.Id}")).StatusCode);
        }

        Assert.Equal(
            (MemberRole.Manager, MemberRole.Reader),
            ((await site.Store.People.FindAsync(manager.Id, Cancel))!.Role, (await site.Store.People.FindAsync(reader.Id, Cancel))!.Role)
        );
        using var owner = site.Client(site.Owner);
        foreach (
            var (path, role, where, status) in new[]
            {
                ($"/people/{Guid.NewGuid()}/role", "Manager", project.Id, HttpStatusCode.NotFound),
                ($"/people/{Guid.NewGuid()}/projects", "Manager", project.Id, HttpStatusCode.NotFound),
                ($"/people/{anna.Id}/projects", "Manager", Guid.NewGuid(), HttpStatusCode.NotFound),
                ($"/people/{anna.Id}/projects", "Owner", project.Id, HttpStatusCode.BadRequest),
                ($"/people/{anna.Id}/role", "17", project.Id, HttpStatusCode.BadRequest),
                ($"/people/{site.Owner.Id}/role", "Reader", project.Id, HttpStatusCode.BadRequest),
            }
        )
        {
            Assert.Equal(
                (path, status),
                (
                    path,
                    (
                        await Forms.PostAsync(
                            owner,
                            path,
                            new Dictionary<string, string> { ["role"] = role, ["project"] = where.ToString() }
                        )
                    ).StatusCode
                )
            );
        }

        Assert.Equal((MemberRole?)MemberRole.Annotator, await site.Store.People.RoleInAsync(project.Id, anna.Id, Cancel));
        Assert.Equal(MemberRole.Owner, (await site.Store.People.FindAsync(site.Owner.Id, Cancel))!.Role);
        // A role that is taken away is gone with the next request of whoever had it.
        using var was = site.Client(manager);
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(was, "GET", "/projects/new")).StatusCode);
        Assert.Equal(
            HttpStatusCode.Redirect,
            (
                await Forms.PostAsync(owner, $"/people/{manager.Id}/role", new Dictionary<string, string> { ["role"] = "Annotator" })
            ).StatusCode
        );
        Assert.Equal(HttpStatusCode.Forbidden, (await AskAsync(was, "GET", "/projects/new")).StatusCode);
    }

    [Fact]
    public async Task Without_the_pages_token_nothing_changes()
    {
        using var owner = site.Client(site.Owner);
        foreach (var endpoint in Endpoints().Where(e => Method(e) != "GET"))
        {
            using var request = new HttpRequestMessage(new HttpMethod(Method(endpoint)), Path(endpoint, Guid.NewGuid()));
            request.Headers.Add("Accept", "application/json");
            request.Headers.Add("Origin", "https://evil.example");
            request.Content = new FormUrlEncodedContent([]);
            using var answer = await owner.SendAsync(request, Cancel);
            // A cookie is nobody there, with or without a token.
            var expected = endpoint.RoutePattern.RawText!.StartsWith("/v1", StringComparison.Ordinal)
                ? HttpStatusCode.Unauthorized
                : HttpStatusCode.BadRequest;
            Assert.True(answer.StatusCode == expected, $"{Method(endpoint)} {endpoint.RoutePattern.RawText}: {answer.StatusCode}");
        }
    }

    [Fact]
    public async Task Api_keys_work_within_their_scopes_and_only_on_the_api()
    {
        var project = await site.ProjectAsync(ProjectKind.Comparison, Site.Items(2, "One", "Two"));
        var anna = await site.PersonAsync(MemberRole.Annotator, project.Id);
        var key = await site.Store.Keys.CreateAsync(anna.Id, "robot", [KeyScope.Annotate], null, Cancel);
        using var robot = site.Client(null);
        robot.DefaultRequestHeaders.Authorization = new("Bearer", key.Key);
        robot.DefaultRequestHeaders.Add("Accept", "application/json");
        using var claim = await robot.PostAsync($"/api/projects/{project.Id}/work/claim", null, Cancel);
        Assert.Equal(HttpStatusCode.OK, claim.StatusCode);
        var text = await claim.Content.ReadAsStringAsync(Cancel);
        Assert.DoesNotContain("policy", text, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("gold", text, StringComparison.OrdinalIgnoreCase);
        using var json = System.Text.Json.JsonDocument.Parse(text);
        var body =
            $$$"""{"lease_id": "{{{json.RootElement.GetProperty("lease_id").GetString()}}}", "judgement": {"kind": "comparison", "pick": "second", "strength": 6}}""";
        var (id, receipts) = (Guid.CreateVersion7(), new List<string>());
        for (var i = 0; i < 3; i++)
        {
            using var answer = await robot.PutAsync(
                $"/api/projects/{project.Id}/work/responses/{id}",
                new StringContent(body, Encoding.UTF8, "application/json"),
                Cancel
            );
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            receipts.Add(await answer.Content.ReadAsStringAsync(Cancel));
        }

        Assert.Single(receipts.Distinct());
        Assert.Equal([ComparisonJudgement.OfStrength(6)], await site.JudgementsAsync(project.Id));
        Assert.Equal(HttpStatusCode.Forbidden, (await robot.GetAsync("/api/projects", Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await robot.GetAsync($"/work/{project.Id}", Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await robot.GetAsync($"/api/projects/{project.Id}/snapshots", Cancel)).StatusCode);
        var trainer = await site.Store.Keys.CreateAsync(site.Owner.Id, "trainer", [KeyScope.Snapshots], null, Cancel);
        using var training = site.Client(null);
        training.DefaultRequestHeaders.Authorization = new("Bearer", trainer.Key);
        using var made = await training.PostAsync(
            $"/api/projects/{project.Id}/snapshots",
            new StringContent("""{"held_out": 0}""", Encoding.UTF8, "application/json"),
            Cancel
        );
        Assert.Equal(HttpStatusCode.OK, made.StatusCode);
        using var list = System.Text.Json.JsonDocument.Parse(
            await training.GetStringAsync($"/api/projects/{project.Id}/snapshots", Cancel)
        );
        var name = Assert.Single(list.RootElement.EnumerateArray()).GetProperty("name").GetString();
        Assert.Contains(
            "\"chosen\":\"Two\"",
            await training.GetStringAsync($"/api/projects/{project.Id}/snapshots/{name}/train.jsonl", Cancel),
            StringComparison.Ordinal
        );
        Assert.Equal(
            HttpStatusCode.NotFound,
            (await training.GetAsync($"/api/projects/{project.Id}/snapshots/{name}/..%2f..%2fkeys", Cancel)).StatusCode
        );
        await site.Store.Keys.RevokeAsync(anna.Id, key.Info.Id, Cancel);
        Assert.Equal(
            HttpStatusCode.Unauthorized,
            (await robot.PostAsync($"/api/projects/{project.Id}/work/claim", null, Cancel)).StatusCode
        );
    }

    [Fact]
    public async Task A_program_reads_the_guidelines_and_acknowledges_them()
    {
        var project = await site.ProjectAsync(ProjectKind.Comparison, Site.Items(1, "One", "Two"), guidelines: "# Be brief");
        var anna = await site.PersonAsync(MemberRole.Annotator, project.Id);
        var key = await site.Store.Keys.CreateAsync(anna.Id, "robot", [KeyScope.Annotate], null, Cancel);
        using var robot = site.Client(null);
        robot.DefaultRequestHeaders.Authorization = new("Bearer", key.Key);
        var path = $"/api/projects/{project.Id}/work/guidelines";
        Assert.Equal("""{"number":1,"markdown":"# Be brief"}""", await robot.GetStringAsync(path, Cancel));
        Assert.Equal(HttpStatusCode.NotFound, (await robot.PostAsync(path + "/acknowledge?version=2", null, Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await robot.PostAsync(path + "/acknowledge?version=1", null, Cancel)).StatusCode);
        Assert.Equal("""{"number":1,"markdown":"# Be brief","acknowledged":1}""", await robot.GetStringAsync(path, Cancel));
    }
}
