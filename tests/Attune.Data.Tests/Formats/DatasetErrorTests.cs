using Attune.Core;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Data.Formats;
using Attune.Testing;

namespace Attune.Data.Tests.Formats;

/// <summary>Every mistake gives one message that names the file, the line, the field, what was found and what was expected.</summary>
public sealed class DatasetErrorTests
{
    private const string Good = """{"prompt": "a", "chosen": "b", "rejected": "c"}""";

    [Theory]
    [InlineData("""{"prompt": "a", "chosen": "b", "rejected": 5}""", "line 2, field \"rejected\": found the number 5; expected a text.")]
    [InlineData("""{"prompt": "a", "chosen": "b"}""", "line 2, field \"rejected\": missing; expected a text.")]
    [InlineData("""{"prompt": "a", "choosen": "b", "rejected": "c"}""", "Did you mean 'chosen', which is missing?")]
    [InlineData(
        """{"prompt": "a", "chosen": "b", "rejected": "c", "margin": "big"}""",
        "line 2, field \"margin\": found a text; expected a finite number."
    )]
    [InlineData("""{"prompt": "a", "chosen": "b", "rejected": "c", "margin": 1e999}""", "line 2, field \"margin\"")]
    [InlineData("""{"chosen": "a b", "rejected": "a c", "reference": "a d"}""", "line 2, field \"reference\": found without a prompt")]
    [InlineData("""{"prompt": "a", "chosen": "b", "chosen": "b", "rejected": "c"}""", "field \"chosen\": appears twice")]
    [InlineData("""{"prompt": "a", "chosen": "\ud83d", "rejected": "c"}""", "line 2, field \"chosen\": found half a character")]
    [InlineData(
        """{"prompt": "a", "chosen": "b", "rejected": "c", "cut": ["better"]}""",
        "line 2, field \"cut[0]\": found a text; expected \"chosen\" or \"rejected\"."
    )]
    [InlineData("""{"prompt": "a", "chosen": "b", "rejected": "c", "cut": true}""", "field \"cut\": found true; expected a list.")]
    [InlineData("""{"prompt": "a", "chosen": "b", "reje""", "line 2: not valid JSON at character")]
    [InlineData("""["a"]""", "line 2: found a list of 1; expected an object")]
    [InlineData(
        """{"prompt": [], "chosen": [], "rejected": []}""",
        "line 2, field \"prompt\": found a list of 0; expected a list of messages"
    )]
    [InlineData(
        """{"prompt": [{"role":"alien","content":"x"}], "chosen": [{"role":"assistant","content":"x"}], "rejected": [{"role":"assistant","content":"y"}]}""",
        "field \"prompt[0].role\": found 'alien'; expected one of system, user, assistant, tool."
    )]
    [InlineData(
        """{"prompt": [{"role":"user","content":"x"}], "chosen": "y", "rejected": "z"}""",
        "field \"chosen\": found a text, but the prompt is a conversation"
    )]
    [InlineData(
        """{"prompt": [{"role":"user","content":"x"}], "chosen": [{"role":"user","content":"y"}], "rejected": [{"role":"assistant","content":"z"}]}""",
        "field \"chosen\": the last message is by user; expected assistant"
    )]
    public void A_bad_row_is_named_by_line_and_field(string row, string expected)
    {
        var message = Fails<Preference>(Good + "\n" + row + "\n" + Good);
        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.Contains("line 2", message, StringComparison.Ordinal);
        Assert.StartsWith("a.jsonl", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Judged_rows_are_checked_against_themselves()
    {
        Assert.Contains(
            "found 2; expected the index of an answer, 0 to 1",
            Fails<Choice>("""{"prompt": "a", "answers": ["b", "c"], "best": 2}"""),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "at least two answers",
            Fails<Choice>("""{"prompt": "a", "answers": ["b"], "best": 0}"""),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "found 1 ranks for 2 answers",
            Fails<Ranking>("""{"prompt": "a", "answers": ["b", "c"], "ranks": [1]}"""),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "expected ranks from 1",
            Fails<Ranking>("""{"prompt": "a", "answers": ["b", "c"], "ranks": [0, 1]}"""),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "found 1 labels for 2 completions",
            Fails<StepLabels>("""{"prompt": "a", "completions": ["b", "c"], "labels": [true]}"""),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "found 2; expected true, false, or a number from -1",
            Fails<StepLabels>("""{"prompt": "a", "completions": ["b"], "labels": [2]}"""),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "expected at least one step",
            Fails<StepLabels>("""{"prompt": "a", "completions": [], "labels": []}"""),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "field \"label\": found the number 1; expected true or false",
            Fails<Verdict>("""{"prompt": "a", "completion": "b", "label": 1}"""),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "at least a question and an answer",
            Fails<Demonstration>("""{"messages": [{"role":"assistant","content":"x"}]}"""),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Ten_errors_are_told_and_the_rest_counted()
    {
        var message = Fails<Prompt>(string.Join('\n', Enumerable.Repeat("""{"prompt": 1}""", 25)));
        Assert.Contains("has 25 errors; the first 10:", message, StringComparison.Ordinal);
        Assert.Contains("line 10, field", message, StringComparison.Ordinal);
        Assert.DoesNotContain("line 11", message, StringComparison.Ordinal);
        Assert.Contains("and 15 more.", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Rows_of_another_kind_are_named_once()
    {
        Assert.Equal(
            "a.jsonl: found prompt-completion rows {prompt, completion}; expected preference rows {prompt, chosen, rejected}.",
            Fails<Preference>("""{"prompt": "a", "completion": "b"}""")
        );
        Assert.Contains(
            "expected \"text\"",
            Fails<Document>("""{"messages": [{"role":"user","content":"x"}]}"""),
            StringComparison.Ordinal
        );
        Assert.Contains("expected \"prompt\" and \"completion\"", Fails<Demonstration>("""{"text": "x"}"""), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "the file is empty")]
    [InlineData(" \n\r\n", "the file is empty")]
    [InlineData("[]", "the array is empty")]
    [InlineData("[{\"prompt\": \"a\"},\n{\"prompt\": 3}]", "a.jsonl, line 2, field \"prompt\"")]
    [InlineData("[{\"prompt\": \"a\"},\n", "line 2: not valid JSON")]
    [InlineData("[{\"prompt\": \"a\"}] x", "line 1: not valid JSON")]
    [InlineData("prompt,completion\na,b", "line 1: not valid JSON at character 1")]
    public void A_file_that_is_no_data_file_says_why(string content, string expected) =>
        Assert.Contains(expected, Fails<Prompt>(content), StringComparison.Ordinal);

    [Fact]
    public void Fields_that_fit_no_kind_are_listed_with_the_kinds_there_are()
    {
        using var folder = new TemporaryFolder();
        var path = folder.WriteText("a.jsonl", """{"left": "a", "right": "b"}""");
        var message = Assert.Throws<DataException>(() => DatasetFile.Detect(path)).Message;
        Assert.Contains("the fields left, right fit no kind of row", message, StringComparison.Ordinal);
        Assert.Contains("{prompt, chosen, rejected}", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_that_are_not_utf8_are_named_by_line()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder.File("a.jsonl"), [.. "{\"prompt\": \"a\"}\n{\"prompt\": \""u8, 0xe9, .. "\"}\n"u8]);
        Assert.Contains(
            "line 2: found bytes that are not UTF-8",
            Assert.Throws<DataException>(() => DatasetFile.Read<Prompt>(folder.File("a.jsonl"))).Message,
            StringComparison.Ordinal
        );
        File.WriteAllBytes(folder.File("a.txt"), [0xe9, 0x0a]);
        Assert.Contains(
            "not UTF-8",
            Assert.Throws<DataException>(() => DatasetFile.Read<Document>(folder.File("a.txt"))).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Packed_files_cut_short_are_found_out_wherever_they_end()
    {
        using var folder = new TemporaryFolder();
        DatasetFile.Write(folder.File("whole.jsonl.gz"), Enumerable.Range(0, 200).Select(i => new Document($"text {i * 7919 % 1009}")));
        var whole = File.ReadAllBytes(folder.File("whole.jsonl.gz"));
        Assert.Equal(200, DatasetFile.Read<Document>(folder.File("whole.jsonl.gz")).Items.Length);
        for (var length = 0; length < whole.Length; length += 7)
        {
            File.WriteAllBytes(folder.File("cut.jsonl.gz"), whole[..length]);
            Assert.Contains(
                "cut.jsonl.gz",
                Assert.Throws<DataException>(() => DatasetFile.Read<Document>(folder.File("cut.jsonl.gz"))).Message,
                StringComparison.Ordinal
            );
        }

        folder.WriteText("plain.jsonl.gz", Good);
        Assert.Contains(
            "not a whole gzip file",
            Assert.Throws<DataException>(() => DatasetFile.Read<Preference>(folder.File("plain.jsonl.gz"))).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Missing_files_and_folders_are_named()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains(
            "absent.jsonl: no such file",
            Assert.Throws<DataException>(() => DatasetFile.Read<Prompt>(folder.File("absent.jsonl"))).Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "holds no data files",
            Assert.Throws<DataException>(() => DatasetFile.Read<Prompt>(folder.Path)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void What_no_file_can_hold_is_not_written()
    {
        using var folder = new TemporaryFolder();
        var path = folder.WriteText("a.jsonl", "old");
        Assert.Contains(
            "row 2 cannot be written",
            Assert.Throws<DataException>(() => DatasetFile.Write(path, [new Document("fine"), new Document("half \ud83d")])).Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "row 1",
            Assert
                .Throws<DataException>(() => DatasetFile.Write(path, [new Preference(new Prompt.Text("a"), "b", "c", double.NaN)]))
                .Message,
            StringComparison.Ordinal
        );
        Assert.Equal("old", File.ReadAllText(path));
    }

    private static string Fails<T>(string content)
    {
        using var folder = new TemporaryFolder();
        var path = folder.WriteText("a.jsonl", content);
        return Assert.Throws<DataException>(() => DatasetFile.Read<T>(path)).Message.Replace(path, "a.jsonl", StringComparison.Ordinal);
    }
}
