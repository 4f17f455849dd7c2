using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Attune.Core.Files;

namespace Attune.Bench.Benchmarks;

/// <summary>A benchmark's figures and what they were measured on. Plain data.</summary>
/// <param name="Started">UTC.</param>
/// <param name="Rounds">Times each case was measured, a peer's run after each of Attune's.</param>
public sealed record BenchmarkReport(
    DateTimeOffset Started,
    ulong Seed,
    int Rounds,
    Machine Machine,
    MachineCeilings Ceilings,
    ImmutableArray<BenchmarkRow> Rows
)
{
    public string ToJson() => JsonSerializer.Serialize(this, BenchmarkJson.Default.BenchmarkReport);

    /// <summary>Writes the report as JSON, whole or not at all.</summary>
    public void Save(string path) => AtomicFile.WriteText(path, ToJson() + "\n");
}

/// <summary>One case's figures. Spreads are over rounds; a round's figure is the median of its repeats.</summary>
/// <param name="Name">"train tiny 8x256"</param>
/// <param name="Type">Type the weights are computed in.</param>
/// <param name="Unit">"ms" or "s" (less is better), or "tokens/s" (more is better).</param>
/// <param name="Flops">Of one repeat, counted from the shape (<see cref="ModelWork"/>).</param>
/// <param name="GigaflopsPerSecond">Reached at the median.</param>
/// <param name="FractionOfGemm">Of the faster GEMM ceiling in that type; null where the work has no products.</param>
/// <param name="FractionOfRoofline">Least possible seconds under both ceilings over the seconds taken.</param>
/// <param name="PeakMemoryMb">Most resident memory of the process during this case, MiB; null where the system does not report it.</param>
/// <param name="OtherLoad">Share of all processors' time that other processes used meanwhile; null where the system does not report
/// it.</param>
/// <param name="Peers">The same case elsewhere; empty without a peer.</param>
/// <param name="Parts">Seconds of a repeat's parts, medians over rounds; empty where it has none.</param>
public sealed record BenchmarkRow(
    string Name,
    string Work,
    string Size,
    string Shape,
    string Type,
    string Unit,
    Spread Figure,
    int Repeats,
    double Flops,
    double GigaflopsPerSecond,
    double? FractionOfGemm,
    double FractionOfRoofline,
    double? PeakMemoryMb,
    double? OtherLoad,
    ImmutableArray<PeerRow> Peers,
    ImmutableSortedDictionary<string, double> Parts
)
{
    public const string Seconds = "s";
    public const string Milliseconds = "ms";
    public const string TokensPerSecond = "tokens/s";
}

/// <summary>A peer's figures for a case, and how many times as fast Attune was.</summary>
/// <param name="Peer">"PyTorch 2.14.1"</param>
/// <param name="Variant">"f32", or "mixed:manual" for a type and a way to compute attention.</param>
/// <param name="Ratio">Of each round's pair: above 1 where Attune is faster, in every unit.</param>
/// <param name="OtherLoad">As in <see cref="BenchmarkRow"/>, during the peer's runs, start-up included.</param>
/// <param name="Parts">As in <see cref="BenchmarkRow"/>.</param>
public sealed record PeerRow(
    string Peer,
    string Variant,
    Spread Figure,
    Spread Ratio,
    double? PeakMemoryMb,
    double? OtherLoad,
    ImmutableSortedDictionary<string, double> Parts
);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    WriteIndented = true,
    GenerationMode = JsonSourceGenerationMode.Metadata
)]
[JsonSerializable(typeof(BenchmarkReport))]
internal sealed partial class BenchmarkJson : JsonSerializerContext;
