using System.Text.Json.Serialization;

namespace Attune.Bench.Benchmarks;

/// <summary>What the machine can do at most, measured. GEMM in GFLOP/s, memory in GB/s.</summary>
/// <param name="TorchGemmF32">libtorch's product of float32 matrices.</param>
/// <param name="OwnGemmF32">Attune's own.</param>
/// <param name="TorchGemmBf16">libtorch's product of bfloat16 matrices.</param>
/// <param name="OwnGemmBf16">Attune's own.</param>
/// <param name="MemoryCopy">256 MB read and 256 MB written.</param>
/// <param name="MemoryRead">256 MB read.</param>
public sealed record MachineCeilings(
    Spread TorchGemmF32,
    Spread OwnGemmF32,
    Spread TorchGemmBf16,
    Spread OwnGemmBf16,
    Spread MemoryCopy,
    Spread MemoryRead
)
{
    // The best seen, not the median: a ceiling is what can be reached, and disturbance only ever takes away.

    [JsonIgnore]
    public double FlopsPerSecond => 1e9 * Math.Max(TorchGemmF32.Most, OwnGemmF32.Most);

    /// <param name="type">"f32" or "bf16".</param>
    public double FlopsPerSecondIn(string type) => type == "bf16" ? 1e9 * Math.Max(TorchGemmBf16.Most, OwnGemmBf16.Most) : FlopsPerSecond;

    [JsonIgnore]
    public double BytesPerSecond => 1e9 * Math.Max(MemoryCopy.Most, MemoryRead.Most);
}
