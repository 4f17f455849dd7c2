using System.Text.Json;
using Attune.Bench.Benchmarks;
using Attune.Core;
using Attune.Kernels;
using Attune.Models.Configuration;
using Attune.Testing;

namespace Attune.Bench.Tests;

public class BenchmarkSuiteTests
{
    private static readonly BenchmarkSize Micro = new(
        "micro",
        TransformerConfig.Gpt2(vocabularySize: 17, width: 16, layers: 2, heads: 2, contextLength: 16),
        [
            new TrainCase(Batch: 2, Time: 8) { Repeats = 3 },
            new DecodeCase(Batch: 3, Prompt: 2, NewTokens: 5) { Repeats = 2 },
            new RepackCase { Repeats = 2 },
            new PrefillCase(Batch: 2, Prompt: 4) { Repeats = 2, Type = KernelType.BF16 },
            new PpoCase(Rollouts: 6, Prompt: 2, NewTokens: 5, Minibatch: 3, Epochs: 2, FrozenLayers: 1, RewardModels: 2) { Repeats = 2 },
        ]
    );

    [Fact]
    public void Every_case_is_measured_and_its_rate_is_its_work_over_its_time()
    {
        var report = BenchmarkSuite.Run(
            new BenchmarkOptions
            {
                CeilingRepeats = 1,
                Sizes = [Micro],
                Rounds = 1,
            },
            TimeProvider.System,
            null,
            TestContext.Current.CancellationToken
        );

        Assert.Equal(
            ["train micro 2x8", "decode micro 3x(2+5)", "repack micro", "prefill micro 2x4 bf16", "ppo micro 6x(2+5)"],
            report.Rows.Select(r => r.Name)
        );
        Assert.All(report.Rows, row => Assert.InRange(row.Figure.Median, 1e-6, 1e9));
        var (train, decode) = (report.Rows[0], report.Rows[1]);
        Assert.Equal(train.Flops / (train.Figure.Median / 1e3) / 1e9, train.GigaflopsPerSecond, precision: 6);
        Assert.Equal(decode.Flops * decode.Figure.Median / (3 * 5) / 1e9, decode.GigaflopsPerSecond, precision: 6);
        Assert.Null(report.Rows[2].FractionOfGemm);
        Assert.Equal(("f32", "bf16"), (decode.Type, report.Rows[3].Type));
        var ppo = report.Rows[4];
        Assert.Equal(["evaluation", "logprobs", "repack", "reward", "rollout", "update"], ppo.Parts.Keys);
        // The parts are laps of one clock, so that nothing of an iteration is left out.
        Assert.InRange(ppo.Parts.Values.Sum(), 0.5 * ppo.Figure.Least, 1.1 * ppo.Figure.Most);
        Assert.InRange(report.Ceilings.FlopsPerSecond, 1e8, 1e15);
        Assert.InRange(report.Ceilings.BytesPerSecond, 1e8, 1e14);
    }

    [Fact]
    public void The_json_names_are_snake_case_and_hold_neither_paths_nor_host_names()
    {
        var report = BenchmarkSuite.Run(
            new BenchmarkOptions
            {
                CeilingRepeats = 1,
                Sizes = [Micro],
                Works = ["repack"],
                Rounds = 1,
            },
            TimeProvider.System,
            null,
            TestContext.Current.CancellationToken
        );

        var text = report.ToJson();
        using var json = JsonDocument.Parse(text);
        Assert.Equal(1, json.RootElement.GetProperty("seed").GetInt32());
        Assert.True(json.RootElement.GetProperty("ceilings").GetProperty("own_gemm_f32").GetProperty("median").GetDouble() > 0);
        Assert.Equal("ms", json.RootElement.GetProperty("rows")[0].GetProperty("unit").GetString());
        Assert.DoesNotContain(Environment.MachineName, text, StringComparison.Ordinal);
        Assert.DoesNotContain(AppContext.BaseDirectory, text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_peer_takes_turns_and_the_ratio_says_how_many_times_as_fast_Attune_was()
    {
        using var folder = new TemporaryFolder();
        // A training step of 10 seconds and 0.001 tokens a second: Attune is faster on any machine.
        var peer = Peer(
            folder,
            """echo "$*" >> "$1/calls"; echo "warming up"; if [ "$2" = train ]; then echo '{"ms_per_step": 10000, "peak_mb": 7, "torch": "9.9"}'; elif [ "$2" = ppo ]; then echo '{"seconds_per_iteration": 1000, "phases": {"rollout": 999, "update": 1}}'; else echo '{"tokens_per_second": 0.001}'; fi"""
        );
        var turns = new Turns();

        var report = BenchmarkSuite.Run(
            new BenchmarkOptions
            {
                CeilingRepeats = 1,
                Sizes = [Micro],
                Rounds = 2,
                Peer = peer,
            },
            TimeProvider.System,
            turns,
            TestContext.Current.CancellationToken
        );

        Assert.Equal(["Attune", "peer f32", "Attune", "peer f32"], turns.Running("train micro 2x8"));
        var (train, decode, repack) = (report.Rows[0], report.Rows[1], report.Rows[2]);
        Assert.Equal(10000 / train.Figure.Most, train.Peers.Single().Ratio.Least, precision: 6);
        Assert.Equal(7, train.Peers.Single().PeakMemoryMb);
        Assert.Equal("PyTorch 9.9", train.Peers.Single().Peer);
        Assert.Equal(decode.Figure.Most / 0.001, decode.Peers.Single().Ratio.Most, precision: 3);
        Assert.Empty(repack.Peers);
        // Prompts of 4: the peer's new token a prompt stands for four that were read.
        Assert.Equal(0.004, report.Rows[3].Peers.Single().Figure.Median, precision: 9);
        var ppo = report.Rows[4];
        Assert.Equal(1000 / ppo.Figure.Least, ppo.Peers.Single().Ratio.Most, precision: 3);
        Assert.Equal(999, ppo.Peers.Single().Parts["rollout"]);
        var calls = File.ReadAllLines(Path.Combine(folder.Path, "calls")).Select(c => c[(folder.Path.Length + 1)..]).Distinct();
        Assert.Equal(["train micro 2 8 f32", "decode micro 3 2 5 f32", "decode micro 2 4 1 f32", "ppo micro 6 2 5 3 2 1 2 f32"], calls);
    }

    [Theory]
    [InlineData("echo 'No module named torch' >&2; exit 3", "exit code 3: No module named torch")]
    [InlineData("echo done", "last line is 'done'")]
    [InlineData("echo '{\"ms_per_step\": -1}'", "expected a JSON object with its figure")]
    [InlineData("true", "last line is ''")]
    public void A_peer_that_fails_is_one_clear_message(string script, string expected)
    {
        using var folder = new TemporaryFolder();
        var options = new BenchmarkOptions
        {
            CeilingRepeats = 1,
            Sizes = [Micro],
            Works = ["train"],
            Rounds = 1,
            Peer = Peer(folder, script),
        };

        var problem = Assert.Throws<AttuneException>(() =>
            BenchmarkSuite.Run(options, TimeProvider.System, null, TestContext.Current.CancellationToken)
        );

        Assert.Contains(expected, problem.Message, StringComparison.Ordinal);
        Assert.Contains("Try it alone", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_that_cannot_work_are_all_named_before_anything_runs()
    {
        var options = new BenchmarkOptions
        {
            Rounds = 0,
            Works = ["trian"],
            Peer = new PeerOptions("no-such-folder", "no-such-runner") { Variants = ["f16"] },
        };

        var problem = Assert.Throws<ConfigurationException>(() =>
            BenchmarkSuite.Run(options, TimeProvider.System, null, TestContext.Current.CancellationToken)
        );

        Assert.Equal(5, problem.Problems.Count);
        Assert.Contains("Did you mean 'train'?", problem.Message, StringComparison.Ordinal);
        Assert.Contains(
            "Did you mean 'small'?",
            Assert.Throws<ConfigurationException>(() => BenchmarkSize.Named("smal")).Message,
            StringComparison.Ordinal
        );
    }

    private static PeerOptions Peer(TemporaryFolder folder, string script)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the stand-in for a peer is a shell script.");
        var runner = Path.Combine(folder.Path, "peer");
        File.WriteAllText(runner, "#!/bin/sh\n" + script + "\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(runner, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        return new PeerOptions(folder.Path, runner);
    }

    /// <summary>Keeps what was reported, in order and on the reporting thread.</summary>
    private sealed class Turns : IProgress<BenchmarkProgress>
    {
        private readonly List<BenchmarkProgress> _reports = [];

        public void Report(BenchmarkProgress value) => _reports.Add(value);

        public IEnumerable<string> Running(string task) => _reports.Where(r => r.Task == task && r.Finished is null).Select(r => r.Running);
    }
}
