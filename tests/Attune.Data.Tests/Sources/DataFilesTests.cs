using System.IO.Compression;
using Attune.Core;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Data.Formats;
using Attune.Testing;
using ZstdSharp;

namespace Attune.Data.Tests.Sources;

public sealed class DataFilesTests
{
    private const string Row = "{\"prompt\": \"a\", \"completion\": \"b\"}\n";

    [Fact]
    public void A_folder_is_its_files_in_the_order_of_their_names()
    {
        using var folder = new TemporaryFolder();
        Write(folder, "b.jsonl", Row.Replace("\"b\"", "\"2\"", StringComparison.Ordinal));
        Write(folder, "deep/a.jsonl", Row.Replace("\"b\"", "\"3\"", StringComparison.Ordinal));
        Write(folder, "a.jsonl", Row.Replace("\"b\"", "\"1\"", StringComparison.Ordinal));
        Write(folder, "README.md", "about");
        var data = DatasetFile.Read<Demonstration>(folder.Path);
        Assert.Equal(["1", "2", "3"], data.Items.Select(d => d.Answer));
        Assert.Contains("3 files are read", data.Notes);
    }

    [Fact]
    public void Of_the_splits_of_a_data_set_train_is_read_and_the_others_are_named()
    {
        using var folder = new TemporaryFolder();
        Write(folder, "data/train-00001-of-00002.jsonl", Row.Replace("\"b\"", "\"2\"", StringComparison.Ordinal));
        Write(folder, "data/train-00000-of-00002.jsonl", Row.Replace("\"b\"", "\"1\"", StringComparison.Ordinal));
        Write(folder, "data/test-00000-of-00001.jsonl", Row);
        var data = DatasetFile.Read<Demonstration>(folder.Path);
        Assert.Equal(["1", "2"], data.Items.Select(d => d.Answer));
        var note = Assert.Single(data.Notes, n => n.StartsWith("the split test is not read", StringComparison.Ordinal));
        var pattern = note[(note.LastIndexOf(' ') + 1)..];
        Assert.Equal(["b"], DatasetFile.Read<Demonstration>(pattern).Items.Select(d => d.Answer));
    }

    [Fact]
    public void Splits_without_train_and_files_of_several_kinds_are_refused()
    {
        using var folder = new TemporaryFolder();
        Write(folder, "train_sft.jsonl", Row);
        Write(folder, "train_prefs.jsonl", Row);
        Assert.Contains("splits train_prefs, train_sft; name one", Problem(folder.Path), StringComparison.Ordinal);

        using var copies = new TemporaryFolder();
        Write(copies, "a.jsonl", Row);
        Write(copies, "a.csv", "prompt,completion\na,b\n");
        Assert.Contains("several kinds (Csv, Json)", Problem(copies.Path), StringComparison.Ordinal);

        using var empty = new TemporaryFolder();
        Assert.Contains("holds no data files", Problem(empty.Path), StringComparison.Ordinal);
    }

    [Fact]
    public void Errors_in_a_folder_name_the_file()
    {
        using var folder = new TemporaryFolder();
        Write(folder, "a.jsonl", Row);
        Write(folder, "b.jsonl", Row + "{\"prompt\": 1, \"completion\": \"b\"}\n");
        Assert.StartsWith(
            $"{folder.File("b.jsonl")}, line 2, field \"prompt\": found the number 1",
            Problem(folder.Path),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Each_text_of_a_folder_is_a_document_and_a_single_text_is_divided()
    {
        using var folder = new TemporaryFolder();
        Write(folder, "a.txt", "first\n\nstill the first\n");
        Write(folder, "b.txt", "second");
        Assert.Equal(["first\n\nstill the first", "second"], DatasetFile.Read<Document>(folder.Path).Items.Select(d => d.Text));
        Assert.Equal(["first", "still the first"], DatasetFile.Read<Document>(folder.File("a.txt")).Items.Select(d => d.Text));
    }

    [Fact]
    public void Packed_files_are_read_by_their_content()
    {
        using var folder = new TemporaryFolder();
        using (var packed = new GZipStream(File.Create(folder.File("a.csv.gz")), CompressionLevel.Fastest))
        {
            packed.Write("prompt,completion\na,gz\n"u8);
        }

        using (var file = File.Create(folder.File("a.jsonl.zst")))
        using (var packed = new CompressionStream(file))
        {
            packed.Write("{\"prompt\": \"a\", \"completion\": \"zst\"}\n"u8);
        }

        Assert.Equal("gz", DatasetFile.Read<Demonstration>(folder.File("a.csv.gz")).Items[0].Answer);
        Assert.Equal("zst", DatasetFile.Read<Demonstration>(folder.File("a.jsonl.zst")).Items[0].Answer);

        File.WriteAllBytes(folder.File("cut.jsonl.zst"), File.ReadAllBytes(folder.File("a.jsonl.zst"))[..^6]);
        Assert.Contains("not a whole Zstandard file", Problem(folder.File("cut.jsonl.zst")), StringComparison.Ordinal);
        File.WriteAllText(folder.File("plain.jsonl.zst"), Row);
        Assert.Contains("not a whole Zstandard file", Problem(folder.File("plain.jsonl.zst")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a.parquet", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "Git LFS pointer")]
    [InlineData("a.parquet", "<!doctype html>", "not a Parquet file")]
    [InlineData("a.arrow", "nothing", "not a Arrow file")]
    [InlineData("a.csv", "PK\u0003\u0004xxxx", "Excel workbook")]
    public void What_stands_in_a_files_place_is_named(string name, string content, string message)
    {
        using var folder = new TemporaryFolder();
        Write(folder, name, content);
        Assert.Contains(message, Problem(folder.File(name)), StringComparison.Ordinal);
    }

    [Fact]
    public void Columns_stand_for_fields_by_a_map()
    {
        using var folder = new TemporaryFolder();
        Write(folder, "a.jsonl", "{\"question\": \"q\", \"good\": \"g\", \"bad\": \"b\", \"prompt\": \"other\"}\n");
        var map = DatasetFile.Columns("prompt=question, chosen=good,rejected=bad");
        var pair = Assert.Single(DatasetFile.Read<Preference>(folder.File("a.jsonl"), map).Items);
        Assert.Equal(("q", "g", "b"), (pair.Prompt.Key, pair.Chosen, pair.Rejected));

        // A file of prompts has no answers.
        Write(folder, "prompts.jsonl", "{\"question\": \"q\"}\n");
        Assert.Equal("q", Assert.Single(DatasetFile.Read<Prompt>(folder.File("prompts.jsonl"), map).Items).Key);
    }

    [Theory]
    [InlineData("prompt", "found 'prompt'; expected FIELD=COLUMN pairs")]
    [InlineData("prompt=a,prompt=b", "'prompt' is given twice")]
    [InlineData("prompt=a,completion=a", "the column 'a' is given to two fields")]
    [InlineData("promt=a", "'promt' is not a field. Did you mean 'prompt'?")]
    public void A_map_that_is_none_is_refused(string map, string message) =>
        Assert.Contains(message, Assert.Throws<ConfigurationException>(() => DatasetFile.Columns(map)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("prompt=question,completion=repyl", "no column 'repyl'")]
    [InlineData("prompt=x,completion=y", "The file has question, reply.")]
    public void A_column_that_is_not_there_is_named(string map, string message)
    {
        using var folder = new TemporaryFolder();
        Write(folder, "a.jsonl", "{\"question\": \"q\", \"reply\": \"r\"}\n");
        var columns = DatasetFile.Columns(map);
        var problem = Assert.Throws<DataException>(() => DatasetFile.Read<Demonstration>(folder.File("a.jsonl"), columns));
        Assert.Contains(message, problem.Message, StringComparison.Ordinal);
    }

    private static string Problem(string path) => Assert.Throws<DataException>(() => DatasetFile.Read<Demonstration>(path)).Message;

    private static void Write(TemporaryFolder folder, string name, string content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(folder.File(name))!);
        File.WriteAllText(folder.File(name), content);
    }
}
