using Apache.Arrow;
using Apache.Arrow.Ipc;
using Apache.Arrow.Types;
using Attune.Core;
using Attune.Core.Feedback;
using Attune.Data.Formats;
using Attune.Data.Sources;
using Attune.Testing;
using ParquetSharp.Arrow;

namespace Attune.Data.Tests.Sources;

/// <summary>Arrow streams, Arrow files and Parquet, written by the formats' own libraries.</summary>
public sealed class ArrowRowsTests
{
    private static readonly string[] Names = ["rows.arrow", "rows.feather", "rows.parquet"];

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Values_of_every_type_are_read(int format)
    {
        using var folder = new TemporaryFolder();
        using var batch = Batch();
        var path = folder.File(Names[format]);
        Write(path, batch, format);
        var problems = new RowProblems(path);
        var rows = RowSource.Read(path, problems);
        problems.Throw();
        Assert.Equal(
            [
                """{"prompt":"p","answers":["a","b"],"best":1,"score":0.5,"day":"2024-02-29","at":"2024-05-01T12:00:00.000250+00:00","raw":null,"kind":"even"}""",
                """{"prompt":"q","answers":["c",null],"best":0,"score":"NaN","day":null,"at":"1969-12-31T23:59:59+00:00","raw":null,"kind":"odd"}""",
            ],
            rows.Rows.Select(r => r.Fields.GetRawText())
        );
        Assert.Contains("column \"raw\" holds bytes, such as pictures or sound, which are not read", rows.Notes);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void A_damaged_file_gives_a_message_or_rows(int format)
    {
        using var folder = new TemporaryFolder();
        using var batch = Batch();
        var path = folder.File(Names[format]);
        Write(path, batch, format);
        var whole = File.ReadAllBytes(path);
        for (var i = 0; i < whole.Length; i += 3)
        {
            var damaged = whole.ToArray();
            damaged[i] ^= (byte)(1 << (i % 8));
            Expect(path, damaged);
            Expect(path, whole[..i]);
        }
    }

    /// <summary>In Hugging Face's tables the numbers of a column of classes are named in the metadata alone.</summary>
    [Theory]
    [InlineData("bad", "good", 1)]
    [InlineData("good", "bad", 0)]
    [InlineData("Positive", "Negative", 0)]
    [InlineData("spam", "yes", 1)]
    [InlineData("toxic", "neutral", 1)]
    [InlineData("sports", "business", null)]
    [InlineData("good", "positive", null)]
    public void Classes_are_verdicts_by_their_names(string zero, string one, int? desirable)
    {
        using var folder = new TemporaryFolder();
        using var batch = new RecordBatch.Builder()
            .Append("text", false, new StringArray.Builder().Append("a").Append("b").Build())
            .Append("mark", false, new Int64Array.Builder().Append(0).Append(1).Build())
            .Append("label", false, new Int64Array.Builder().Append(1).Append(0).Build())
            .Build();
        var feature = $$"""{"names": ["{{zero}}", "{{one}}"], "_type": "ClassLabel"}""";
        var metadata = $$"""{"info": {"features": {"mark": {{feature}}, "label": {"names": ["no", "yes"]} } } }""";
        using var named = new RecordBatch(new Schema(batch.Schema.FieldsList, [new("huggingface", metadata)]), batch.Arrays, batch.Length);
        foreach (var (name, format) in Names.Select((n, i) => (n, i)))
        {
            Write(folder.File(name), named, format);
            var columns = DatasetFile.Columns("label=mark");
            if (desirable is { } which)
            {
                var verdicts = DatasetFile.Read<Verdict>(folder.File(name), columns).Items;
                Assert.Equal([which == 0, which == 1], verdicts.Select(v => v.Desirable));
            }
            else
            {
                var problem = Assert.Throws<DataException>(() => DatasetFile.Read<Verdict>(folder.File(name), columns));
                Assert.Contains($"of {zero}, {one}, which do not say what is desirable", problem.Message, StringComparison.Ordinal);
            }
        }
    }

    private static void Expect(string path, byte[] content)
    {
        File.WriteAllBytes(path, content);
        try
        {
            DatasetFile.Read<Choice>(path);
        }
        catch (DataException problem)
        {
            Assert.StartsWith(path, problem.Message, StringComparison.Ordinal);
        }
    }

    private static void Write(string path, RecordBatch batch, int format)
    {
        if (format == 2)
        {
            using var stored = new ArrowWriterPropertiesBuilder().StoreSchema().Build();
            using var writer = new FileWriter(path, batch.Schema, arrowProperties: stored);
            writer.WriteRecordBatch(batch);
            writer.Close();
            return;
        }

        using var file = File.Create(path);
        using var arrow = format == 0 ? new ArrowStreamWriter(file, batch.Schema) : new ArrowFileWriter(file, batch.Schema);
        arrow.WriteRecordBatch(batch);
        arrow.WriteEnd();
    }

    private static RecordBatch Batch()
    {
        var answers = new ListArray.Builder(StringType.Default);
        var texts = (StringArray.Builder)answers.ValueBuilder;
        answers.Append();
        texts.Append("a").Append("b");
        answers.Append();
        texts.Append("c").AppendNull();
        var at = new TimestampArray.Builder(new TimestampType(TimeUnit.Microsecond, "UTC"))
            .Append(new DateTimeOffset(2024, 5, 1, 12, 0, 0, TimeSpan.Zero).AddTicks(2500))
            .Append(DateTimeOffset.UnixEpoch.AddSeconds(-1));
        var kinds = new StringArray.Builder().Append("even").Append("odd").Build();
        return new RecordBatch.Builder()
            .Append("prompt", false, new StringArray.Builder().Append("p").Append("q").Build())
            .Append("answers", true, answers.Build())
            .Append("best", false, new Int64Array.Builder().Append(1).Append(0).Build())
            .Append("score", true, new DoubleArray.Builder().Append(0.5).Append(double.NaN).Build())
            .Append("day", true, new Date32Array.Builder().Append(new DateTime(2024, 2, 29)).AppendNull().Build())
            .Append("at", true, at.Build())
            .Append("raw", true, new BinaryArray.Builder().Append([1, 2]).Append([3]).Build())
            .Append(
                "kind",
                false,
                new DictionaryArray(
                    new DictionaryType(Int32Type.Default, StringType.Default, ordered: false),
                    new Int32Array.Builder().Append(0).Append(1).Build(),
                    kinds
                )
            )
            .Append("__index_level_0__", false, new Int64Array.Builder().Append(4).Append(9).Build())
            .Build();
    }
}
