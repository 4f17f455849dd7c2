using System.Diagnostics;

namespace Attune.Models.Tests;

/// <summary>
/// The kernels and the engine on processors with narrower vectors: their tests again, in a process that does not use the wide ones.
/// </summary>
public sealed class NarrowVectorTests
{
    internal const string Without512 = "DOTNET_EnableAVX512",
        Without256 = "DOTNET_EnableAVX2";

    [Theory]
    [InlineData(Without512)]
    [InlineData(Without256)]
    public async Task Kernels_and_engine_pass_their_tests_without_wide_vectors(string setting)
    {
        var program = Environment.ProcessPath!;
        Assert.SkipWhen(Path.GetFileNameWithoutExtension(program) == "dotnet", "Runs where the tests are a program of their own.");
        var start = new ProcessStartInfo(program, ["-class", typeof(KernelTests).FullName!, "-class", typeof(DecodeEngineTests).FullName!])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment[setting] = "0";
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, output + await errors);
        Assert.Matches("Total: [2-9][0-9]", output);
    }
}
