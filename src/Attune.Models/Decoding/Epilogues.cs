using System.Numerics;
using Attune.Numerics.Kernels;

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
                (Vector.Load(to + i) + (Vector.Load(tile + row * PackedMatrix.Panel + i) + Vector.Load(bias + panel * PackedMatrix.Panel + i))).Store(to + i);
            }
        }
    }
}

/// <summary>target = gelu(tile + bias)</summary>
internal readonly unsafe struct GeluWithBias(float* target, int stride, float* bias) : ITileEpilogue
{
    public void Finish(float* tile, int firstRow, int rows, int panel)
    {
        for (var row = 0; row < rows; row++)
        {
            var to = target + (long)(firstRow + row) * stride + panel * PackedMatrix.Panel;
            for (var i = 0; i < PackedMatrix.Panel; i += Vector<float>.Count)
            {
                VectorMath.Gelu(Vector.Load(tile + row * PackedMatrix.Panel + i) + Vector.Load(bias + panel * PackedMatrix.Panel + i)).Store(to + i);
            }
        }
    }
}

/// <summary>target = silu(gates of the tile) * values of the tile (<see cref="PanelOrder.Gated"/>)</summary>
internal readonly unsafe struct SwiGlu(float* target, int stride) : ITileEpilogue
{
    private const int Half = PackedMatrix.Panel / 2;

    public void Finish(float* tile, int firstRow, int rows, int panel)
    {
        for (var row = 0; row < rows; row++)
        {
            var to = target + (long)(firstRow + row) * stride + panel * Half;
            var from = tile + row * PackedMatrix.Panel;
            for (var i = 0; i < Half; i += Vector<float>.Count)
            {
                (VectorMath.Silu(Vector.Load(from + i)) * Vector.Load(from + Half + i)).Store(to + i);
            }
        }
    }
}
