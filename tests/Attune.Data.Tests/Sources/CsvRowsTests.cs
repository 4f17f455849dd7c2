using Attune.Core;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Data.Formats;
using Attune.Testing;

namespace Attune.Data.Tests.Sources;

public sealed class CsvRowsTests
{
    [Theory]
    [InlineData("prompt,completion\nQ,A\n")]
    [InlineData("prompt;completion\r\nQ;A\r\n")]
    [InlineData("prompt\tcompletion\nQ\tA")]
    [InlineData("\"prompt\"|\"completion\"\n\n\"Q\"|\"A\"\n")]
    [InlineData(",prompt,completion\n0,Q,A\n")]
    [InlineData("\uFEFFprompt,completion\nQ,A\n")]
    public void Every_separator_gives_the_same_rows(string text) =>
        Assert.Equal([("Q", "A")], Answers("a.csv", System.Text.Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void Utf16_as_excel_writes_it_is_read()
    {
        byte[] stored = [0xff, 0xfe, .. System.Text.Encoding.Unicode.GetBytes("prompt\tcompletion\r\n\"zwölf\"\t\"Aal 🐟\"\r\n")];
        Assert.Equal([("zwölf", "Aal 🐟")], Answers("unicode.tsv", stored));
    }

    [Fact]
    public void Quoted_cells_hold_separators_quotes_and_line_breaks()
    {
        var text = "prompt,completion\n\"a, \"\"b\"\"\n\nc\",\"x\r\ny\"\nnext,5\" wide\n";
        Assert.Equal([("a, \"b\"\n\nc", "x\r\ny"), ("next", "5\" wide")], Answers("a.csv", System.Text.Encoding.UTF8.GetBytes(text)));
    }

    [Fact]
    public void Values_are_read_from_their_spelling()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("a.csv");
        File.WriteAllText(path, "prompt;chosen;rejected;margin\na;b;c;\"0,25\"\nd;e;f;\n");
        Assert.Equal([0.25, null], DatasetFile.Read<Preference>(path).Items.Select(p => p.Margin));

        File.WriteAllText(path, "prompt,completion,label\na,b,True\nc,d,0\ne,f,1.0\n");
        Assert.Equal([true, false, true], DatasetFile.Read<Verdict>(path).Items.Select(v => v.Desirable));

        File.WriteAllText(path, "prompt,answers,best\na,\"[\"\"x\"\", \"\"y\"\"]\",1\nb,\"['it''s', 'z']\",0.0\n".Replace("it''s", "its"));
        var choices = DatasetFile.Read<Choice>(path).Items;
        Assert.Equal([1, 0], choices.Select(c => c.Best));
        Assert.Equal(["its", "z"], choices[1].Answers);
    }

    [Theory]
    [InlineData("[{\"role\": \"user\", \"content\": \"It's\"}, {\"role\": \"assistant\", \"content\": \"so\\nbe it\"}]")]
    [InlineData("[{'role': 'user', 'content': \"It's\"}, {'role': 'assistant', 'content': 'so\\nbe it'}]")]
    [InlineData("[{'role': 'user', 'content': \"It's\"}\n {'role': 'assistant', 'content': 'so\\nbe it'}]")]
    [InlineData("array([{'content': 'It\\'s', 'role': 'user'}, {'content': 'so\\x0abe it', 'role': 'assistant'}], dtype=object)")]
    public void Conversations_are_read_as_json_and_as_python_prints_them(string cell)
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("a.csv");
        File.WriteAllText(path, $"messages\n\"{cell.Replace("\"", "\"\"", StringComparison.Ordinal)}\"\n");
        var only = Assert.Single(DatasetFile.Read<Demonstration>(path).Items);
        Assert.Equal("It's", Assert.Single(Assert.IsType<Prompt.Chat>(only.Prompt).Messages).Content);
        Assert.Equal("so\nbe it", only.Answer);
    }

    [Fact]
    public void A_text_that_looks_like_a_list_stays_a_text() =>
        Assert.Equal([("sort [2, 1]", "[1, 2]")], Answers("a.csv", "prompt,completion\n\"sort [2, 1]\",\"[1, 2]\"\n"u8.ToArray()));

    [Fact]
    public void An_empty_cell_is_left_out_and_counted()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("a.csv");
        File.WriteAllText(path, "prompt,completion\na,b\nc,\n");
        var data = DatasetFile.Read<Demonstration>(path);
        Assert.Single(data.Items);
        Assert.Equal(["1 left out: \"completion\" is empty"], data.Dropped.Select(d => d.ToString()));
    }

    [Theory]
    [InlineData("prompt,completion\na,b\nc\n", "line 3: found 1 cells; expected 2")]
    [InlineData("prompt,completion\n\"a\n\",b\nc,d,e\n", "line 4: found 3 cells; expected 2")]
    [InlineData("prompt,completion\na,\"b\n", "line 2: a quoted cell does not end")]
    [InlineData("prompt,prompt\na,b\n", "line 1, field \"prompt\": names two columns")]
    [InlineData("prompt,completion\n", "found a header without rows")]
    [InlineData("", "the file is empty")]
    public void What_is_wrong_is_said_with_its_line(string text, string message)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("a.csv"), text);
        var problem = Assert.Throws<DataException>(() => DatasetFile.Read<Demonstration>(folder.File("a.csv")));
        Assert.Contains(message, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_in_another_encoding_are_named_with_their_line()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder.File("a.csv"), [.. "prompt,completion\nM"u8, 0xfc, .. "nchen,b\n"u8]);
        var problem = Assert.Throws<DataException>(() => DatasetFile.Read<Demonstration>(folder.File("a.csv")));
        Assert.Contains("line 2: found bytes that are neither UTF-8", problem.Message, StringComparison.Ordinal);
    }

    private static IEnumerable<(string, string)> Answers(string name, byte[] content)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder.File(name), content);
        return [.. DatasetFile.Read<Demonstration>(folder.File(name)).Items.Select(d => (d.Prompt.Key, d.Answer))];
    }
}
