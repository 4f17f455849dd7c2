using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Attune.Kernels;

/// <summary>Turns squares of 16 by 16 numbers in registers, four rounds of exchanges between pairs of rows.</summary>
internal static unsafe class SquareTranspose
{
    /// <summary>target[j][i] = source[i][j]</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(float* source, long sourceStride, float* target, long targetStride)
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
