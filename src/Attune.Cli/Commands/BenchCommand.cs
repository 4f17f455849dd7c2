using System.CommandLine;
using System.Globalization;
using Attune.Bench.Benchmarks;
using Attune.Cli.Screens;
using Attune.Core.Runs;
using Attune.Models.Architecture;
using Attune.Models.Gguf;
using Spectre.Console;

namespace Attune.Cli.Commands;

/// <summary><c>attune bench</c></summary>
internal static class BenchCommand
{
    public static Command Create()
    {
        var sizes = new Option<string>("--sizes")
        {
            Description = "tiny (4 layers of width 256), small (GPT-2 124M: minutes and 3 GB), demo (the embedded model), or several",
            HelpName = "NAMES",
            DefaultValueFactory = _ => "tiny",
        };
        var works = new Option<string>("--work")
        {
            Description = "train, prefill, decode, ppo, repack, or several [default: all that a size has]",
            HelpName = "NAMES",
            DefaultValueFactory = _ => "",
        };
        var types = new Option<string>("--precision")
        {
            Description = "f32, bf16 or both [default: both]",
            HelpName = "NAMES",
            DefaultValueFactory = _ => "",
        };
        var rounds = new Option<int>("--rounds")
        {
            Description = "times each case is measured, in turns with the peer",
            HelpName = "N",
            DefaultValueFactory = _ => 3,
        };
        var peer = new Option<string?>("--peer") { Description = "folder of an installed peer to compare with", HelpName = "DIR" };
        var runner = new Option<string>("--peer-runner")
        {
            Description = "program that runs the peer: RUNNER DIR train tiny 8 256 f32; its last line is JSON",
            HelpName = "FILE",
            DefaultValueFactory = _ => "bench/peers/pytorch",
        };
        var variants = new Option<string>("--peer-variants")
        {
            Description = "the peer's types: f32, bf16, mixed, each with :manual for plain instead of fused attention",
            HelpName = "NAMES",
            DefaultValueFactory = _ => "f32",
        };
        var models = new Option<string?>("--save-models")
        {
            Description = "write random models of these sizes as SIZE-f32.gguf and SIZE-bf16.gguf, for a peer to load, and measure nothing",
            HelpName = "DIR",
        };
        var seed = Arguments.Seed();
        var json = new Option<string?>("--json") { Description = "write the figures as JSON", HelpName = "FILE" };
        var command = new Command(
            "bench",
            "Measure training and sampling on this machine, against its own ceilings and, with --peer, in turns with another system.\n\n"
                + "Examples:\n  attune bench\n  attune bench --sizes tiny,small --peer ../peers --rounds 5 --json bench.json\n  "
                + "attune bench --sizes demo --work ppo --peer ../peers"
        )
        {
            sizes,
            works,
            types,
            rounds,
            peer,
            runner,
            variants,
            models,
            seed,
            json,
        };
        command.SetAction(
            (parsed, cancel) =>
            {
                NativeSetup.LoadTorch();
                if (parsed.GetValue(models) is { } target)
                {
                    SaveModels(Names(parsed.GetValue(sizes)!).Select(BenchmarkSize.Named), target, new Seed(parsed.GetValue(seed)));
                    return Task.FromResult(0);
                }

                var report = BenchmarkSuite.Run(
                    new BenchmarkOptions
                    {
                        Sizes = [.. Names(parsed.GetValue(sizes)!).Select(BenchmarkSize.Named)],
                        Works = [.. Names(parsed.GetValue(works)!)],
                        Types = [.. Names(parsed.GetValue(types)!)],
                        Rounds = parsed.GetValue(rounds),
                        Seed = new Seed(parsed.GetValue(seed)),
                        Peer = parsed.GetValue(peer) is { } folder
                            ? new PeerOptions(folder, parsed.GetValue(runner)!) { Variants = [.. Names(parsed.GetValue(variants)!)] }
                            : null,
                    },
                    TimeProvider.System,
                    new Lines(),
                    cancel
                );
                BenchTables.Show(report);
                if (parsed.GetValue(json) is { } file)
                {
                    report.Save(file);
                }

                return Task.FromResult(0);
            }
        );
        return command;
    }

    private static void SaveModels(IEnumerable<BenchmarkSize> sizes, string folder, Seed seed)
    {
        foreach (var size in sizes)
        {
            using var model = new LanguageModel(size.Config, seed.For("weights"));
            foreach (var type in new[] { GgufType.F32, GgufType.BF16 })
            {
                GgufExport.Write(
                    model,
                    tokenizer: null,
                    Path.Combine(folder, $"{size.Name}-{type.ToString().ToLowerInvariant()}.gguf"),
                    size.Name,
                    type
                );
            }
        }
    }

    private static string[] Names(string list) => list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>Plain lines: a live display would take time from what is being measured.</summary>
    private sealed class Lines : IProgress<BenchmarkProgress>
    {
        public void Report(BenchmarkProgress value)
        {
            if (value.Finished is { } row)
            {
                Terminal.Messages.WriteLine(
                    string.Create(CultureInfo.InvariantCulture, $"{row.Name}: {row.Figure.Median:0.##} {row.Unit}")
                );
            }
            else
            {
                Terminal.Messages.WriteLine($"  {value.Task}, {value.Running}, {value.Round}/{value.Rounds}");
            }
        }
    }
}
