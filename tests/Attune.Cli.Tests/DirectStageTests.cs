using System.Text.Json;
using Attune.Testing;

namespace Attune.Cli.Tests;

/// <summary>Direct preference methods as a user runs them.</summary>
public sealed class DirectStageTests(TinyModel models) : IClassFixture<TinyModel>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("dpo", "--loss-type robust --label-smoothing 0.1")]
    [InlineData("dpo", "--reference-free true --f-divergence-type js-divergence")]
    [InlineData("dpo", "--precompute-ref-log-probs true --log-probs averaged --rpo-alpha 1")]
    [InlineData("ipo", "--log-probs averaged")]
    [InlineData("psipo", "--psi log-odds")]
    [InlineData("kto", "--precompute-ref-log-probs true")]
    [InlineData("orpo", "")]
    [InlineData("simpo", "--preset simpo-2024 --max-length 32")]
    [InlineData("slic", "")]
    public void Every_method_learns_from_pairs_and_reports_what_PPO_reports(string method, string options)
    {
        WritePairs();
        var outcome = Run(method, options.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Succeeded();
        Assert.Contains("report.html", outcome.Errors, StringComparison.Ordinal);
        var result = Result();
        var figures = result.GetProperty("stages")[0].GetProperty("metrics");
        foreach (
            var name in new[]
            {
                "kl_nats",
                "perplexity_pretrained_after",
                "response_length_after",
                "gold_reward_after",
                "win_rate_vs_reference_low",
            }
        )
        {
            Assert.True(figures.TryGetProperty(name, out _), $"{method} does not tell {name}");
        }

        Assert.True(figures.GetProperty("eval_logps/chosen").GetDouble() < 0);
        var margins = Evaluated("eval_rewards/margins");
        Assert.True(
            margins[^1] > margins[0] + 0.001,
            $"the margin of held-out pairs, which follow one rule, went from {margins[0]} to {margins[^1]}"
        );
        Assert.Equal(margins[^1], figures.GetProperty("eval_rewards/margins").GetDouble(), 1e-9);
        // Where nothing is held against a reference, the random model's own dislike of the longer answer is in the margin and stays the
        // larger part of it.
        var relative =
            method != "slic" && !options.Contains("--reference-free", StringComparison.Ordinal) && method is not ("orpo" or "simpo");
        Assert.True(!relative || margins[^1] > 0);
        // 40 good rows, one with equal answers, one with an empty one.
        Assert.Equal(
            (1, 1),
            (
                figures.GetProperty("left_out/chosen_equals_rejected").GetInt32(),
                figures.GetProperty("left_out/the_rejected_answer_is_empty").GetInt32()
            )
        );
        Assert.Contains(
            File.ReadLines(_folder.File("run/events.jsonl")),
            l =>
                l.Contains("\"kind\":\"data\"", StringComparison.Ordinal)
                && l.Contains("left_out/chosen_equals_rejected", StringComparison.Ordinal)
        );
        Assert.Contains("1 left out: chosen equals rejected", File.ReadAllText(_folder.File("run/report.html")), StringComparison.Ordinal);
        Assert.True(File.Exists(_folder.File("run/final/model.safetensors")));
        if (relative && method != "kto")
        {
            Assert.True(result.GetProperty("summary").GetProperty("preference_accuracy").GetDouble() > 0.5);
        }
    }

    [Fact]
    public void Kto_takes_verdicts_and_says_where_the_classes_are_out_of_balance()
    {
        _folder.WriteText(
            "data.jsonl",
            string.Concat(
                Enumerable
                    .Range(0, 30)
                    .Select(i =>
                        $$"""{"prompt": "Film {{i}}", "completion": "{{(i % 3 == 0 ? " bad." : " good.")}}", "label": {{(i % 3 == 0 ? "false" : "true")}}}"""
                        + "\n"
                    )
            )
        );
        var outcome = Run("kto").Succeeded();
        Assert.Contains("the KTO paper advises 1 to 1.33", outcome.Errors, StringComparison.Ordinal);
        Assert.True(Result().GetProperty("stages")[0].GetProperty("metrics").GetProperty("eval_rewards/margins").GetDouble() > 0);
    }

    [Theory]
    [InlineData("true", "desirable")]
    [InlineData("false", "undesirable")]
    public void Kto_on_one_class_is_refused(string label, string name)
    {
        _folder.WriteText(
            "data.jsonl",
            string.Concat(
                Enumerable.Range(0, 30).Select(i => $$"""{"prompt": "Film {{i}}", "completion": " good.", "label": {{label}}}""" + "\n")
            )
        );
        Run("kto", "--test-split", "0").Refused($"data.jsonl: all 30 verdicts to learn from are {name}; expected some of either kind");
    }

    [Fact]
    public void Kto_is_refused_where_one_class_is_too_long()
    {
        var endless = string.Concat(Enumerable.Repeat(" Quixotic zebras", 40));
        string[] rows =
        [
            .. Enumerable.Range(0, 6).Select(i => $$"""{"prompt": "Film {{i}}", "completion": " good.", "label": true}"""),
            .. Enumerable.Range(0, 6).Select(i => $$"""{"prompt": "Film {{i}}", "completion": "{{endless}}", "label": false}"""),
        ];
        _folder.WriteText("data.jsonl", string.Join('\n', rows) + "\n");
        Run("kto", "--test-split", "0").Refused("data.jsonl: all 6 verdicts that are left are desirable");
    }

    [Fact]
    public void Rows_are_drawn_over_the_whole_file_the_same_by_the_same_seed()
    {
        // The first 30 rows say one thing and the last 30 another: the head alone would be of one class.
        string[] rows =
        [
            .. Enumerable
                .Range(0, 60)
                .Select(i => $$"""{"prompt": "Film {{i}}", "completion": " good.", "label": {{(i < 30 ? "true" : "false")}}}"""),
        ];
        _folder.WriteText("data.jsonl", string.Join('\n', rows) + "\n");
        var outcome = Run("kto", "--rows", "20").Succeeded();
        Assert.Contains("data.jsonl: 20 of 60 rows are used, drawn at random by the seed", outcome.Errors, StringComparison.Ordinal);
        var first = File.ReadAllBytes(_folder.File("run/final/model.safetensors"));
        Directory.Delete(_folder.File("run"), recursive: true);
        Run("kto", "--rows", "20").Succeeded();
        Assert.Equal(first, File.ReadAllBytes(_folder.File("run/final/model.safetensors")));
    }

    [Fact]
    public void Rankings_and_conversations_are_pairs_too()
    {
        _folder.WriteText(
            "data.jsonl",
            string.Concat(
                Enumerable
                    .Range(0, 30)
                    .Select(i => $$"""{"prompt": "F {{i}}", "answers": [" good.", " bad.", " ill."], "ranks": [1, 2, 2]}""" + "\n")
            )
        );
        Assert.Contains("30 left out: a tie: both answers have the same rank", Run("dpo").Succeeded().Errors, StringComparison.Ordinal);
        Directory.Delete(_folder.File("run"), recursive: true);
        _folder.WriteText(
            "data.jsonl",
            string.Concat(
                Enumerable
                    .Range(0, 30)
                    .Select(i =>
                        $$"""{"chosen": [{"role": "user", "content": "{{i}}"}, {"role": "assistant", "content": "yes"}], "rejected": [{"role": "user", "content": "{{i}}"}, {"role": "assistant", "content": "no"}]}"""
                        + "\n"
                    )
            )
        );
        Run("dpo", "--max-new-tokens", "4").Succeeded();
    }

    [Fact]
    public void A_falling_chosen_probability_is_told_once_on_the_screen_in_the_log_and_in_the_report()
    {
        WritePairs();
        // A wild step size throws everything over.
        var outcome = Run("dpo", "--learning-rate", "0.3", "--max-grad-norm", "0").Succeeded();
        Assert.Equal(2, outcome.Errors.Split("chosen answers became less likely").Length);
        Assert.Contains(File.ReadLines(_folder.File("run/events.jsonl")), l => l.Contains("chosen_fell_at", StringComparison.Ordinal));
        Assert.Contains("chosen answers became less likely", File.ReadAllText(_folder.File("run/report.html")), StringComparison.Ordinal);
    }

    [Fact]
    public void The_cached_reference_is_kept_and_a_resumed_run_uses_it()
    {
        WritePairs();
        Run("dpo", "--precompute-ref-log-probs", "true").Succeeded();
        var kept = File.ReadAllText(_folder.File("run/reference-logps-train.json"));
        Assert.Contains("\"Tokens\"", kept, StringComparison.Ordinal);
        File.Delete(_folder.File("run/stage.json"));
        Run("dpo", "--precompute-ref-log-probs", "true", "--resume").Succeeded();
        Assert.Equal(kept, File.ReadAllText(_folder.File("run/reference-logps-train.json")));
    }

    [Theory]
    [InlineData("--bta 0.2", "attune dpo has no option '--bta'. Did you mean '--beta'?")]
    [InlineData("--loss-type sigmod", "sigmod")]
    [InlineData("--label-smoothing 0.7", "is 0.7")]
    [InlineData("--loss-type hinge --label-smoothing 0.1", "label_smoothing has no meaning in hinge")]
    [InlineData("--preset zephir-2023", "Did you mean 'zephyr-2023'?")]
    [InlineData("--ref-model nowhere", "dpo.ref_model: nowhere is not a folder")]
    [InlineData("--held-out-data nowhere.jsonl", "dpo.held_out_data: nowhere.jsonl does not exist")]
    [InlineData("--max-length 2", "no row is left to learn from")]
    public void What_cannot_work_is_one_clear_message(string options, string words)
    {
        WritePairs();
        AttuneProgram
            .Run(_folder.Path, ["dpo", "--model", models.Policy, "--data", "data.jsonl", "--out", "run", .. options.Split(' ')])
            .Refused(words);
        Assert.False(Directory.Exists(_folder.File("run")));
    }

    [Fact]
    public void A_recipe_without_preferences_says_so_before_it_runs()
    {
        _folder.WriteText("recipe.yaml", $"model: {models.Policy}\nstages:\n  - dpo: {{beta: 0.1}}\n");
        AttuneProgram
            .Run(_folder.Path, "run", "recipe.yaml", "--out", "run")
            .Refused("dpo.data is missing: name a preference file, or put a preferences stage before this one");
    }

    private void WritePairs()
    {
        var rows = Enumerable
            .Range(0, 40)
            .Select(i => $$"""{"prompt": "Film {{i}}", "chosen": " good.", "rejected": " bad."}""")
            .Append("""{"prompt": "Film", "chosen": " so.", "rejected": " so."}""")
            .Append("""{"prompt": "Film", "chosen": " so.", "rejected": ""}""");
        _folder.WriteText("data.jsonl", string.Join('\n', rows) + "\n");
    }

    private Outcome Run(string method, params string[] options) =>
        AttuneProgram.Run(
            _folder.Path,
            [
                method,
                "--model",
                models.Policy,
                "--data",
                "data.jsonl",
                "--out",
                "run",
                "--batch-size",
                "8",
                "--epochs",
                "2",
                .. options.Contains("--test-split") ? [] : new[] { "--test-split", "0.3" },
                "--gold",
                "reviews",
                "--evaluation-prompts",
                "6",
                "--evaluate-every",
                "3",
                .. options.Contains("--max-new-tokens") ? [] : new[] { "--max-new-tokens", "8" },
                .. options.Contains("--learning-rate") ? [] : new[] { "--learning-rate", "0.003" },
                .. options,
            ]
        );

    /// <summary>A metric at each look at the held-out pairs, in order.</summary>
    private double[] Evaluated(string metric) =>
        [
            .. from line in File.ReadLines(_folder.File("run/events.jsonl"))
            let metrics = JsonDocument.Parse(line).RootElement
            where metrics.TryGetProperty("metrics", out _) && metrics.GetProperty("metrics").TryGetProperty(metric, out _)
            select metrics.GetProperty("metrics").GetProperty(metric).GetDouble(),
        ];

    private JsonElement Result()
    {
        using var document = JsonDocument.Parse(File.ReadAllText(_folder.File("run/result.json")));
        return document.RootElement.Clone();
    }
}
