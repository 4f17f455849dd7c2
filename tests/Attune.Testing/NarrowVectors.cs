using System.Diagnostics;
using Xunit;

namespace Attune.Testing;

/// <summary>Runs tests again in a process that does not use the processor's widest vectors.</summary>
public static class NarrowVectors
{
    /// <summary>Settings of the runtime; "0" switches the vectors off.</summary>
    public const string Without512 = "DOTNET_EnableAVX512",
        Without256 = "DOTNET_EnableAVX2";

    /// <summary>Whether this process is such a run.</summary>
    public static bool IsOff(string setting) => Environment.GetEnvironmentVariable(setting) == "0";

    /// <summary>Runs some of this program's test classes without the vectors, and requires that all pass.</summary>
    /// <returns>What the run printed, the total last.</returns>
    public static async Task<string> RunAsync(string setting, CancellationToken cancel, params Type[] classes)
    {
        // Beside the assembly, also where `dotnet test` has loaded that into a process of its own.
        var program = Path.ChangeExtension(classes[0].Assembly.Location, OperatingSystem.IsWindows() ? "exe" : null);
        Assert.True(File.Exists(program), $"The program of these tests is expected at {program}.");
        var start = new ProcessStartInfo(program, classes.SelectMany(c => new[] { "-class", c.FullName! }))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment[setting] = "0";
        // Beside other tests, threads that wait for each other cost more than they gain.
        start.Environment["OMP_NUM_THREADS"] = "1";
        start.Environment["DOTNET_PROCESSOR_COUNT"] = "1";
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync(cancel);
        var output = await process.StandardOutput.ReadToEndAsync(cancel);
        await process.WaitForExitAsync(cancel);
        Assert.True(process.ExitCode == 0, output + await errors);
        return output;
    }
}
