using System.Globalization;
using System.Runtime.InteropServices;

namespace Attune.Bench.Benchmarks;

/// <summary>Memory and disturbance as Linux counts them; elsewhere nothing is measured.</summary>
internal static partial class ProcessMeter
{
    private const string Status = "/proc/self/status";
    private const string Stat = "/proc/stat";
    private const string OwnStat = "/proc/self/stat";

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
            File.WriteAllText("/proc/self/clear_refs", "5"); // proc(5): resets VmHWM
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            // Some containers forbid it; the peak is then that of the process so far, which is never too small.
        }
    }

    /// <summary>Most resident memory since <see cref="ForgetPeak"/>, MiB.</summary>
    public static double? PeakMemoryMb()
    {
        var line = File.Exists(Status)
            ? File.ReadLines(Status).FirstOrDefault(l => l.StartsWith("VmHWM:", StringComparison.Ordinal))
            : null;
        return line is null
            ? null
            : Math.Round(double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024, 1);
    }

    /// <summary>
    /// Processor seconds so far: of the whole machine, idle ones included, and those used by others than this process and the
    /// programs it ran to their end.
    /// </summary>
    public static (double Machine, double Others)? Used()
    {
        if (!File.Exists(Stat) || !File.Exists(OwnStat))
        {
            return null;
        }

        // user nice system idle iowait irq softirq steal
        var machine = Seconds(File.ReadLines(Stat).First().Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..9]);
        // After the name in parentheses, which may hold anything: fields 3 and on; 14 to 17 are utime stime cutime cstime.
        var status = File.ReadAllText(OwnStat);
        var own = Seconds(status[(status.LastIndexOf(')') + 2)..].Split(' ')[11..15]);
        return (machine.Sum(), machine.Sum() - machine[3] - machine[4] - own.Sum());
    }

    /// <summary>The kernel counts in hundredths.</summary>
    private static double[] Seconds(string[] ticks) => [.. ticks.Select(t => double.Parse(t, CultureInfo.InvariantCulture) / 100)];

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial int TrimHeap(nuint pad);
}
