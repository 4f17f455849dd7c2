using System.Runtime.InteropServices;

namespace Attune.Numerics.Kernels;

/// <summary>Zeroed 32-bit floats outside the managed heap, aligned to a cache line, freed by <see cref="Dispose"/>.</summary>
public sealed unsafe class NativeBuffer : IDisposable
{
    private const nuint CacheLine = 64;

    public NativeBuffer(long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        Length = length;
        var bytes = checked((nuint)Math.Max(length, 16) * sizeof(float));
        Start = (float*)NativeMemory.AlignedAlloc(bytes, CacheLine);
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

    private void Free()
    {
        NativeMemory.AlignedFree(Start);
        Start = null;
    }
}
