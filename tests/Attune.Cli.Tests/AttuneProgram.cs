using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Attune.Cli.Tests;

/// <summary>The real program: as a second process, or its commands in this one.</summary>
internal sealed class AttuneProgram : IDisposable
{
    /// <summary>Working folder and console are the process's: one command at a time.</summary>
    private static readonly SemaphoreSlim Turn = new(1);

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _errors = new();
    private readonly Process _process;

    private AttuneProgram(ProcessStartInfo start)
    {
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Collect(_output, line.Data);
        _process.ErrorDataReceived += (_, line) => Collect(_errors, line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public static string Path { get; } =
        System.IO.Path.GetFullPath(
            System.IO.Path.Combine(
                AppContext.BaseDirectory,
                "..",
                "..",
                "Attune.Cli",
                new DirectoryInfo(AppContext.BaseDirectory).Name,
                OperatingSystem.IsWindows() ? "Attune.Cli.exe" : "Attune.Cli"
            )
        );

    public bool HasExited => _process.HasExited;

    public StreamWriter Input => _process.StandardInput;

    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    public string Errors
    {
        get
        {
            lock (_errors)
            {
                return _errors.ToString();
            }
        }
    }

    /// <param name="folder">Where the program works.</param>
    public static AttuneProgram Start(string folder, params string[] arguments) => new(StartInfo(folder, arguments));

    private static string Processors { get; } = Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture);

    // A script's background job ignores SIGINT, its children inherit that, and no handler of theirs is ever called: env gives the default
    // back.
    private static ProcessStartInfo StartInfo(string folder, string[] arguments) =>
        new(OperatingSystem.IsLinux() ? "env" : Path, OperatingSystem.IsLinux() ? ["--default-signal=INT", Path, .. arguments] : arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
            // As many threads as commands have in this process: results are compared to the bit.
            Environment = { ["OMP_NUM_THREADS"] = Processors, ["DOTNET_PROCESSOR_COUNT"] = Processors },
        };

    /// <summary>Runs a command to its end, with nothing to read, in this process: loading libtorch again takes most of a second.</summary>
    public static Outcome Run(string folder, params string[] arguments)
    {
        Turn.Wait(TestContext.Current.CancellationToken);
        var former = Directory.GetCurrentDirectory();
        try
        {
            Directory.SetCurrentDirectory(folder);
            using var output = new StringWriter { NewLine = "\n" };
            using var errors = new StringWriter { NewLine = "\n" };
            var code = CommandLine.RunAsync(arguments, TextReader.Null, output, errors).GetAwaiter().GetResult();
            return new Outcome(code, output.ToString(), errors.ToString());
        }
        finally
        {
            Directory.SetCurrentDirectory(former);
            Turn.Release();
        }
    }

    /// <summary>Runs to the end as a second process.</summary>
    public static Outcome RunApart(string folder, params string[] arguments) => RunWithInput(folder, "", arguments);

    public static Outcome RunWithInput(string folder, string input, params string[] arguments)
    {
        using var program = Start(folder, arguments);
        program.Input.Write(input);
        program.Input.Close();
        return program.WaitForEnd();
    }

    public Outcome WaitForEnd()
    {
        Assert.True(_process.WaitForExit(Patience), $"the program does not end; so far it said: {Errors}");
        _process.WaitForExit(); // also for the last line of its output
        return new Outcome(_process.ExitCode, _output.ToString(), Errors);
    }

    /// <summary>Waits for a moment of the run, looking every millisecond: without pause, it would take a core from the program.</summary>
    /// <returns>False where the run ended before.</returns>
    public bool WaitUntil(Func<bool> moment)
    {
        var clock = Stopwatch.StartNew();
        while (!moment())
        {
            if (_process.HasExited)
            {
                return false;
            }

            Assert.True(clock.Elapsed < Patience, $"the awaited moment never came; the program said: {Errors}");
            Thread.Sleep(1);
        }

        return true;
    }

    /// <summary>SIGKILL: no handler runs, nothing is flushed.</summary>
    public void Kill()
    {
        _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
    }

    /// <summary>What Ctrl-C sends.</summary>
    public void Interrupt()
    {
        using var kill = Process.Start("kill", ["-INT", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            Kill();
        }

        _process.Dispose();
    }

    private static void Collect(StringBuilder text, string? line)
    {
        if (line is not null)
        {
            lock (text)
            {
                text.Append(line).Append('\n');
            }
        }
    }
}

/// <summary>How a run of the program ended.</summary>
internal sealed record Outcome(int ExitCode, string Output, string Errors)
{
    /// <summary>The run went well, and its output holds these words.</summary>
    public Outcome Succeeded(params string[] words)
    {
        Assert.True(ExitCode == 0, $"exit code {ExitCode}: {Errors}");
        foreach (var word in words)
        {
            Assert.Contains(word, Output, StringComparison.Ordinal);
        }

        return this;
    }

    /// <summary>A user's mistake: exit code 2, one message on standard error that holds these words, and no stack trace.</summary>
    public Outcome Refused(params string[] words)
    {
        Assert.True(ExitCode == 2, $"exit code {ExitCode}, expected 2: {Errors}");
        Assert.Empty(Output);
        Assert.DoesNotContain("   at ", Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", Errors, StringComparison.Ordinal);
        Assert.Single(Errors.Split('\n'), line => line == "error");
        foreach (var word in words)
        {
            Assert.Contains(word, Errors, StringComparison.Ordinal);
        }

        return this;
    }
}
