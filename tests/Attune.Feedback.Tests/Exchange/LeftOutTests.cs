using Attune.Core.Feedback;
using Attune.Feedback.Exchange;
using Attune.Feedback.Formats;
using Attune.Feedback.Labels;
using Attune.Feedback.Snapshots;
using Attune.Testing;

namespace Attune.Feedback.Tests.Exchange;

/// <summary>One odd row never refuses a file; what cannot be taken is counted by its reason, with its line.</summary>
public sealed class LeftOutTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private ImportFile Read(string rows, ImportOptions? options = null) =>
        ImportFile.Read(_folder.WriteText("in.jsonl", rows), options ?? new ImportOptions());

    private static (string, int, string)[] Of(ImportFile read) =>
        [.. read.LeftOut.Select(l => (l.Reason, l.Count, string.Join(", ", l.Places)))];

    private static string Responses(string responses, string more = "") =>
        $$"""{"id":"r","fields":{"prompt":"Hi","response_1":"Hello","response_2":"Yo"},"responses":{{{responses}}}{{more}}}""" + "\n";

    [Fact]
    public void Drafts_and_discarded_responses_are_no_labels()
    {
        var read = Read(
            Responses(
                """
                "preference":[{"value":"response_1","user_id":"u1","status":"submitted"},{"value":"response_2","user_id":"u2","status":"discarded"},{"value":"response_2","user_id":"u3","status":"draft"},{"value":null,"user_id":"u4","status":"discarded"}]
                """.Trim()
            )
        );
        var label = Assert.Single(Assert.Single(read.Items).Labels);
        Assert.Equal(("u1", Pick.First), (label.Annotator, ((ComparisonJudgement)label.Judgement).Pick));
        Assert.Equal([("discarded by the annotator", 2, "line 1"), ("a draft that was never submitted", 1, "line 1")], Of(read));
    }

    [Fact]
    public void Statuses_of_flat_records_are_read_too()
    {
        var read = Read(
            """{"id":"r","prompt":"Hi","response_1":"a","response_2":"b","better.responses":["response_1","response_2"],"better.responses.users":["u1","u2"],"better.responses.status":["draft","submitted"]}"""
        );
        Assert.Equal("u2", Assert.Single(Assert.Single(read.Items).Labels).Annotator);
        Assert.Equal(1, Assert.Single(read.LeftOut).Count);
    }

    [Fact]
    public void A_text_question_before_the_one_that_names_an_answer_is_passed_over()
    {
        const string Both = """
            "comment":[{"value":"nice one","user_id":"u1","status":"submitted"}],"preference":[{"value":"response_2","user_id":"u1","status":"submitted"}]
            """;
        var read = Read(Responses(Both));
        Assert.Equal(Pick.Second, ((ComparisonJudgement)Assert.Single(read.Items[0].Labels).Judgement).Pick);
        Assert.Contains("'preference'", Assert.Single(read.Notes), StringComparison.Ordinal);
        var problem = Assert.Throws<Core.DataException>(() => Read(Responses(Both), new ImportOptions { Question = "preferences" }));
        Assert.Contains("Did you mean 'preference'?", problem.Message, StringComparison.Ordinal);
        Assert.Throws<Core.DataException>(() => Read(Responses(Both), new ImportOptions { Question = "comment" }));
    }

    [Theory]
    [InlineData(
        """{"prompt":"p","answers":["a","b"],"ranks":[1,2]}""",
        """{"prompt":"p2","answers":["a","b"],"ranks":[1,5]}""",
        "ranks 1, 5"
    )]
    [InlineData("""{"prompt":"p","answers":["a","b"],"ranks":[1,2]}""", """{"prompt":"p2","answers":["a"],"ranks":[1]}""", "at least two")]
    [InlineData("""{"prompt":"p","chosen":"a","rejected":"b"}""", """{"prompt":"p","chosen":null,"rejected":"b"}""", "\"chosen\" is empty")]
    [InlineData("""{"prompt":"p","chosen":"a","rejected":"b"}""", """{"prompt":"p","chosen":7,"rejected":"b"}""", "found the number 7")]
    [InlineData(
        """{"prompt":"p","chosen":"a","rejected":"b"}""",
        """{"prompt":"p","chosen":"b","rejected":"b"}""",
        "chosen equals rejected"
    )]
    [InlineData("""{"prompt":"p","chosen":"a","rejected":"b"}""", """{"prompt":"p","completion":"b","label":true}""", "asks for Rating")]
    [InlineData("""{"prompt":"p","completions":["a"],"labels":[true]}""", """{"prompt":"p","completions":[],"labels":[]}""", "no steps")]
    [InlineData(
        """{"question":{"problem":"p"},"label":{"steps":[{"completions":[{"text":"a","rating":1}],"chosen_completion":0}],"finish_reason":"solution"}}""",
        """{"question":{"problem":"p"},"label":{"steps":[],"finish_reason":"give_up"}}""",
        "expected at least one step"
    )]
    [InlineData(
        """{"question":{"problem":"p"},"label":{"steps":[{"completions":[{"text":"a","rating":1}],"chosen_completion":0}],"finish_reason":"solution"}}""",
        """{"is_quality_control_question":true,"question":{"problem":"p"},"label":{"steps":[{"completions":[{"text":"a","rating":1}],"chosen_completion":0}],"finish_reason":"solution"}}""",
        "quality control"
    )]
    [InlineData(
        """{"winner":"tie","conversation_a":[{"role":"user","content":"x"},{"role":"assistant","content":"1"}],"conversation_b":[{"role":"user","content":"x"},{"role":"assistant","content":"2"}],"anony":true}""",
        """{"winner":"tie","conversation_a":[{"role":"user","content":"x"},{"role":"assistant","content":"1"}],"conversation_b":[{"role":"user","content":"x"},{"role":"assistant","content":"2"}],"anony":false}""",
        "names were shown"
    )]
    public void An_odd_row_is_left_out_and_the_others_are_read(string good, string odd, string reason)
    {
        foreach (
            var (rows, line) in new[]
            {
                ($"{good}\n{odd}\n{good.Replace("\"p\"", "\"q\"", StringComparison.Ordinal)}\n", "line 2"),
                ($"{odd}\n{good}\n{good}\n", "line 1"),
            }
        )
        {
            var read = Read(rows);
            var left = Assert.Single(read.LeftOut);
            Assert.Contains(reason, left.Reason, StringComparison.Ordinal);
            Assert.Equal((1, line), (left.Count, Assert.Single(left.Places)));
            Assert.Equal(2, read.Items.Sum(i => i.Labels.Length));
        }
    }

    [Fact]
    public void A_file_of_which_no_row_can_be_used_is_refused_with_its_errors()
    {
        var problem = Assert.Throws<Core.DataException>(() => Read("""{"prompt":"p","chosen":7,"rejected":"b"}""" + "\n"));
        Assert.Contains("line 1, field \"chosen\"", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_step_that_the_labeller_wrote_is_right_and_those_after_it_are_kept()
    {
        const string Row =
            """{"labeler":"lab-1","question":{"problem":"What is 2+3?"},"label":{"steps":[{"completions":[{"text":"First I add.","rating":1}],"human_completion":null,"chosen_completion":0},{"completions":[{"text":"2+3=6.","rating":-1}],"human_completion":{"text":"2+3=5.","rating":null,"source":"human","flagged":false},"chosen_completion":null},{"completions":[{"text":"So 5.","rating":0}],"human_completion":null,"chosen_completion":0}],"finish_reason":"solution"}}""";
        var read = Read(Row);
        Assert.Equal([1, 1, 0], ((StepsJudgement)Assert.Single(read.Items[0].Labels).Judgement).Ratings.Select(r => r!.Value));
        await using var test = await TestStore.OpenAsync("SQLite", read.Kind, read.Settings);
        await test.Store.Tasks.AddItemsAsync(null, test.Project.Id, read.Items, default);
        await test.Store.Snapshots.CreateAsync(test.Project.Id, test.File("s"), new SnapshotOptions { HeldOut = 0 }, default);
        var steps = Assert.Single(Data.Formats.DatasetFile.Read<StepLabels>(test.File("s/train.jsonl")).Items).Steps;
        Assert.Equal([("First I add.", 1.0), ("2+3=5.", 1.0), ("So 5.", 0.0)], steps.Select(s => (s.Text, s.Label)));
        var (rows, _) = await test.Store.Exports.RowsAsync(test.Project.Id, "prm800k", null, default);
        Assert.True(
            System.Text.Json.Nodes.JsonNode.DeepEquals(System.Text.Json.Nodes.JsonNode.Parse(Row), rows[0]),
            rows[0].ToJsonString()
        );
    }

    [Fact]
    public void Ranks_with_gaps_keep_their_order_and_deleted_replies_are_left_out_of_trees()
    {
        var read = Read(
            """{"message_tree_id":"t","tree_state":"ready_for_export","prompt":{"message_id":"t","text":"Hi","role":"prompter","replies":[{"message_id":"a","text":"a","role":"assistant","rank":7,"replies":[]},{"message_id":"b","text":"b","role":"assistant","rank":0,"replies":[]},{"message_id":"c","text":"c","role":"assistant","rank":3,"deleted":true,"replies":[]}]}}"""
                + "\n"
                + """{"message_tree_id":"u","tree_state":"aborted_low_grade","prompt":{"message_id":"u","text":"Hi","role":"prompter","replies":[]}}"""
        );
        Assert.Equal([2, 1], ((RankingJudgement)Assert.Single(Assert.Single(read.Items).Labels).Judgement).Ranks);
        Assert.Equal("a tree in the state aborted_low_grade, not ready for export", Assert.Single(read.LeftOut).Reason);
    }
}
