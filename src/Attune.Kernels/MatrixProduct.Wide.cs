using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Attune.Kernels;

/// <summary>The tile on registers of 512 bits, of which there are 32: whole panels of 64 columns.</summary>
public static unsafe partial class MatrixProduct
{
    /// <summary>
    /// tile[r][j] = sum over k of a[r * row + k * step] * panel[k][j]: six rows of 64 sums, rows beyond <paramref name="rows"/> being
    /// copies. 6 x 4 sums, 4 of the right factor and a broadcast of the left fill 29 of 32 registers.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WideTile(float* a, nint row, nint step, int rows, float* panel, int inner, float* tile)
    {
        var last = rows - 1;
        nint r1 = Math.Min(1, last) * row,
            r2 = Math.Min(2, last) * row,
            r3 = Math.Min(3, last) * row,
            r4 = Math.Min(4, last) * row,
            r5 = Math.Min(5, last) * row;
        Quad s0 = default,
            s1 = default,
            s2 = default,
            s3 = default,
            s4 = default,
            s5 = default;
        for (var k = 0; k < inner; k++, a += step, panel += Panel)
        {
            var w0 = Vector512.Load(panel);
            var w1 = Vector512.Load(panel + 16);
            var w2 = Vector512.Load(panel + 32);
            var w3 = Vector512.Load(panel + 48);
            s0.Add(a[0], w0, w1, w2, w3);
            s1.Add(a[r1], w0, w1, w2, w3);
            s2.Add(a[r2], w0, w1, w2, w3);
            s3.Add(a[r3], w0, w1, w2, w3);
            s4.Add(a[r4], w0, w1, w2, w3);
            s5.Add(a[r5], w0, w1, w2, w3);
        }

        s0.Store(tile);
        s1.Store(tile + Panel);
        s2.Store(tile + 2 * Panel);
        s3.Store(tile + 3 * Panel);
        s4.Store(tile + 4 * Panel);
        s5.Store(tile + 5 * Panel);
    }

    /// <summary>Four vectors of sums.</summary>
    private struct Quad
    {
        private Vector512<float> _0,
            _1,
            _2,
            _3;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Add(float input, Vector512<float> w0, Vector512<float> w1, Vector512<float> w2, Vector512<float> w3)
        {
            var all = Vector512.Create(input);
            _0 = Vector512.FusedMultiplyAdd(all, w0, _0);
            _1 = Vector512.FusedMultiplyAdd(all, w1, _1);
            _2 = Vector512.FusedMultiplyAdd(all, w2, _2);
            _3 = Vector512.FusedMultiplyAdd(all, w3, _3);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Store(float* target)
        {
            _0.Store(target);
            _1.Store(target + 16);
            _2.Store(target + 32);
            _3.Store(target + 48);
        }
    }
}
