using System.Runtime.CompilerServices;

namespace Attune.Kernels;

public static unsafe partial class Gemm
{
    /// <summary>Four to six rows of 16 columns: 12 sums, 2 vectors of weights and a broadcast input fill 15 of 16 registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Slim<T, TRows>(float* a, int stride, float* words, int steps, float* tile, bool adds, float* fetch)
        where T : struct, IStripWeights
        where TRows : struct, ICount
    {
        TwoEights s0 = default,
            s1 = default,
            s2 = default,
            s3 = default,
            s4 = default,
            s5 = default;
        if (adds)
        {
            s0.Load(tile);
            s1.Load(tile + Panel);
            s2.Load(tile + 2 * Panel);
            s3.Load(tile + 3 * Panel);
            if (TRows.Count > 4)
            {
                s4.Load(tile + 4 * Panel);
            }
            if (TRows.Count > 5)
            {
                s5.Load(tile + 5 * Panel);
            }
        }

        var (two, three) = ((nint)2 * stride, (nint)3 * stride);
        for (var step = 0; step < steps; step++, a += T.PerStep, words += Panel, fetch += FloatsPerLine)
        {
            FetchLines(fetch, 1);
            var (w0, w1) = (T.First(words), T.First(words + 8));
            s0.Add(a[0], w0, w1);
            s1.Add(a[stride], w0, w1);
            s2.Add(a[two], w0, w1);
            s3.Add(a[three], w0, w1);
            if (TRows.Count > 4)
            {
                s4.Add(a[2 * two], w0, w1);
            }
            if (TRows.Count > 5)
            {
                s5.Add(a[two + three], w0, w1);
            }
            if (T.PerStep > 1)
            {
                (w0, w1) = (T.Second(words), T.Second(words + 8));
                s0.Add(a[1], w0, w1);
                s1.Add(a[stride + 1], w0, w1);
                s2.Add(a[two + 1], w0, w1);
                s3.Add(a[three + 1], w0, w1);
                if (TRows.Count > 4)
                {
                    s4.Add(a[2 * two + 1], w0, w1);
                }
                if (TRows.Count > 5)
                {
                    s5.Add(a[two + three + 1], w0, w1);
                }
            }
        }

        s0.Store(tile);
        s1.Store(tile + Panel);
        s2.Store(tile + 2 * Panel);
        s3.Store(tile + 3 * Panel);
        if (TRows.Count > 4)
        {
            s4.Store(tile + 4 * Panel);
        }
        if (TRows.Count > 5)
        {
            s5.Store(tile + 5 * Panel);
        }
    }
}
