using System.Diagnostics;
using Attune.Testing;

namespace Attune.Packages.Tests;

/// <summary>All packages as build/pack.sh makes them, in a folder of the tests' own, and a home in which they are installed.</summary>
public sealed class LocalFeed : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();

    public string Packages => _folder.File("feed");

    public string Home => _folder.Path;

    public async ValueTask InitializeAsync()
    {
        var made = await RunAsync(Checkout.Root, Checkout.File("build", "pack.sh"), Packages);
        Assert.True(made.Code == 0, made.Output);
        // Restore asks the feed, and for what is not Attune's the packages that this machine's builds have restored already.
        var restored =
            Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        _folder.WriteText(
            "NuGet.config",
            $"""
            <configuration>
              <packageSources><clear /><add key="feed" value="{Packages}" /></packageSources>
              <fallbackPackageFolders><add key="restored" value="{restored}" /></fallbackPackageFolders>
            </configuration>
            """
        );
    }

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    public async Task<(int Code, string Output)> RunAsync(string folder, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // The test host's own settings of MSBuild are not for others.
        foreach (var name in start.Environment.Keys.Where(k => k.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToArray())
        {
            start.Environment.Remove(name);
        }

        if (folder != Checkout.Root)
        {
            start.Environment["NUGET_PACKAGES"] = Path.Combine(Home, "packages");
            start.Environment["DOTNET_CLI_HOME"] = Path.Combine(Home, "home");
        }

        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + await errors);
    }
}
