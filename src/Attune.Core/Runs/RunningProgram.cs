using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;

namespace Attune.Core.Runs;

/// <summary>What a result says of the program and the machine that it came from.</summary>
public static class RunningProgram
{
    private static readonly string[] Build = (
        typeof(RunningProgram).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? ""
    ).Split('+');

    /// <summary>Of Attune, without the commit: "1.2.0".</summary>
    public static string Version { get; } = Build[0];

    /// <summary>Of the sources that it was built from; null where the build did not know.</summary>
    public static string? Commit { get; } = Build.Length > 1 ? Build[1] : null;

    /// <summary>The class of machine, not its name or place: "2 processors, 23 GiB, Debian GNU/Linux 12".</summary>
    public static string Machine { get; } =
        string.Create(
            CultureInfo.InvariantCulture,
            $"{Environment.ProcessorCount} processors, {GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 30} GiB, "
                + $"{RuntimeInformation.OSDescription}"
        );
}
