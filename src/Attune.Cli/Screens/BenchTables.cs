using Attune.Bench.Benchmarks;
using Spectre.Console;

namespace Attune.Cli.Screens;

/// <summary>A benchmark's figures as tables, on standard output.</summary>
internal static class BenchTables
{
    private const int WidthInFiles = 160;

    public static void Show(BenchmarkReport report)
    {
        var console = Terminal.Output(WidthInFiles);

        var (machine, ceilings) = (report.Machine, report.Ceilings);
        console.WriteLine(
            $"{machine.Processor}, {machine.Processors} processors, {machine.VectorBits}-bit vectors, {machine.MemoryGb:0} "
                + $"GB; {machine.Runtime}, TorchSharp {machine.TorchSharp}, {machine.TorchThreads} threads; seed {report.Seed}, "
                + $"{report.Rounds} rounds"
        );
        console.WriteLine(
            $"GEMM in GFLOP/s: libtorch f32 {ceilings.TorchGemmF32.Median:0}, Attune f32 {ceilings.OwnGemmF32.Median:0}, "
                + $"libtorch bf16 {ceilings.TorchGemmBf16.Median:0}, Attune bf16 {ceilings.OwnGemmBf16.Median:0}; memory in GB/s: "
                + $"copy {ceilings.MemoryCopy.Median:0}, read {ceilings.MemoryRead.Median:0}"
        );
        console.Write(Own(report));
        if (report.Rows.Any(r => !r.Peers.IsEmpty))
        {
            console.Write(Peers(report));
        }

        if (report.Rows.Any(r => !r.Parts.IsEmpty))
        {
            console.Write(Parts(report));
        }
    }

    /// <summary>The parts of an iteration and their seconds, Attune's and a peer's.</summary>
    private static Table Parts(BenchmarkReport report)
    {
        var table = Empty("case", "peer", "part", "Attune, s", "peer, s");
        foreach (var row in report.Rows.Where(r => !r.Parts.IsEmpty))
        {
            foreach (var peer in row.Peers.DefaultIfEmpty())
            {
                foreach (var part in row.Parts.Keys.Union(peer?.Parts.Keys ?? []).Order(StringComparer.Ordinal))
                {
                    table.AddRow(
                        row.Name,
                        Markup.Escape(peer?.Variant ?? ""),
                        Markup.Escape(part),
                        Seconds(row.Parts, part),
                        Seconds(peer?.Parts, part)
                    );
                }
            }
        }

        return table;

        static string Seconds(IReadOnlyDictionary<string, double>? parts, string part) =>
            parts is not null && parts.TryGetValue(part, out var seconds) ? $"{seconds:0.000}" : "";
    }

    private static Table Own(BenchmarkReport report)
    {
        var table = Empty("case", "median", "range", "GFLOP/s", "of GEMM", "of roofline", "peak MB", "other load");
        foreach (var row in report.Rows)
        {
            table.AddRow(
                row.Name,
                $"{row.Figure.Median:0.##} {row.Unit}",
                Range(row.Figure),
                row.Flops > 0 ? $"{row.GigaflopsPerSecond:0}" : "",
                $"{row.FractionOfGemm:0 %}",
                $"{row.FractionOfRoofline:0 %}",
                $"{row.PeakMemoryMb:0}",
                $"{row.OtherLoad:0 %}"
            );
        }

        return table;
    }

    private static Table Peers(BenchmarkReport report)
    {
        var table = Empty("case", "peer", "Attune", "peer's median", "peer's peak MB", "other load", "times as fast", "range");
        foreach (var row in report.Rows)
        {
            foreach (var peer in row.Peers)
            {
                table.AddRow(
                    row.Name,
                    Markup.Escape($"{peer.Peer} {peer.Variant}"),
                    $"{row.Figure.Median:0.##} {row.Unit}",
                    $"{peer.Figure.Median:0.##} {row.Unit}",
                    $"{peer.PeakMemoryMb:0}",
                    $"{peer.OtherLoad:0 %}",
                    $"{peer.Ratio.Median:0.00}",
                    Range(peer.Ratio)
                );
            }
        }

        return table;
    }

    private static Table Empty(params string[] columns)
    {
        var table = new Table().Border(TableBorder.Rounded);
        foreach (var column in columns)
        {
            table.AddColumn(column is "case" or "peer" ? new TableColumn(column) : new TableColumn(column).RightAligned());
        }

        return table;
    }

    private static string Range(Spread spread) => $"{spread.Least:0.##} to {spread.Most:0.##}";
}
