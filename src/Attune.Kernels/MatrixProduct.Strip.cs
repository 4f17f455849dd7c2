using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Attune.Kernels;

/// <summary>The tile on registers of 256 bits, of which there are sixteen: strips of 16 columns, one after the other.</summary>
public static unsafe partial class MatrixProduct
{
    private const int NarrowStrip = 16;

    /// <summary>
    /// tile[r][j] = sum over k of a[r * row + k * step] * strip[k * next + j]: six rows of 16 sums, rows beyond <paramref name="rows"/>
    /// being copies. 6 x 2 sums, 2 of the right factor and a broadcast of the left fill 15 of 16 registers.
    /// </summary>
    /// <param name="tile">[6][64], of which 16 columns are written</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void StripTile(float* a, nint row, nint step, int rows, float* strip, nint next, int inner, float* tile)
    {
        var last = rows - 1;
        nint r1 = Math.Min(1, last) * row,
            r2 = Math.Min(2, last) * row,
            r3 = Math.Min(3, last) * row,
            r4 = Math.Min(4, last) * row,
            r5 = Math.Min(5, last) * row;
        Gemm.TwoEights s0 = default,
            s1 = default,
            s2 = default,
            s3 = default,
            s4 = default,
            s5 = default;
        for (var k = 0; k < inner; k++, a += step, strip += next)
        {
            var w0 = Vector256.Load(strip);
            var w1 = Vector256.Load(strip + 8);
            s0.Add(a[0], w0, w1);
            s1.Add(a[r1], w0, w1);
            s2.Add(a[r2], w0, w1);
            s3.Add(a[r3], w0, w1);
            s4.Add(a[r4], w0, w1);
            s5.Add(a[r5], w0, w1);
        }

        s0.Store(tile);
        s1.Store(tile + Panel);
        s2.Store(tile + 2 * Panel);
        s3.Store(tile + 3 * Panel);
        s4.Store(tile + 4 * Panel);
        s5.Store(tile + 5 * Panel);
    }
}
