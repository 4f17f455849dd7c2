using Attune.Core;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Data.Formats;
using Attune.Testing;

namespace Attune.Data.Tests.Formats;

public sealed class SpanRowsTests
{
    [Fact]
    public void Marked_answers_are_written_and_read()
    {
        using var folder = new TemporaryFolder();
        var label = new SpanLabels(new Prompt.Text("p"), "a 😀 bad end", [new(4, 7, "Bad")])
        {
            Missing = [new("Missing-Film", null, [])],
            Annotator = "kim",
        };
        DatasetFile.Write(folder.File("s.jsonl"), [label]);
        Assert.Equal(DatasetKind.Spans, DatasetFile.Detect(folder.File("s.jsonl")));
        var read = DatasetFile.Read<SpanLabels>(folder.File("s.jsonl")).Items[0];
        Assert.Equal((label.Answer, "kim", label.Missing[0]), (read.Answer, read.Annotator, read.Missing[0]));
        Assert.Equal(label.Spans, read.Spans);
    }

    [Fact]
    public void A_span_beyond_the_answer_is_told_with_line_and_field()
    {
        using var folder = new TemporaryFolder();
        folder.WriteText("s.jsonl", """{"prompt": "p", "answer": "abc", "spans": [{"start": 1, "end": 9, "type": "Bad"}]}""" + "\n");
        var problem = Assert.Throws<DataException>(() => DatasetFile.Read<SpanLabels>(folder.File("s.jsonl")));
        Assert.Contains(
            "line 1, field \"spans[0]\": found 1 to 9; expected places within the answer's 3",
            problem.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Rows_of_QA_Feedback_are_read_as_they_are()
    {
        using var folder = new TemporaryFolder();
        folder.WriteText(
            "qa.json",
            """
            [{"question": "When?", "passages": [["t", "s"]], "gold": "g", "prediction 1": "In May. Not June.", "prediction 2": "x",
              "feedback": {"errors": [{"error type": "Irrelevant", "explanation": "", "start": 8, "end": 17}],
                           "missing-info": [{"error type": "Missing-Answer", "passage_id": 0, "sentence_id": [1]}],
                           "corrected-prediction": "In May."}, "preference": [0, 1]}]
            """
        );
        var row = DatasetFile.Read<SpanLabels>(folder.File("qa.json")).Items[0];
        Assert.Equal(("question: When?\nanswer: ", "In May. Not June."), (row.Prompt.Key, row.Answer));
        Assert.Equal([new AnswerSpan(8, 17, "Irrelevant")], row.Spans);
        Assert.Equal("Missing-Answer", row.Missing[0].Type);
    }
}
