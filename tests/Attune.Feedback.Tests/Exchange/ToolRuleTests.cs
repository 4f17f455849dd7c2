using Attune.Core.Conversations;
using Attune.Feedback.Exchange;
using Attune.Feedback.Formats;
using Attune.Feedback.Labels;
using Attune.Testing;

namespace Attune.Feedback.Tests.Exchange;

/// <summary>The rules of annotation tools' files, on small files of our own.</summary>
public sealed class ToolRuleTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private ImportFile Read(string rows, ImportOptions? options = null, string name = "in.json") =>
        ImportFile.Read(_folder.WriteText(name, rows), options ?? new ImportOptions());

    private static string Task(string data, string results, string more = "") =>
        $$"""[{"id":1,"annotations":[{"id":7,"completed_by":{"id":3,"email":"ann@example.org"},"result":[{{results}}],"was_cancelled":false,"lead_time":1.5}],"data":{{data}}{{more}}}]""";

    private static string Covered(ImportFile read) =>
        string.Join(
            "|",
            read.Items.SelectMany(i =>
                i.Labels.SelectMany(l => ((SpansJudgement)l.Judgement).Spans)
                    .Select(s => CodePoints.Slice(i.Content.Candidates[0].Text, s.Start, s.End))
            )
        );

    [Theory]
    [InlineData(4, 10, "TARGET")] // code points
    [InlineData(5, 11, "TARGET")] // UTF-16, as versions of 2021 wrote
    public void Label_Studios_unit_is_the_one_that_covers_the_text_beside_it(int start, int end, string text)
    {
        var value = $$$"""{"start":{{{start}}},"end":{{{end}}},"text":"{{{text}}}","labels":["Error"]}""";
        var read = Read(
            Task("""{"text":"a😀b TARGET"}""", $$"""{"id":"x","from_name":"l","to_name":"text","type":"labels","value":{{value}}}""")
        );
        Assert.Equal("TARGET", Covered(read));
    }

    [Fact]
    public void Pages_are_marked_in_their_rendered_text()
    {
        var read = Read(
            Task(
                """{"html":"<p>a &amp; <b>bold</b>\r\nend</p>"}""",
                """{"id":"x","from_name":"l","to_name":"html","type":"hypertextlabels","value":{"start":"/p[1]/b[1]/text()[1]","end":"/p[1]/b[1]/text()[1]","startOffset":0,"endOffset":4,"globalOffsets":{"start":4,"end":8},"hypertextlabels":["Error"]}}"""
            )
        );
        Assert.Equal("a & bold\nend", read.Items[0].Content.Candidates[0].Text);
        Assert.Equal("bold", Covered(read));
    }

    [Theory]
    [InlineData("answer_b", Pick.Second)]
    [InlineData("A is better", Pick.First)]
    [InlineData("B", Pick.Second)]
    [InlineData("right", Pick.Second)]
    [InlineData("tie", Pick.Tie)]
    [InlineData("About equal", Pick.Tie)]
    public void Choices_that_name_an_answer_are_comparisons_in_tasks_and_in_tables(string choice, Pick pick)
    {
        const string Data = """{"id":"own","source":"set-a","prompt":"p","answer_a":"x","answer_b":"y"}""";
        var result = $$$"""{"id":"x","from_name":"best","to_name":"prompt","type":"choices","value":{"choices":["{{{choice}}}"]}}""";
        var table =
            "annotation_id,annotator,answer_a,answer_b,best,created_at,id,lead_time,prompt,source\n7,3,x,y,"
            + choice
            + ",2026-01-01,own,2,p,set-a\n";
        foreach (var read in new[] { Read(Task(Data, result)), Read(table, name: "in.csv") })
        {
            var label = Assert.Single(Assert.Single(read.Items).Labels);
            Assert.Equal(pick, ((ComparisonJudgement)label.Judgement).Pick);
            Assert.Equal("label-studio:7", label.Source!.Key);
        }
    }

    [Fact]
    public void A_configuration_tells_which_answer_is_left()
    {
        const string Data = """{"q":"p","one":"x","two":"y","three":"z"}""";
        const string Result = """{"id":"x","from_name":"better","to_name":"better","type":"pairwise","value":{"selected":"left"}}""";
        var problem = Assert.Throws<Core.DataException>(() => Read(Task(Data, Result)));
        Assert.Contains("labelling configuration", problem.Message, StringComparison.Ordinal);
        var file = _folder.WriteText(
            "config.xml",
            """<View><Text name="h" value="$q"/><Pairwise name="better" toName="second,first"/><Text name="first" value="$one"/><Text name="second" value="$three"/></View>"""
        );
        var item = Assert.Single(Read(Task(Data, Result), new ImportOptions { Configuration = file }).Items);
        Assert.Equal(["z", "x"], item.Content.Candidates.Select(c => c.Text));
        Assert.Equal(
            ("p", Pick.First),
            (((Prompt.Text)item.Content.Prompt).Value, ((ComparisonJudgement)Assert.Single(item.Labels).Judgement).Pick)
        );
    }

    [Fact]
    public void Doccanos_projects_that_count_graphemes_are_read_by_option()
    {
        const string Row = """{"id":1,"text":"A👩‍💼 🇫🇷 TARGET\r\nend","label":[[5,11,"Error"]],"Comments":[]}""";
        var read = Read(Row, new ImportOptions { Offsets = OffsetUnit.Graphemes }, "x.ann.jsonl");
        Assert.Equal("TARGET", Covered(read));
        Assert.Equal("ann", read.Items[0].Labels[0].Annotator);
        Assert.Contains(read.Notes, n => n.Contains("grapheme clusters", StringComparison.Ordinal));
        // Where people share annotations, nobody is named.
        Assert.Null(Read(Row, new ImportOptions { Offsets = OffsetUnit.Graphemes }, "all.jsonl").Items[0].Labels[0].Annotator);
        var inside = Read(
            Row.Replace("[5,11", "[2,3", StringComparison.Ordinal) + "\n" + Row.Replace("[5,11", "[0,1", StringComparison.Ordinal),
            name: "y.jsonl"
        );
        Assert.Contains("counted in UTF-16 units", Assert.Single(inside.LeftOut).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_text_question_whose_answers_mention_a_tie_is_still_a_text()
    {
        var read = Read(
            """{"id":"r","fields":{"prompt":"p","reply_1":"a","reply_2":"b"},"responses":{"why":[{"value":"the same","user_id":"u1"},{"value":"I like its tone","user_id":"u2"}],"best":[{"value":"reply_2","user_id":"u1"}]}}"""
        );
        Assert.Equal(Pick.Second, ((ComparisonJudgement)Assert.Single(read.Items[0].Labels).Judgement).Pick);
    }
}
