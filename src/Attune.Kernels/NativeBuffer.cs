using System.Runtime.InteropServices;

namespace Attune.Kernels;

/// <summary>Zeroed 32-bit floats outside the managed heap, aligned to a cache line, freed by <see cref="Dispose"/>.</summary>
public sealed unsafe partial class NativeBuffer : IDisposable
{
    private const nuint CacheLine = 64;
    private const nuint HugePage = 2 << 20;

    public NativeBuffer(long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        Length = length;
        var bytes = checked((nuint)Math.Max(length, 16) * sizeof(float));
        // A cache of keys and values is walked in thousands of short stretches: on pages of 4 KB half the time goes to finding them.
        var isLarge = bytes >= HugePage / 2;
        bytes = isLarge ? (bytes + HugePage - 1) / HugePage * HugePage : bytes;
        Start = (float*)NativeMemory.AlignedAlloc(bytes, isLarge ? HugePage : CacheLine);
        if (isLarge && OperatingSystem.IsLinux())
        {
            _ = AdviseMemory((nint)Start, bytes, HugePages);
        }

        NativeMemory.Clear(Start, bytes);
    }

    ~NativeBuffer() => Free();

    public float* Start { get; private set; }

    /// <summary>Floats.</summary>
    public long Length { get; }

    public Span<float> Span(long start, int length)
    {
        ObjectDisposedException.ThrowIf(Start is null, this);
        if (start < 0 || length < 0 || start > Length - length)
        {
            throw new ArgumentOutOfRangeException(nameof(start), $"{start} to {start + length} lies outside the buffer's {Length} floats.");
        }

        return new Span<float>(Start + start, length);
    }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private const int HugePages = 14; // MADV_HUGEPAGE

    // Advice only: where the system has no huge pages, it does nothing.
    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int AdviseMemory(nint start, nuint length, int advice);

    private void Free()
    {
        NativeMemory.AlignedFree(Start);
        Start = null;
    }
}
