using System.Runtime.InteropServices;
using Attune.Core;
using TorchSharp;

namespace Attune.Cli.Native;

/// <summary>What must happen before the first tensor: allocator settings, and a clear message if libtorch cannot be loaded.</summary>
internal static partial class NativeSetup
{
    // glibc's names: malloc.h. Large tensors come from the heap instead of fresh mappings, whose page faults cost 0.3 s a step on a
    // model of 124M parameters (docs/native-libraries.md).
    private const int TrimThreshold = -1;
    private const int TopPad = -2;
    private const int MmapMax = -4;
    private const int ArenaMax = -8;

    // Turns of GNU OpenMP's waiting loop, some 10 microseconds, before an idle thread goes to sleep. Its default of 300,000
    // keeps processors from other programs, and from the thread that all wait for: with as many busy programs as processors an update
    // takes three times as long (docs/speed.md).
    private const string SpinCount = "1000";

    public static void Apply()
    {
        if (OperatingSystem.IsLinux())
        {
            if (Environment.GetEnvironmentVariable("OMP_WAIT_POLICY") is null)
            {
                // libtorch's OpenMP reads the C library's environment, which .NET does not change.
                _ = SetEnvironment("GOMP_SPINCOUNT", SpinCount, overwrite: 0);
            }

            try
            {
                _ = Mallopt(MmapMax, 0);
                _ = Mallopt(TrimThreshold, -1);
                _ = Mallopt(TopPad, 256 << 20);
                _ = Mallopt(ArenaMax, 1);
            }
            catch (EntryPointNotFoundException)
            {
                // musl has no mallopt; only speed is lost.
            }
        }
    }

    /// <summary>Loads libtorch, or explains why it cannot.</summary>
    /// <exception cref="AttuneException">With the loader's own reason, which TorchSharp's message hides.</exception>
    public static void LoadTorch()
    {
        try
        {
            torch.set_num_threads(Environment.ProcessorCount);
        }
        catch (Exception problem) when (problem is TypeInitializationException or DllNotFoundException or NotSupportedException)
        {
            throw new AttuneException($"libtorch could not be loaded: {Reason()} See docs/native-libraries.md.", problem);
        }
    }

    private static string Reason()
    {
        var library = Path.Combine(
            AppContext.BaseDirectory,
            OperatingSystem.IsWindows() ? "LibTorchSharp.dll"
                : OperatingSystem.IsMacOS() ? "libLibTorchSharp.dylib"
                : "libLibTorchSharp.so"
        );
        try
        {
            NativeLibrary.Load(library);
            return "the wrapper loads, but libtorch does not.";
        }
        catch (DllNotFoundException problem)
        {
            return problem.Message.ReplaceLineEndings(" ");
        }
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironment(string name, string value, int overwrite);

    [LibraryImport("libc", EntryPoint = "mallopt")]
    private static partial int Mallopt(int parameter, int value);
}
