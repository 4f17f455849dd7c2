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

    public static void Apply()
    {
        if (OperatingSystem.IsLinux())
        {
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

    [LibraryImport("libc", EntryPoint = "mallopt")]
    private static partial int Mallopt(int parameter, int value);
}
