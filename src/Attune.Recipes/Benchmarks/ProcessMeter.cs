using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Attune.Recipes.Benchmarks;

/// <summary>Memory and disturbance as Linux counts them; elsewhere nothing is told.</summary>
internal static partial class ProcessMeter
{
    private const string Status = "/proc/self/status";
    private const string Stat = "/proc/stat";

    /// <summary>Forgets the peak so far, and gives back what an earlier case freed, so that each case answers for itself.</summary>
    public static void ForgetPeak()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        try
        {
            _ = TrimHeap(0);
        }
        catch (EntryPointNotFoundException)
        {
            // musl: freed memory has gone back already.
        }

        try
        {
            File.WriteAllText("/proc/self/clear_refs", "5");      // proc(5): resets VmHWM
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            // Some containers forbid it; the peak is then that of the process so far, which is never too small.
        }
    }

    /// <summary>Most resident memory since <see cref="ForgetPeak"/>, MiB.</summary>
    public static double? PeakMemoryMb()
    {
        var line = File.Exists(Status) ? File.ReadLines(Status).FirstOrDefault(l => l.StartsWith("VmHWM:", StringComparison.Ordinal)) : null;
        return line is null ? null : Math.Round(double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024, 1);
    }

    /// <summary>Processor seconds so far: of the whole machine, idle ones included, and those that were not this process's.</summary>
    public static (double Machine, double Others)? Used()
    {
        if (!File.Exists(Stat))
        {
            return null;
        }

        // user nice system idle iowait irq softirq steal, in hundredths of a second
        var ticks = File.ReadLines(Stat).First().Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..9].Select(t => double.Parse(t, CultureInfo.InvariantCulture) / 100).ToArray();
        using var self = Process.GetCurrentProcess();
        return (ticks.Sum(), ticks.Sum() - ticks[3] - ticks[4] - self.TotalProcessorTime.TotalSeconds);
    }

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial int TrimHeap(nuint pad);
}
