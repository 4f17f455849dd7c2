using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Attune.Kernels;

/// <summary>Turns squares of 16 by 16 numbers in registers, by rounds of exchanges between pairs of rows.</summary>
internal static unsafe class SquareTranspose
{
    /// <summary>target[j][i] = source[i][j]</summary>
    public static void Run(float* source, long sourceStride, float* target, long targetStride)
    {
        if (Avx512F.IsSupported)
        {
            Wide(source, sourceStride, target, targetStride);
            return;
        }

        for (var i = 0; i < 16; i += 8)
        {
            for (var j = 0; j < 16; j += 8)
            {
                Eight(source + i * sourceStride + j, sourceStride, target + j * targetStride + i, targetStride);
            }
        }
    }

    /// <summary>A square of eight by eight.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Eight(float* source, long sourceStride, float* target, long targetStride)
    {
        if (!Avx.IsSupported)
        {
            for (var i = 0; i < 8; i++)
            {
                for (var j = 0; j < 8; j++)
                {
                    target[j * targetStride + i] = source[i * sourceStride + j];
                }
            }

            return;
        }

        // Rows i and i + 4 share a register, so that four by four numbers are all that is left to turn.
        var (r0, r1) = (Joined(source, sourceStride, 0, 0), Joined(source, sourceStride, 1, 0));
        var (r2, r3) = (Joined(source, sourceStride, 2, 0), Joined(source, sourceStride, 3, 0));
        Four(r0, r1, r2, r3, target, targetStride);
        (r0, r1) = (Joined(source, sourceStride, 0, 4), Joined(source, sourceStride, 1, 4));
        (r2, r3) = (Joined(source, sourceStride, 2, 4), Joined(source, sourceStride, 3, 4));
        Four(r0, r1, r2, r3, target + 4 * targetStride, targetStride);
    }

    /// <summary>Four numbers of a row, and beside them those of the row four below.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Joined(float* source, long stride, int row, int column) =>
        Vector256.Create(Vector128.Load(source + row * stride + column), Vector128.Load(source + (row + 4) * stride + column));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Four(Vector256<float> r0, Vector256<float> r1, Vector256<float> r2, Vector256<float> r3, float* target, long stride)
    {
        var (low01, high01) = (Avx.UnpackLow(r0, r1).AsDouble(), Avx.UnpackHigh(r0, r1).AsDouble());
        var (low23, high23) = (Avx.UnpackLow(r2, r3).AsDouble(), Avx.UnpackHigh(r2, r3).AsDouble());
        Avx.UnpackLow(low01, low23).AsSingle().Store(target);
        Avx.UnpackHigh(low01, low23).AsSingle().Store(target + stride);
        Avx.UnpackLow(high01, high23).AsSingle().Store(target + 2 * stride);
        Avx.UnpackHigh(high01, high23).AsSingle().Store(target + 3 * stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Wide(float* source, long sourceStride, float* target, long targetStride)
    {
        var room = stackalloc float[256 + 16];
        var rows = (float*)(((nint)room + 63) & ~(nint)63);
        // Four rows at a time: within each group of four columns, four by four numbers are turned.
        for (var i = 0; i < 4; i++)
        {
            var from = source + 4 * i * sourceStride;
            var (r0, r1) = (Vector512.Load(from), Vector512.Load(from + sourceStride));
            var (r2, r3) = (Vector512.Load(from + 2 * sourceStride), Vector512.Load(from + 3 * sourceStride));
            var (low01, high01) = (Avx512F.UnpackLow(r0, r1).AsDouble(), Avx512F.UnpackHigh(r0, r1).AsDouble());
            var (low23, high23) = (Avx512F.UnpackLow(r2, r3).AsDouble(), Avx512F.UnpackHigh(r2, r3).AsDouble());
            // Of the columns 4g + 0, 1, 2, 3, for g in the four 128-bit lanes.
            Avx512F.UnpackLow(low01, low23).AsSingle().Store(rows + 16 * (4 * i));
            Avx512F.UnpackHigh(low01, low23).AsSingle().Store(rows + 16 * (4 * i + 1));
            Avx512F.UnpackLow(high01, high23).AsSingle().Store(rows + 16 * (4 * i + 2));
            Avx512F.UnpackHigh(high01, high23).AsSingle().Store(rows + 16 * (4 * i + 3));
        }

        // Lane g of the four groups' vectors for column remainder c is, side by side, column 4g + c.
        for (var c = 0; c < 4; c++)
        {
            var (a, b) = (Vector512.Load(rows + 16 * c), Vector512.Load(rows + 16 * (4 + c)));
            var (d, e) = (Vector512.Load(rows + 16 * (8 + c)), Vector512.Load(rows + 16 * (12 + c)));
            var (ab02, ab13) = (Avx512F.Shuffle4x128(a, b, 0x88), Avx512F.Shuffle4x128(a, b, 0xDD));
            var (de02, de13) = (Avx512F.Shuffle4x128(d, e, 0x88), Avx512F.Shuffle4x128(d, e, 0xDD));
            Avx512F.Shuffle4x128(ab02, de02, 0x88).Store(target + c * targetStride);
            Avx512F.Shuffle4x128(ab13, de13, 0x88).Store(target + (4 + c) * targetStride);
            Avx512F.Shuffle4x128(ab02, de02, 0xDD).Store(target + (8 + c) * targetStride);
            Avx512F.Shuffle4x128(ab13, de13, 0xDD).Store(target + (12 + c) * targetStride);
        }
    }
}
