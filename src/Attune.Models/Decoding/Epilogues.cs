using System.Numerics;
using Attune.Kernels;

namespace Attune.Models.Decoding;

// Each target row is as long as the panels are, so that whole tiles can be stored without looking where the matrix ends.

/// <summary>target = tile + bias</summary>
internal readonly unsafe struct StoreWithBias(float* target, int stride, float* bias) : ITileEpilogue
{
    public void Finish(float* tile, int firstRow, int rows, int panel)
    {
        for (var row = 0; row < rows; row++)
        {
            var to = target + (long)(firstRow + row) * stride + panel * PackedMatrix.Panel;
            for (var i = 0; i < PackedMatrix.Panel; i += Vector<float>.Count)
            {
                (Vector.Load(tile + row * PackedMatrix.Panel + i) + Vector.Load(bias + panel * PackedMatrix.Panel + i)).Store(to + i);
            }
        }
    }
}

/// <summary>target += tile + bias</summary>
internal readonly unsafe struct AddWithBias(float* target, int stride, float* bias) : ITileEpilogue
{
    public void Finish(float* tile, int firstRow, int rows, int panel)
    {
        for (var row = 0; row < rows; row++)
        {
            var to = target + (long)(firstRow + row) * stride + panel * PackedMatrix.Panel;
            for (var i = 0; i < PackedMatrix.Panel; i += Vector<float>.Count)
            {
                (
                    Vector.Load(to + i)
                    + (Vector.Load(tile + row * PackedMatrix.Panel + i) + Vector.Load(bias + panel * PackedMatrix.Panel + i))
                ).Store(to + i);
            }
        }
    }
}

/// <summary>target = gelu(tile + bias)</summary>
/// <param name="type">In bfloat16 the target's rows become rounded, each in its first half.</param>
internal readonly unsafe struct GeluWithBias(float* target, int stride, float* bias, KernelType type) : ITileEpilogue
{
    public void Finish(float* tile, int firstRow, int rows, int panel)
    {
        for (var row = 0; row < rows; row++)
        {
            var from = tile + row * PackedMatrix.Panel;
            for (var i = 0; i < PackedMatrix.Panel; i += Vector<float>.Count)
            {
                VectorMath.Gelu(Vector.Load(from + i) + Vector.Load(bias + panel * PackedMatrix.Panel + i)).Store(from + i);
            }

            Activations.Store(from, PackedMatrix.Panel, target + (long)(firstRow + row) * stride, panel * PackedMatrix.Panel, type);
        }
    }
}

/// <summary>target = silu(gates of the tile + bias) * (values of the tile + bias) (<see cref="PanelOrder.Gated"/>)</summary>
/// <param name="bias">In the order of the panels.</param>
/// <param name="type">In bfloat16 the target's rows become rounded, each in its first half.</param>
internal readonly unsafe struct SwiGluEpilogue(float* target, int stride, float* bias, KernelType type) : ITileEpilogue
{
    private const int Half = PackedMatrix.Panel / 2;

    public void Finish(float* tile, int firstRow, int rows, int panel)
    {
        var own = bias + panel * PackedMatrix.Panel;
        for (var row = 0; row < rows; row++)
        {
            var from = tile + row * PackedMatrix.Panel;
            for (var i = 0; i < Half; i += Vector<float>.Count)
            {
                var gates = Vector.Load(from + i) + Vector.Load(own + i);
                (VectorMath.Silu(gates) * (Vector.Load(from + Half + i) + Vector.Load(own + Half + i))).Store(from + i);
            }

            Activations.Store(from, Half, target + (long)(firstRow + row) * stride, panel * Half, type);
        }
    }
}

/// <summary>target = gelu(gates of the tile + bias) * (values of the tile + bias) (<see cref="PanelOrder.Gated"/>)</summary>
/// <param name="bias">In the order of the panels.</param>
/// <param name="type">In bfloat16 the target's rows become rounded, each in its first half.</param>
internal readonly unsafe struct GeGluEpilogue(float* target, int stride, float* bias, KernelType type) : ITileEpilogue
{
    private const int Half = PackedMatrix.Panel / 2;

    public void Finish(float* tile, int firstRow, int rows, int panel)
    {
        var own = bias + panel * PackedMatrix.Panel;
        for (var row = 0; row < rows; row++)
        {
            var from = tile + row * PackedMatrix.Panel;
            for (var i = 0; i < Half; i += Vector<float>.Count)
            {
                var gates = Vector.Load(from + i) + Vector.Load(own + i);
                (VectorMath.Gelu(gates) * (Vector.Load(from + Half + i) + Vector.Load(own + Half + i))).Store(from + i);
            }

            Activations.Store(from, Half, target + (long)(firstRow + row) * stride, panel * Half, type);
        }
    }
}

/// <summary>Rows that are going to be multiplied, in the type they are multiplied in.</summary>
internal static unsafe class Activations
{
    /// <summary>Writes part of a row.</summary>
    /// <param name="column">Where in the row, counted in numbers.</param>
    internal static void Store(float* source, int count, float* row, int column, KernelType type)
    {
        if (type == KernelType.BF16)
        {
            BFloat16.Round(source, (ushort*)row + column, count);
        }
        else
        {
            new ReadOnlySpan<float>(source, count).CopyTo(new Span<float>(row + column, count));
        }
    }

    /// <summary>Brings a row that was written in 32 bits into its type. The kernel reads pairs: an odd one's partner is zero.</summary>
    internal static void Convert(float* row, int count, KernelType type)
    {
        if (type == KernelType.BF16)
        {
            BFloat16.Round(row, (ushort*)row, count);
            ((ushort*)row)[count] = 0;
        }
    }
}
