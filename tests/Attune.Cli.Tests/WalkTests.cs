using System.Globalization;
using System.Text.Json;
using Attune.Core.Runs;
using Attune.Data.Sources;
using Attune.Models.Architecture;
using Attune.Models.Configuration;
using Attune.Models.Files;
using Attune.Testing;
using CsvHelper;
using ParquetSharp;

namespace Attune.Cli.Tests;

/// <summary>A small model that reads 2,048 tokens, for data as people have it.</summary>
public sealed class LongModel : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public LongModel()
    {
        TinyModel.Tokenizer(300).Save(_folder.File("policy"));
        using var policy = new LanguageModel(TransformerConfig.Gpt2(300, width: 16, layers: 1, heads: 2, 2048), new Seed(1));
        ModelFiles.Save(policy, _folder.File("policy"));
    }

    public string Policy => _folder.File("policy");

    public void Dispose() => _folder.Dispose();
}

/// <summary>From every published file, and from copies as tables, to a trained model by one command without options of the data.</summary>
public sealed class WalkTests(LongModel model) : IClassFixture<LongModel>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("instructions/alpaca_en_demo.json", "sft")]
    [InlineData("instructions/instruction-data.json", "sft")]
    [InlineData("instructions/seed_tasks.jsonl", "sft")]
    [InlineData("preferences/dpo_en_demo.json", "dpo")]
    [InlineData("preferences/hh-harmless.jsonl.gz", "reward")]
    [InlineData("preferences/kto_en_demo.json", "kto")]
    [InlineData("preferences/open-assistant-trees.jsonl", "reward", "--loss", "ranking")]
    [InlineData("preferences/polite-rude.json", "dpo")]
    [InlineData("reasoning/gsm8k-train-2000.jsonl", "sft")]
    [InlineData("reasoning/prm800k_train_p1_first400_4o_confidence.jsonl", "process-reward")]
    [InlineData("reasoning/prm800k_train_p1_first400_4o_counterfactual.jsonl", "process-reward")]
    [InlineData("reasoning/prm800k_train_p1_first400_4o_step_contradiction.jsonl", "process-reward")]
    [InlineData("reasoning/samples_math-shepherd.jsonl", "process-reward")]
    [InlineData("reasoning/samples_prm800k.jsonl", "process-reward")]
    [InlineData("fine-grained/qa-feedback-400.json", "fine-grained")]
    [InlineData("exports/hf-datasets/sharded", "simpo")]
    [InlineData("exports/hf-datasets/saved-dict", "dpo")]
    [InlineData("exports/hf-datasets/kto.parquet", "kto")]
    [InlineData("exports/hf-datasets/messages-typed-content.parquet", "sft")]
    [InlineData("exports/distilabel/dpo-text.parquet", "orpo")]
    public void A_published_file_trains_a_model(string name, string command, params string[] options) =>
        Train(command, SharedData.Require(name), options);

    [Theory]
    [InlineData("preferences/polite-rude.json", "dpo", "csv")]
    [InlineData("preferences/polite-rude.json", "dpo", "parquet")]
    [InlineData("reasoning/gsm8k-train-2000.jsonl", "sft", "csv")]
    [InlineData("reasoning/gsm8k-train-2000.jsonl", "sft", "parquet")]
    public void So_does_its_copy_as_a_table(string name, string command, string kind)
    {
        var path = SharedData.Require(name);
        var rows = RowSource.Read(path, new RowProblems(path)).Rows.Take(60).Select(r => r.Fields).ToArray();
        var copy = _folder.File("copy." + kind);
        string[] columns = [.. rows[0].EnumerateObject().Select(f => f.Name)];
        if (kind == "csv")
        {
            WriteCsv(copy, columns, rows);
        }
        else
        {
            WriteParquet(copy, columns, rows);
        }

        Train(command, copy);
    }

    private void Train(string command, string data, params string[] options)
    {
        string[] rows = command is "process-reward" or "fine-grained" or "reward" ? [] : ["--rows", "40"];
        string[] few = ["--max-steps", "2", "--batch-size", "2", "--microbatch-size", "2", "--max-length", "2048", .. rows];
        var outcome = AttuneProgram.Run(
            _folder.Path,
            [command, "--model", model.Policy, "--data", data, "--out", "run", .. few, .. options]
        );
        outcome.Succeeded();
        Assert.True(File.Exists(_folder.File("run/result.json")), outcome.Errors);
        Assert.True(Directory.Exists(_folder.File("run/final")), outcome.Errors);
    }

    private static void WriteCsv(string path, string[] columns, JsonElement[] rows)
    {
        using var writer = new CsvWriter(new StreamWriter(path), CultureInfo.InvariantCulture);
        foreach (var cells in rows.Select(r => columns.Select(c => r.GetProperty(c).GetString())).Prepend(columns))
        {
            foreach (var cell in cells)
            {
                writer.WriteField(cell);
            }

            writer.NextRecord();
        }
    }

    private static void WriteParquet(string path, string[] columns, JsonElement[] rows)
    {
        using var file = new ParquetFileWriter(path, [.. columns.Select(c => new Column<string>(c))], Compression.Zstd);
        using var group = file.AppendRowGroup();
        foreach (var column in columns)
        {
            using var writer = group.NextColumn().LogicalWriter<string>();
            writer.WriteBatch([.. rows.Select(r => r.GetProperty(column).GetString()!)]);
        }

        file.Close();
    }
}
