using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Attune.Models.Tests.Gguf;

/// <summary>
/// llama.cpp's programs, an implementation that knows nothing of this one. ATTUNE_LLAMACPP names the folder they lie in, or the root of a
/// system that has them in usr/bin (reached by chroot).
/// </summary>
internal sealed partial class LlamaCpp
{
    private readonly string _place;
    private readonly bool _isRoot;

    private LlamaCpp(string place) => (_place, _isRoot) = (place, File.Exists(Path.Combine(place, "usr/bin/llama-server")));

    public static LlamaCpp Require()
    {
        var place = Environment.GetEnvironmentVariable("ATTUNE_LLAMACPP");
        Assert.SkipUnless(
            place is not null,
            "llama.cpp is not here: set ATTUNE_LLAMACPP to the folder of its programs (llama-server, llama-perplexity), or to "
                + "a root that has them in usr/bin."
        );
        var found = new LlamaCpp(place!);
        Assert.True(
            found._isRoot || File.Exists(Path.Combine(place!, "llama-server")),
            $"ATTUNE_LLAMACPP is {place}, which has no llama-server."
        );
        return found;
    }

    /// <summary>A folder that the programs can read, and its name as they see it.</summary>
    public (string Here, string There) Folder()
    {
        var name = "attune-test-" + Guid.NewGuid().ToString("N");
        var here = Directory.CreateDirectory(Path.Combine(_isRoot ? Path.Combine(_place, "tmp") : Path.GetTempPath(), name)).FullName;
        return (here, _isRoot ? "/tmp/" + name : here);
    }

    /// <summary>
    /// The perplexity that llama-perplexity measures over the second halves of windows, and of how many. The last lines are lost now and
    /// then: its log does not wait.
    /// </summary>
    public (double Value, int Windows) Perplexity(string model, string text, int window)
    {
        using var process = Start(
            "llama-perplexity",
            "-m",
            model,
            "-f",
            text,
            "-c",
            window.ToString(CultureInfo.InvariantCulture),
            "-b",
            window.ToString(CultureInfo.InvariantCulture),
            "-t",
            "2",
            "--no-warmup"
        );
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd() + errors.Result;
        process.WaitForExit();
        var match = Running().Matches(output).LastOrDefault() ?? Match.Empty;
        Assert.True(match.Success, $"exit code {process.ExitCode}: " + output[^Math.Min(output.Length, 2000)..]);
        return (
            double.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture),
            int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)
        );
    }

    public Server Serve(string model, int context)
    {
        int port;
        using (var probe = new TcpListener(IPAddress.Loopback, 0))
        {
            probe.Start();
            port = ((IPEndPoint)probe.LocalEndpoint).Port;
        }

        return new Server(
            Start(
                "llama-server",
                "-m",
                model,
                "-c",
                context.ToString(CultureInfo.InvariantCulture),
                "--port",
                port.ToString(CultureInfo.InvariantCulture),
                "--host",
                "127.0.0.1",
                "-t",
                "2",
                "--jinja",
                "-np",
                "1",
                "-ctk",
                "f32",
                "-ctv",
                "f32",
                "-fa",
                "off"
            ),
            port
        );
    }

    private Process Start(string program, params string[] arguments)
    {
        string[] command = _isRoot ? ["chroot", _place, program, .. arguments] : [Path.Combine(_place, program), .. arguments];
        return Process.Start(
            new ProcessStartInfo(command[0], command[1..])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                UseShellExecute = false,
            }
        )!;
    }

    [GeneratedRegex(@"\[([0-9]+)\]([0-9]+\.[0-9]{4}),")]
    private static partial Regex Running();

    internal sealed class Server(Process process, int port) : IDisposable
    {
        private readonly HttpClient _http = new() { BaseAddress = new Uri($"http://127.0.0.1:{port}/") };
        private readonly Task _quiet = Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());

        public async Task<JsonElement> AskAsync(string path, object question)
        {
            for (var attempt = 0; ; attempt++)
            {
                try
                {
                    using var answer = await _http.PostAsJsonAsync(path, question, TestContext.Current.CancellationToken);
                    if (answer.StatusCode != HttpStatusCode.ServiceUnavailable || attempt > 300)
                    {
                        return await answer.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
                    }
                }
                catch (HttpRequestException) when (attempt <= 300 && !process.HasExited)
                {
                    // Still loading.
                }

                await Task.Delay(100, TestContext.Current.CancellationToken);
            }
        }

        public void Dispose()
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
            _quiet.Wait(TimeSpan.FromSeconds(5));
            process.Dispose();
            _http.Dispose();
        }
    }
}
