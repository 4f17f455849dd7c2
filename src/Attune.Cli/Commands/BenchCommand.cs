using System.CommandLine;
using System.Globalization;
using Attune.Bench.Benchmarks;
using Attune.Cli.Native;
using Attune.Cli.Screens;
using Attune.Core.Runs;
using Attune.Models.Architecture;
using Attune.Models.Gguf;
using Attune.Text.Gguf;
using Spectre.Console;

namespace Attune.Cli.Commands;

/// <summary><c>attune bench</c></summary>
internal static class BenchCommand
{
    private static readonly Option<string> Sizes = new("--sizes")
    {
        Description = "tiny (4 layers of width 256), small (GPT-2 124M: minutes and 3 GB), demo (the embedded model), or several",
        HelpName = "NAMES",
        DefaultValueFactory = _ => "tiny",
    };
    private static readonly Option<string?> Work = new("--work")
    {
        Description = "train, prefill, decode, ppo, repack, or several (default: all that a size has)",
        HelpName = "NAMES",
    };
    private static readonly Option<string?> Precision = new("--precision")
    {
        Description = "f32, bf16, or both (default both)",
        HelpName = "NAMES",
    };
    private static readonly Option<int> Rounds = Arguments.Count("--rounds", "times each case is measured, in turns with the peer", 3);
    private static readonly Option<string?> Peer = new("--peer")
    {
        Description = "folder of an installed peer to compare with",
        HelpName = "DIR",
    };
    private static readonly Option<string> PeerRunner = new("--peer-runner")
    {
        Description = "program that runs the peer: RUNNER DIR train tiny 8 256 f32; its last line is JSON",
        HelpName = "FILE",
        DefaultValueFactory = _ => "bench/peers/pytorch",
    };
    private static readonly Option<string> PeerVariants = new("--peer-variants")
    {
        Description = "number types of the peer: f32, bf16, mixed, each with :manual for plain instead of fused attention",
        HelpName = "NAMES",
        DefaultValueFactory = _ => "f32",
    };
    private static readonly Option<string?> ModelsFolder = new("--save-models")
    {
        Description = "measure nothing; write random models of these sizes as SIZE-f32.gguf and SIZE-bf16.gguf for a peer to load",
        HelpName = "DIR",
    };
    private static readonly Option<ulong> Seed = Arguments.Seed();
    private static readonly Option<string?> Json = new("--json") { Description = "write the figures as JSON", HelpName = "FILE" };

    public static Command Create()
    {
        var command = new Command(
            "bench",
            "Measure training and sampling on this machine, against the machine's limits and, with --peer, against another system.\n\n"
                + "Examples:\n"
                + "  attune bench\n"
                + "  attune bench --sizes tiny,small --peer ../peers --rounds 5 --json bench.json\n"
                + "  attune bench --sizes demo --work ppo --peer ../peers"
        )
        {
            Sizes,
            Work,
            Precision,
            Rounds,
            Peer,
            PeerRunner,
            PeerVariants,
            ModelsFolder,
            Seed,
            Json,
        };
        command.SetAction((parsed, cancel) => Task.FromResult(Measure(parsed, cancel)));
        return command;
    }

    private static int Measure(ParseResult parsed, CancellationToken cancel)
    {
        NativeSetup.LoadTorch();
        var sizes = Names(parsed.GetValue(Sizes)).Select(BenchmarkSize.Named);
        var seed = new Seed(parsed.GetValue(Seed));
        if (parsed.GetValue(ModelsFolder) is { } target)
        {
            SaveModels(sizes, target, seed);
            return 0;
        }

        var options = new BenchmarkOptions
        {
            Sizes = [.. sizes],
            Works = [.. Names(parsed.GetValue(Work))],
            Types = [.. Names(parsed.GetValue(Precision))],
            Rounds = parsed.GetValue(Rounds),
            Seed = seed,
            Peer = parsed.GetValue(Peer) is { } folder
                ? new PeerOptions(folder, parsed.GetRequiredValue(PeerRunner)) { Variants = [.. Names(parsed.GetValue(PeerVariants))] }
                : null,
        };
        var report = BenchmarkSuite.Run(options, TimeProvider.System, new Lines(), cancel);
        BenchTables.Show(report);
        if (parsed.GetValue(Json) is { } file)
        {
            report.Save(file);
        }

        return 0;
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

    private static string[] Names(string? list) =>
        (list ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

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
