using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Attune.Kernels;

public static unsafe partial class MatrixProduct
{
    /// <summary>
    /// <see cref="WideTile"/> where the first 32 columns of the panel alone are wanted: even and odd terms are summed apart, so that the
    /// sums fill the registers again.
    /// </summary>
    /// <param name="tile">[6][64], whose right half is left as it is</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void HalfTile(float* a, nint row, nint step, int rows, float* panel, int inner, float* tile)
    {
        var last = rows - 1;
        nint r1 = Math.Min(1, last) * row,
            r2 = Math.Min(2, last) * row,
            r3 = Math.Min(3, last) * row,
            r4 = Math.Min(4, last) * row,
            r5 = Math.Min(5, last) * row;
        Pair s0 = default,
            s1 = default,
            s2 = default,
            s3 = default,
            s4 = default,
            s5 = default;
        Pair t0 = default,
            t1 = default,
            t2 = default,
            t3 = default,
            t4 = default,
            t5 = default;
        var from = panel;
        var k = 0;
        for (; k + 2 <= inner; k += 2, a += 2 * step, from += 2 * Panel)
        {
            var (w0, w1) = (Vector512.Load(from), Vector512.Load(from + 16));
            s0.Add(a[0], w0, w1);
            s1.Add(a[r1], w0, w1);
            s2.Add(a[r2], w0, w1);
            s3.Add(a[r3], w0, w1);
            s4.Add(a[r4], w0, w1);
            s5.Add(a[r5], w0, w1);
            var (v0, v1) = (Vector512.Load(from + Panel), Vector512.Load(from + Panel + 16));
            t0.Add(a[step], v0, v1);
            t1.Add(a[r1 + step], v0, v1);
            t2.Add(a[r2 + step], v0, v1);
            t3.Add(a[r3 + step], v0, v1);
            t4.Add(a[r4 + step], v0, v1);
            t5.Add(a[r5 + step], v0, v1);
        }

        if (k < inner)
        {
            var (w0, w1) = (Vector512.Load(from), Vector512.Load(from + 16));
            s0.Add(a[0], w0, w1);
            s1.Add(a[r1], w0, w1);
            s2.Add(a[r2], w0, w1);
            s3.Add(a[r3], w0, w1);
            s4.Add(a[r4], w0, w1);
            s5.Add(a[r5], w0, w1);
        }

        s0.Store(tile, t0);
        s1.Store(tile + Panel, t1);
        s2.Store(tile + 2 * Panel, t2);
        s3.Store(tile + 3 * Panel, t3);
        s4.Store(tile + 4 * Panel, t4);
        s5.Store(tile + 5 * Panel, t5);
    }

    /// <summary>Two vectors of sums.</summary>
    private struct Pair
    {
        private Vector512<float> _0,
            _1;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Add(float input, Vector512<float> w0, Vector512<float> w1)
        {
            var all = Vector512.Create(input);
            _0 = Vector512.FusedMultiplyAdd(all, w0, _0);
            _1 = Vector512.FusedMultiplyAdd(all, w1, _1);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Store(float* target, Pair odd)
        {
            (_0 + odd._0).Store(target);
            (_1 + odd._1).Store(target + 16);
        }
    }
}
