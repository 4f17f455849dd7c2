using System.Text.Json;
using Attune.Core;
using Attune.Core.Runs;
using Attune.Testing;

namespace Attune.Reports.Tests.Runs;

public sealed class RunFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private RunFolder Run => new(_folder.Path);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_result_is_read_back_as_it_was_written()
    {
        var written = new RunResult(
            "demo",
            "0.1.0",
            7,
            new Dictionary<string, double?>
            {
                ["gold_reward_after"] = 1.25,
                ["win_rate_vs_reference"] = null,
                ["kl_nats"] = double.NaN,
            },
            [
                new StageResult("reward", 12.5, new Dictionary<string, double> { ["accuracy"] = 0.75 })
                {
                    Calibration = [new CalibrationBin(0.55, 0.5, 12)],
                    Notes = ["3 rows dropped"],
                },
            ]
        )
        {
            Started = new DateTimeOffset(2026, 11, 23, 9, 30, 0, TimeSpan.Zero),
            Machine = "2 cores",
        };
        Run.WriteResult(written);
        var read = Run.ReadResult()!;
        Assert.Equal(1.25, read.Summary["gold_reward_after"]);
        Assert.Null(read.Summary["win_rate_vs_reference"]);
        Assert.False(double.IsFinite(read.Summary["kl_nats"] ?? double.NaN));
        Assert.Equal(written.Started, read.Started);
        Assert.Equal(new CalibrationBin(0.55, 0.5, 12), Assert.Single(read.Stages[0].Calibration!.Value));
        Assert.Equal("3 rows dropped", Assert.Single(read.Stages[0].Notes));
    }

    [Fact]
    public void Scripts_find_the_summary_under_the_documented_names()
    {
        Run.WriteResult(
            new RunResult(
                "demo",
                "0.1.0",
                7,
                new Dictionary<string, double?> { ["kl_nats"] = 3.5 },
                [new StageResult("sft", 2, new Dictionary<string, double>())]
            )
        );
        using var json = JsonDocument.Parse(File.ReadAllBytes(Run.ResultFile));
        Assert.Equal(3.5, json.RootElement.GetProperty("summary").GetProperty("kl_nats").GetDouble());
        Assert.Equal("sft", json.RootElement.GetProperty("stages")[0].GetProperty("name").GetString());
        Assert.False(json.RootElement.GetProperty("stages")[0].TryGetProperty("calibration", out _));
    }

    [Fact]
    public void Lists_that_a_result_leaves_out_are_empty()
    {
        _folder.WriteText("result.json", """{"name":"demo","version":"1","seed":1,"summary":{},"stages":[{"name":"sft","seconds":1}]}""");
        var stage = Assert.Single(Run.ReadResult()!.Stages);
        Assert.Empty(stage.Notes);
        Assert.Empty(stage.Metrics);
        _folder.WriteText("result.json", """{"name":"demo","version":"1","seed":1,"summary":{}}""");
        Assert.Empty(Run.ReadResult()!.Stages);
    }

    [Fact]
    public void An_unfinished_run_has_no_result_and_a_damaged_one_is_an_error_that_names_file_and_line()
    {
        Assert.Null(Run.ReadResult());
        Assert.Empty(Run.ReadEvents().Entries);
        _folder.WriteText("result.json", "{\n\"name\": \"demo\",\n");
        Assert.Contains("result.json, line 3", Assert.Throws<DataException>(() => Run.ReadResult()).Message);
        _folder.WriteText("result.json", "{}");
        Assert.Contains("is missing", Assert.Throws<DataException>(() => Run.ReadResult()).Message);
    }

    [Fact]
    public void Checkpoints_are_listed_by_number()
    {
        foreach (var name in new[] { "checkpoint-100", "checkpoint-20", "checkpoint-tmp", "checkpoint-3.tmp", "final" })
        {
            Directory.CreateDirectory(_folder.File(name));
        }

        Assert.Equal([20L, 100L], Run.Checkpoints());
        Assert.Equal(_folder.File("checkpoint-20"), Run.CheckpointFolder(20));
        Assert.Empty(new RunFolder(_folder.File("missing")).Checkpoints());
    }
}
