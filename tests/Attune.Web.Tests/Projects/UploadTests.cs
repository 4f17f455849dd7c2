using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Attune.Core;
using Attune.Feedback.Labels;
using Attune.Feedback.Projects;
using Attune.Testing;
using Attune.Web.Projects;
using Attune.Web.Tests.Security;

namespace Attune.Web.Tests.Projects;

/// <summary>Files that managers upload, and those that they fetch.</summary>
[Collection(nameof(SiteCollection))]
public sealed class UploadTests(Site site)
{
    private const string Good = """{"prompt": "a", "answers": ["x", "y"]}""";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static byte[] Packed(string text)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            gzip.Write(Encoding.UTF8.GetBytes(text));
        }
        return packed.ToArray();
    }

    private static async Task<(HttpStatusCode Status, string Page)> SendAsync(Site site, Guid project, string name, byte[] content)
    {
        using var owner = site.Client(site.Owner);
        using var form = new MultipartFormDataContent();
        form.Add(new ByteArrayContent(content), "file", name);
        using var answer = await Forms.PostAsync(owner, $"/projects/{project}/items", form, json: false);
        return (answer.StatusCode, WebUtility.HtmlDecode(await answer.Content.ReadAsStringAsync(Cancel)));
    }

    private static string Said(string page) =>
        page.IndexOf("<main", StringComparison.Ordinal) is >= 0 and var start ? page[start..Math.Min(page.Length, start + 1500)] : page;

    [Fact]
    public async Task Damaged_and_too_large_files_get_one_clear_message_with_their_name()
    {
        await using var small = await Site.StartAsync(options => options with { LargestUnpacked = 1 << 20 });
        var project = await small.ProjectAsync(ProjectKind.Comparison, []);
        var packed = Packed(
            string.Concat(Enumerable.Range(0, 200).Select(i => Good.Replace("\"a\"", $"\"{i}\"", StringComparison.Ordinal) + "\n"))
        );
        var damaged = packed.ToArray();
        damaged[packed.Length / 2] ^= 0x55;
        foreach (
            var (name, content, says) in new (string, byte[], string)[]
            {
                ("my items.jsonl.gz", packed[..^9], "my items.jsonl.gz: not a whole"),
                ("cut.jsonl.gz", packed[..12], "cut.jsonl.gz: not a whole"),
                ("hurt.jsonl.gz", damaged, "hurt.jsonl.gz"),
                ("hurt.jsonl.zst", [0x28, 0xb5, 0x2f, 0xfd, 1, 2, 3, 4, 5, 6], "hurt.jsonl.zst: not a whole"),
                ("named.jsonl", damaged, "named.jsonl"),
                ("no.parquet", packed, "no.parquet"),
                ("no.parquet.gz", packed, "no.parquet.gz"),
                ("bomb.jsonl.gz", Packed(new string(' ', 5 << 20)), "bomb.jsonl.gz: holds more than 1 MiB unpacked"),
                ("long.jsonl", Encoding.UTF8.GetBytes(new string('x', 2 << 20)), "long.jsonl: holds more than 1 MiB;"),
            }
        )
        {
            var (status, page) = await SendAsync(small, project.Id, name, content);
            Assert.Equal((HttpStatusCode.BadRequest, name), (status, name));
            Assert.True(page.Contains(says, StringComparison.Ordinal), Said(page));
            Assert.DoesNotContain("attune-upload", page, StringComparison.Ordinal);
        }

        Assert.Equal(HttpStatusCode.OK, (await SendAsync(small, project.Id, "whole.jsonl.gz", packed)).Status);
        Assert.Equal(200, (await small.Store.Projects.ProgressAsync(project.Id, Cancel)).Tasks);
    }

    [Fact]
    public async Task An_item_too_long_for_a_page_is_refused()
    {
        var project = await site.ProjectAsync(ProjectKind.Comparison, []);
        var row = Good.Replace("\"x\"", $"\"{new string('x', 1_100_000)}\"", StringComparison.Ordinal);
        var (status, page) = await SendAsync(site, project.Id, "long.jsonl", Encoding.UTF8.GetBytes(Good + "\n" + row));
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains("item 2 has 11000", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_comment_too_long_is_refused()
    {
        var project = await site.ProjectAsync(ProjectKind.Comparison, Site.Items(1, "One", "Two"));
        var anna = await site.PersonAsync(Feedback.Storage.MemberRole.Annotator, project.Id);
        using var client = site.Client(anna);
        using var claim = await Forms.PostAsync(client, $"/api/projects/{project.Id}/work/claim", new ByteArrayContent([]));
        var lease = (string)JsonNode.Parse(await claim.Content.ReadAsStringAsync(Cancel))!["lease_id"]!;
        var said = new
        {
            lease_id = lease,
            judgement = new
            {
                kind = "comparison",
                pick = "first",
                comment = new string('x', 20_001),
            },
        };
        using var body = new StringContent(JsonSerializer.Serialize(said), Encoding.UTF8, "application/json");
        using var put = new HttpRequestMessage(HttpMethod.Put, $"/api/projects/{project.Id}/work/responses/{Guid.NewGuid()}")
        {
            Content = body,
        };
        put.Headers.Add("RequestVerificationToken", await Forms.TokenAsync(client));
        using var answer = await client.SendAsync(put, Cancel);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("at most 20000", await answer.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"prompt": "a", "answers": ["x", "y"], "expectd": 3}""", "field \"expectd\"", "Did you mean 'expected'")]
    [InlineData("""{"promt": "a", "answers": ["x", "y"]}""", "field \"promt\"", "Did you mean 'prompt'")]
    [InlineData("""{"prompt": "a", "answers": ["x", "y"], "Passage": []}""", "field \"Passage\"", "Did you mean 'passages'")]
    [InlineData("""{"prompt": "a", "answers": ["x", 5]}""", "field \"answers[1]\"", "found the number 5; expected a text")]
    [InlineData("""{"prompt": 7, "answers": ["x", "y"]}""", "field \"prompt\"", "found the number 7; expected a text")]
    [InlineData("""{"prompt": "a", "answers": ["x", "y"], "passages": "p"}""", "field \"passages\"", "a list of lists of texts")]
    [InlineData(
        """{"prompt": "a", "answers": ["x", [{"role":"user","content":"1"},{"role":"assistant","content":"2"}]]}""",
        "answers[1]",
        "one message"
    )]
    public void An_error_in_a_bare_row_names_its_field(string row, string field, string says)
    {
        using var folder = new TemporaryFolder();
        var problem = Assert.Throws<DataException>(() =>
            ItemFile.Read(folder.WriteText("rows.jsonl", Good + "\n" + row + "\n"), ProjectKind.Comparison)
        );
        Assert.Contains("line 2", problem.Message, StringComparison.Ordinal);
        Assert.Contains(field, problem.Message, StringComparison.Ordinal);
        Assert.Contains(says, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Arrays_and_messages_are_read_and_other_fields_are_kept_and_counted()
    {
        using var folder = new TemporaryFolder();
        var file = folder.WriteText(
            "rows.json",
            """
            [
              {"prompt": [{"role": "user", "content": "Hi"}], "answers": [[{"role": "assistant", "content": "x"}], {"role": "assistant", "content": "y"}], "topic": "t"},
              {"prompt": "b", "answers": ["x", {"text": "z"}], "topic": "u", "model": "m"}
            ]
            """
        );
        var read = ItemFile.ReadAll(file, ProjectKind.Comparison);
        Assert.Equal([("x", "y"), ("x", "z")], read.Items.Select(i => (i.Content.Candidates[0].Text, i.Content.Candidates[1].Text)));
        Assert.Equal("Hi", ((Core.Conversations.Prompt.Chat)read.Items[0].Content.Prompt).Messages[0].Content);
        Assert.Equal("kept with the items: model (in 1 of 2 rows), topic", Assert.Single(read.Notes));
        Assert.Equal("t", (string)read.Items[0].Content.Extras!["frame"]!["topic"]!);
    }

    [Fact]
    public async Task What_an_upload_leaves_out_is_on_the_page()
    {
        var project = await site.ProjectAsync(ProjectKind.Comparison, []);
        const string Rows =
            """{"prompt":"a","chosen":"x","rejected":"y"}""" + "\n" + """{"prompt":"b","chosen":"x","rejected":"x"}""" + "\n";
        var (status, page) = await SendAsync(site, project.Id, "pairs.jsonl", Encoding.UTF8.GetBytes(Rows));
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Contains("1 left out: chosen equals rejected", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_data_page_says_what_a_file_will_hold_and_offers_what_can_hold_it()
    {
        var ratings = Enumerable
            .Range(1, 5)
            .Select(i => new NewItem(new ItemContent(new Core.Conversations.Prompt.Text($"q{i}"), [new Candidate("a")]))
            {
                Labels = [new ExistingLabel("w", new RatingJudgement(i))],
            });
        var project = await site.ProjectAsync(ProjectKind.Rating, [.. ratings]);
        using var owner = site.Client(site.Owner);
        var page = await owner.GetStringAsync($"/projects/{project.Id}/data", Cancel);
        Assert.DoesNotContain("value=\"hh-rlhf\"", page, StringComparison.Ordinal);
        Assert.DoesNotContain("value=\"ziegler\"", page, StringComparison.Ordinal);
        Assert.Contains("value=\"label-studio\"", page, StringComparison.Ordinal);
        page = await owner.GetStringAsync($"/projects/{project.Id}/data?format=trl", Cancel);
        Assert.Contains("trl: 4 rows with 4 labels", page, StringComparison.Ordinal);
        Assert.Contains("1 left out: a rating in the middle of the scale", page, StringComparison.Ordinal);
        var file = await owner.GetStringAsync($"/projects/{project.Id}/export?format=trl", Cancel);
        Assert.Equal(4, file.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        var report = JsonNode.Parse(await owner.GetStringAsync($"/api/projects/{project.Id}/export/report?format=trl", Cancel))!;
        Assert.Equal((4, 1), ((int)report["rows"]!, (int)report["left_out"]![0]!["count"]!));

        var chat = await site.ProjectAsync(ProjectKind.Chat, []);
        foreach (
            var (where, format, says) in new[] { (chat.Id, "prm800k", "formats that can"), (project.Id, "ziegler", "has no tokenizer") }
        )
        {
            using var answer = await owner.GetAsync($"/projects/{where}/export?format={format}", Cancel);
            var text = WebUtility.HtmlDecode(await answer.Content.ReadAsStringAsync(Cancel));
            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
            Assert.Contains(says, text, StringComparison.Ordinal);
            Assert.DoesNotContain(" --", text, StringComparison.Ordinal);
        }
    }
}
