using System.Text.Json;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Data.Formats;
using Attune.Data.Sources;
using Attune.Testing;

namespace Attune.Data.Tests.Sources;

/// <summary>Tables as datasets, pandas, Excel and distilabel write them, against their content as those programs read it.</summary>
public sealed class ExportedTablesTests
{
    private static readonly string[] Index = ["__index_level_0__", "Unnamed: 0 (header is empty)"];

    public static TheoryData<string> Tables =>
        [
            "classlabel.parquet",
            "conversational.parquet",
            "kto.parquet",
            "large-string-dictionary.parquet",
            "messages-tools.parquet",
            "messages-typed-content.parquet",
            "nested-nulls-snappy.parquet",
            "nested-nulls-zstd-3groups.parquet",
            "pandas-index.parquet",
            "pandas-rangeindex.parquet",
            "strings.parquet",
            "strings.jsonl",
            "saved-dict/train",
            "saved-dict/test",
            "saved-dict",
            "sharded/data",
            "sharded/data/test-*.parquet",
        ];

    [Theory]
    [MemberData(nameof(Tables))]
    public void A_table_holds_what_its_own_program_reads(string name)
    {
        var rows = Read($"exports/hf-datasets/{name}");
        var expected = Expected(
            "hf-datasets",
            name switch
            {
                "saved-dict" => "saved-dict/train",
                "sharded/data" => "sharded/data/train",
                "sharded/data/test-*.parquet" => "sharded/data/test",
                _ => name,
            }
        );
        Assert.Equal(expected.Length, rows.Length);
        Assert.All(expected.Zip(rows), pair => Same(pair.First, pair.Second, "row", spelt: false));
    }

    [Fact]
    public void Classes_have_the_names_that_datasets_gave_them() =>
        Assert.Equal(
            ["bad", "good"],
            RowSource
                .Read(SharedData.Require("exports/hf-datasets/classlabel.parquet"), new RowProblems("classlabel.parquet"))
                .Rows[0]
                .Origin.Classes["label"]
        );

    [Theory]
    [InlineData("strings.csv")]
    [InlineData("pandas-index.csv")]
    [InlineData("excel-bom-semicolon.csv")]
    public void Cells_of_text_spell_what_their_own_program_reads(string name)
    {
        var rows = Read($"exports/hf-datasets/{name}");
        var expected = Expected("hf-datasets", name);
        Assert.Equal(expected.Length, rows.Length);
        Assert.All(expected.Zip(rows), pair => Same(pair.First, pair.Second, "row", spelt: true));
    }

    [Theory]
    [InlineData("sft.parquet", "sft")]
    [InlineData("dpo-text.parquet", "dpo-text")]
    [InlineData("dpo-text.jsonl", "dpo-text")]
    public void Distilabel_tables_hold_what_was_written(string name, string key)
    {
        var rows = Read($"exports/distilabel/{name}");
        Assert.All(Expected("distilabel", key).Zip(rows), pair => Same(pair.First, pair.Second, "row", spelt: false));
    }

    [Theory]
    [InlineData("hf-datasets/strings.parquet", "hf-datasets/strings.csv")]
    [InlineData("hf-datasets/strings.parquet", "hf-datasets/strings.jsonl")]
    [InlineData("hf-datasets/pandas-index.parquet", "hf-datasets/pandas-index.csv")]
    [InlineData("hf-datasets/strings.parquet", "hf-datasets/excel-bom-semicolon.csv")]
    public void Copies_in_other_formats_are_the_same_preferences(string first, string second)
    {
        var one = DatasetFile.Read<Preference>(SharedData.Require("exports/" + first));
        var other = DatasetFile.Read<Preference>(SharedData.Require("exports/" + second));
        Assert.NotEmpty(one.Items);
        Assert.Equal(one.Items.Select(Line), other.Items.Select(Line));
    }

    [Theory]
    [InlineData("hf-datasets/conversational.parquet", DatasetKind.Preference)]
    [InlineData("hf-datasets/kto.parquet", DatasetKind.UnpairedPreference)]
    [InlineData("hf-datasets/messages-typed-content.parquet", DatasetKind.LanguageModeling)]
    [InlineData("hf-datasets/messages-tools.parquet", DatasetKind.LanguageModeling)]
    [InlineData("hf-datasets/large-string-dictionary.parquet", DatasetKind.Preference)]
    [InlineData("hf-datasets/nested-nulls-zstd-3groups.parquet", DatasetKind.Preference)]
    [InlineData("hf-datasets/saved-dict", DatasetKind.Preference)]
    [InlineData("hf-datasets/sharded", DatasetKind.Preference)]
    [InlineData("distilabel/dpo-text.parquet", DatasetKind.Preference)]
    public void Every_row_is_a_record_or_is_left_out_for_a_reason(string name, DatasetKind kind)
    {
        var path = SharedData.Require("exports/" + name);
        Assert.Equal(kind, DatasetFile.Detect(path));
        var rows = Read("exports/" + name).Length;
        var (items, dropped) = kind switch
        {
            DatasetKind.Preference => Counts(DatasetFile.Read<Preference>(path)),
            DatasetKind.UnpairedPreference => Counts(DatasetFile.Read<Verdict>(path)),
            _ => Counts(DatasetFile.Read<Demonstration>(path)),
        };
        Assert.True(items > 0);
        Assert.Equal(rows, items + dropped);
    }

    [Fact]
    public void Distilabel_instructions_are_demonstrations_with_their_system_prompt()
    {
        var items = DatasetFile.Read<Demonstration>(SharedData.Require("exports/distilabel/sft.parquet")).Items;
        Assert.Equal(10, items.Length);
        var asked = Assert.IsType<Prompt.Chat>(items[0].Prompt).Messages;
        Assert.Equal(["Be brief.", "How do I keep basil alive indoors?"], asked.Select(m => m.Content));
    }

    private static (int Items, int Dropped) Counts<T>(LoadedData<T> data) => (data.Items.Length, data.Dropped.Sum(d => d.Count));

    private static string Line(Preference pair) => $"{pair.Prompt.Key}|{pair.Chosen}|{pair.Rejected}|{pair.Margin}";

    private static JsonElement[] Read(string name)
    {
        // A pattern is no file, but its folder is one.
        var path = name.Contains('*', StringComparison.Ordinal)
            ? Path.Combine(SharedData.Require(Path.GetDirectoryName(name)!), Path.GetFileName(name))
            : SharedData.Require(name);
        var problems = new RowProblems(path);
        var source = RowSource.Read(path, problems);
        problems.Throw();
        return [.. source.Rows.Select(r => r.Fields)];
    }

    private static JsonElement[] Expected(string folder, string name)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(SharedData.Require($"exports/{folder}/expected.json")));
        return [.. document.RootElement.GetProperty(name).GetProperty("content").EnumerateArray().Select(e => e.Clone())];
    }

    /// <param name="spelt">Whether the file's values are spelt as texts, empty ones as null.</param>
    private static void Same(JsonElement expected, JsonElement found, string place, bool spelt)
    {
        switch (expected.ValueKind)
        {
            case JsonValueKind.Object:
                var names = expected.EnumerateObject().Select(f => f.Name).Where(n => !Index.Contains(n)).ToArray();
                Assert.Equal(names.Order(), found.EnumerateObject().Select(f => f.Name).Order());
                Assert.All(names, n => Same(expected.GetProperty(n), found.GetProperty(n), $"{place}.{n}", spelt));
                break;
            case JsonValueKind.Array:
                Assert.Equal(expected.GetArrayLength(), found.GetArrayLength());
                Assert.All(
                    expected.EnumerateArray().Zip(found.EnumerateArray()),
                    pair => Same(pair.First, pair.Second, place + "[]", spelt)
                );
                break;
            case JsonValueKind.Number when spelt:
                Assert.Equal(expected.GetDouble(), TextCell.TryNumber(found.GetString()!));
                break;
            case JsonValueKind.Number:
                Assert.Equal(expected.GetDouble(), found.GetDouble(), 1e-7);
                break;
            case JsonValueKind.String when spelt && expected.ValueEquals(""):
                Assert.Equal(JsonValueKind.Null, found.ValueKind);
                break;
            case JsonValueKind.String:
                Assert.Equal(expected.GetString(), found.GetString());
                break;
            default:
                Assert.True(expected.ValueKind == found.ValueKind, $"{place}: {found}");
                break;
        }
    }
}
