using System.Security.Cryptography;
using System.Text.Json;
using Attune.Testing;

namespace Attune.Cli.Tests;

/// <summary>How a training command is told to behave, and what it says of itself.</summary>
public sealed class TrainingHabitTests(TinyModel models) : IClassFixture<TinyModel>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Training_that_diverges_says_so_on_the_terminal_in_the_result_and_on_top_of_the_report()
    {
        var outcome = Sft("--learning-rate", "1", "--max-grad-norm", "0", "--max-steps", "12", "--evaluate-every", "2").Succeeded();
        Assert.Contains("WARNING", outcome.Errors, StringComparison.Ordinal);
        Assert.Contains("sft: training has diverged: ", outcome.Errors, StringComparison.Ordinal);
        var stage = Result().GetProperty("stages")[0];
        var problem = stage.GetProperty("diverged").GetString()!;
        Assert.Contains(" rose from ", problem, StringComparison.Ordinal);
        var report = File.ReadAllText(_folder.File("run/report.html"));
        Assert.Contains($"Training has diverged in Supervised fine-tuning: {problem}.", report, StringComparison.Ordinal);
    }

    [Fact]
    public void Training_that_goes_well_says_nothing_of_the_kind()
    {
        var outcome = Sft("--max-steps", "12", "--evaluate-every", "2", "--learning-rate", "1e-3").Succeeded();
        Assert.DoesNotContain("diverged", outcome.Errors, StringComparison.Ordinal);
        Assert.False(Result().GetProperty("stages")[0].TryGetProperty("diverged", out _));
        Assert.DoesNotContain("diverged", File.ReadAllText(_folder.File("run/report.html")), StringComparison.Ordinal);
    }

    [Fact]
    public void Training_that_diverges_stops_where_that_is_asked_for_and_the_report_says_why()
    {
        Sft("--learning-rate", "1", "--max-grad-norm", "0", "--max-steps", "12", "--evaluate-every", "2", "--stop-on-divergence", "true")
            .Refused("sft: training has diverged: ", "stop_on_divergence");
        Assert.False(File.Exists(_folder.File("run/result.json")));
        Assert.Contains("Training has diverged in sft: ", File.ReadAllText(_folder.File("run/report.html")), StringComparison.Ordinal);
    }

    [Fact]
    public void Steps_warm_up_and_checkpoints_are_counted_as_asked_for()
    {
        Sft("--max-steps", "7", "--warmup-steps", "4", "--checkpoint-every", "1", "--keep-checkpoints", "3").Succeeded();
        Assert.Equal(
            ["checkpoint-5", "checkpoint-6", "checkpoint-7"],
            Directory.GetDirectories(_folder.File("run"), "checkpoint-*").Select(f => Path.GetFileName(f)).Order()
        );
        var rates = File.ReadLines(_folder.File("run/events.jsonl"))
            .Select(line => JsonDocument.Parse(line).RootElement)
            .Where(e => e.GetProperty("kind").GetString() == "update")
            .Select(e => e.GetProperty("metrics").GetProperty("learning_rate").GetDouble())
            .ToArray();
        Assert.Equal(7, rates.Length);
        Assert.Equal([0.25, 0.5, 0.75, 1], rates[..4].Select(r => Math.Round(r / rates[3], 6)));
    }

    /// <summary>With a constant rate, two epochs are two epochs, whether they were planned at once or not.</summary>
    [Fact]
    public void A_run_that_ended_goes_on_for_more_epochs()
    {
        Sft("--schedule", "constant", "--warmup-ratio", "0", "--epochs", "2").Succeeded();
        var whole = Weights();
        Directory.Delete(_folder.File("run"), recursive: true);
        Sft("--schedule", "constant", "--warmup-ratio", "0").Succeeded();
        Assert.NotEqual(whole, Weights());
        var resumed = Sft("--schedule", "constant", "--warmup-ratio", "0", "--epochs", "2", "--resume").Succeeded();
        Assert.Contains("sft.epochs is 2 now; it was 1", resumed.Errors, StringComparison.Ordinal);
        Assert.Equal(whole, Weights());
        Assert.Contains("epochs: 2 ", File.ReadAllText(_folder.File("run/recipe.yaml")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_goes_on_from_a_checkpoint_of_ones_choice()
    {
        string[] options = ["--max-steps", "6", "--checkpoint-every", "1", "--keep-checkpoints", "9"];
        Sft(options).Succeeded();
        var whole = Weights();
        Sft([.. options, "--resume-from", "checkpoint-9"]).Refused("run has no checkpoint-9; there are checkpoint-1, checkpoint-2, ");
        Sft([.. options, "--resume-from", "latest"]).Refused("--resume-from is 'latest'", "such as checkpoint-200");
        var events = File.ReadLines(_folder.File("run/events.jsonl")).Count();
        Assert.Contains("going on from update 2", Sft([.. options, "--resume-from", "run/checkpoint-2"]).Succeeded().Errors);
        Assert.Equal(whole, Weights());
        Assert.Equal(events, File.ReadLines(_folder.File("run/events.jsonl")).Count());
        Assert.True(Directory.Exists(_folder.File("run/set-aside-checkpoint-6")));
    }

    [Fact]
    public void The_best_weights_are_kept_and_their_need_of_held_out_rows_is_said()
    {
        Sft("--keep-best", "true", "--evaluate-every", "1", "--learning-rate", "0.05", "--max-steps", "9").Succeeded();
        var metrics = Result().GetProperty("stages")[0].GetProperty("metrics");
        var losses = File.ReadLines(_folder.File("run/events.jsonl"))
            .Select(line => JsonDocument.Parse(line).RootElement.GetProperty("metrics"))
            .Where(m => m.TryGetProperty("eval_loss", out _))
            .Select(m => m.GetProperty("eval_loss").GetDouble());
        Assert.Equal(losses.Min(), metrics.GetProperty("eval_loss").GetDouble(), 1e-6);
        Directory.Delete(_folder.File("run"), recursive: true);
        Sft("--keep-best", "true", "--evaluate-every", "0").Refused("sft.keep_best is on, but nothing is held out");
    }

    [Fact]
    public void Options_come_from_a_file_and_from_keys_and_those_given_win()
    {
        _folder.WriteText("options.yaml", $"model: {models.Policy}\nseed: 4\nlearning_rate: 3e-4\nmax_steps: 2\ndata: data.jsonl\n");
        WriteData();
        AttuneProgram
            .Run(_folder.Path, "sft", "--config", "options.yaml", "--learning-rate", "2e-4", "--set", "batch_size=4", "--out", "run")
            .Succeeded();
        var recipe = File.ReadAllText(_folder.File("run/recipe.yaml"));
        Assert.All(
            ["seed: 4 ", "learning_rate: 0.0002 ", "max_steps: 2", "batch_size: 4 "],
            text => Assert.Contains(text, recipe, StringComparison.Ordinal)
        );
        Refused("learning_rat: 1", "options.yaml:1", "sft.learning_rat is not a key here. Did you mean 'learning_rate'?");
        Refused("save_steps: 1", "sft.save_steps is not a key here. It is called 'checkpoint_every' here.");
        Refused("stages: []", "options.yaml is a recipe", "attune run options.yaml");

        void Refused(string yaml, params string[] words)
        {
            _folder.WriteText("options.yaml", yaml + "\n");
            AttuneProgram
                .Run(_folder.Path, "sft", "--model", models.Policy, "--data", "data.jsonl", "--config", "options.yaml")
                .Refused(words);
        }
    }

    [Theory]
    [InlineData("--per_device_train_batch_size=4", "It is called '--batch-size' here.")]
    [InlineData("--perDeviceTrainBatchSize", "It is called '--batch-size' here.")]
    [InlineData("--learning_rate", "Did you mean '--learning-rate'?")]
    [InlineData("--num-train-epochs", "It is called '--epochs' here.")]
    [InlineData("--model_name_or_path", "It is called '--model' here.")]
    [InlineData("--report_to", "It is called '--tracking' here.")]
    [InlineData("--load_best_model_at_end", "It is called '--keep-best' here.")]
    [InlineData("--push_to_hub", "It has no counterpart here.")]
    public void Names_of_TRL_are_told_as_what_they_are_called_here(string option, string expected) => Sft(option).Refused(expected);

    [Fact]
    public void Rows_to_evaluate_with_come_from_a_file_of_their_own()
    {
        _folder.WriteText("eval.jsonl", """{"prompt": "The plot", "completion": " was thin."}""" + "\n");
        Sft("--eval-data", "eval.jsonl", "--max-steps", "1").Succeeded();
        var metrics = Result().GetProperty("stages")[0].GetProperty("metrics");
        Assert.Equal((24, 1), (metrics.GetProperty("examples").GetInt32(), metrics.GetProperty("held_out").GetInt32()));
    }

    private string Weights() => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(_folder.File("run/final/model.safetensors"))));

    [Fact]
    public void A_dry_run_says_what_the_whole_would_take_and_keeps_nothing()
    {
        var outcome = Sft("--dry-run", "--epochs", "100").Succeeded("dry run of sft", "in rounds of 8 items");
        Assert.Matches(@"rows      \d\d to learn from\n  updates   [34]00 in rounds", outcome.Output);
        Assert.Matches(@"tokens    about [\d,]+ an update, [\d,]+ in all", outcome.Output);
        Assert.Matches(@"time      about .* s .*an update\), and .* s around it; evaluations in between not counted", outcome.Output);
        Assert.Matches(@"memory    \d+\.\d GiB", outcome.Output);
        Assert.False(Directory.Exists(_folder.File("run")));
    }

    [Fact]
    public void A_run_ends_with_its_model_its_rows_and_the_next_command()
    {
        var errors = Sft("--max-steps", "1").Succeeded().Errors;
        var metrics = Result().GetProperty("stages")[0].GetProperty("metrics");
        var (rows, heldOut) = (metrics.GetProperty("examples").GetInt32(), metrics.GetProperty("held_out").GetInt32());
        Assert.Equal(24, rows + heldOut);
        Assert.Contains($"trained on {rows} items, {heldOut} held out", errors, StringComparison.Ordinal);
        var final = Path.Combine("run", "final");
        Assert.Contains($"Model: {final}", errors, StringComparison.Ordinal);
        Assert.Contains($"Next: attune generate --model {final} --prompt \"...\"", errors, StringComparison.Ordinal);
    }

    private void WriteData() =>
        _folder.WriteText(
            "data.jsonl",
            string.Concat(Enumerable.Range(0, 24).Select(i => $$"""{"prompt": "The film {{i}}", "completion": " was slow."}""" + "\n"))
        );

    private Outcome Sft(params string[] options)
    {
        WriteData();
        string[] arguments = ["sft", "--model", models.Policy, "--data", "data.jsonl", "--out", "run", "--batch-size", "8"];
        return AttuneProgram.Run(_folder.Path, [.. arguments, "--test-split", "0.2", .. options]);
    }

    private JsonElement Result() => JsonDocument.Parse(File.ReadAllText(_folder.File("run/result.json"))).RootElement;
}
