using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using TorchSharp;

namespace Attune.Bench.Benchmarks;

/// <summary>What figures were measured on: the class of machine and the versions, not its name or place.</summary>
/// <param name="Processors">Logical ones that this process may use.</param>
/// <param name="VectorBits">Widest vectors the runtime uses.</param>
/// <param name="TorchThreads">Threads libtorch computes with.</param>
public sealed record Machine(
    string Processor,
    int Processors,
    int VectorBits,
    double MemoryGb,
    string System,
    string Runtime,
    string Attune,
    string TorchSharp,
    int TorchThreads
)
{
    public static Machine Here() =>
        new(
            ProcessorName(),
            Environment.ProcessorCount,
            Vector512.IsHardwareAccelerated ? 512
                : Vector256.IsHardwareAccelerated ? 256
                : 128,
            Math.Round(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (double)(1 << 30), 1),
            $"{RuntimeInformation.OSDescription} {RuntimeInformation.OSArchitecture}",
            RuntimeInformation.FrameworkDescription,
            VersionOf(typeof(Machine)),
            VersionOf(typeof(torch)),
            torch.get_num_threads()
        );

    private static string ProcessorName()
    {
        const string CpuInfo = "/proc/cpuinfo";
        var line = File.Exists(CpuInfo)
            ? File.ReadLines(CpuInfo).FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))
            : null;
        return line?.Split(':', 2)[1].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString().ToLower(CultureInfo.InvariantCulture);
    }

    private static string VersionOf(Type type) =>
        type.Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0]
        ?? type.Assembly.GetName().Version!.ToString(3);
}
