using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Attune.Kernels;

/// <summary>
/// The kernel for 256-bit registers, of which there are sixteen: 64 columns are computed in strips whose sums fill them. A strip runs
/// over so few steps that the panel's part stays in the first-level cache for the next strip. Each sum is accumulated over the inputs in
/// order, as on wide registers, so that the bits are the same.
/// </summary>
public static unsafe partial class Gemm
{
    // Steps of 256 bytes: 16 KB, half of a first-level cache.
    private const int StepsAtOnce = 64;

    /// <summary>How a panel's words are read.</summary>
    internal interface IStripWeights
    {
        /// <summary>Inputs of a word.</summary>
        static abstract int PerStep { get; }

        /// <summary>The weights of a step's first input.</summary>
        static abstract Vector256<float> First(float* words);

        /// <summary>Of its second; not called where there is none.</summary>
        static abstract Vector256<float> Second(float* words);
    }

    /// <param name="activations">[rows][stride] float32, also for bfloat16 weights</param>
    /// <param name="tile">[rows][64]</param>
    internal static void Strips<T>(float* activations, int stride, int rows, float* panel, int steps, float* tile, Prefetch fetch)
        where T : struct, IStripWeights
    {
        if (rows == 1)
        {
            Row<T>(activations, panel, steps, tile, fetch.LinesPerStep == 0 ? panel : fetch.From);
            return;
        }

        var ahead = fetch.From;
        for (var start = 0; start < steps; start += StepsAtOnce)
        {
            var count = Math.Min(StepsAtOnce, steps - start);
            var from = panel + (long)start * Panel;
            var a = activations + (long)start * T.PerStep;
            for (var column = 0; column < Panel; column += rows <= 3 ? 32 : 16)
            {
                // Each strip asks for a share of what is fetched; a strip without one asks for what is here already.
                var hasShare = column / 16 < fetch.LinesPerStep;
                Strip<T>(a, stride, rows, from + column, count, tile + column, start > 0, hasShare ? ahead : from);
                ahead += hasShare ? (long)count * (rows <= 3 ? 2 : 1) * FloatsPerLine : 0;
            }
        }
    }

    private static void Strip<T>(float* a, int stride, int rows, float* words, int steps, float* tile, bool adds, float* fetch)
        where T : struct, IStripWeights
    {
        switch (rows)
        {
            case 2:
                Broad<T, Rows2>(a, stride, words, steps, tile, adds, fetch);
                break;
            case 3:
                Broad<T, Rows3>(a, stride, words, steps, tile, adds, fetch);
                break;
            case 4:
                Slim<T, Rows4>(a, stride, words, steps, tile, adds, fetch);
                break;
            case 5:
                Slim<T, Rows5>(a, stride, words, steps, tile, adds, fetch);
                break;
            default:
                Slim<T, Rows6>(a, stride, words, steps, tile, adds, fetch);
                break;
        }
    }

    /// <summary>One row: memory's rate decides, so that the panel is read front to back.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Row<T>(float* a, float* words, int steps, float* tile, float* fetch)
        where T : struct, IStripWeights
    {
        FourEights s = default,
            t = default;
        for (var step = 0; step < steps; step++, a += T.PerStep, words += Panel, fetch += Panel)
        {
            FetchLines(fetch, LinesPerStep);
            s.AddFirst<T>(a[0], words);
            t.AddFirst<T>(a[0], words + 32);
            if (T.PerStep > 1)
            {
                s.AddSecond<T>(a[1], words);
                t.AddSecond<T>(a[1], words + 32);
            }
        }

        s.Store(tile);
        t.Store(tile + 32);
    }

    /// <summary>Two or three rows of 32 columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Broad<T, TRows>(float* a, int stride, float* words, int steps, float* tile, bool adds, float* fetch)
        where T : struct, IStripWeights
        where TRows : struct, ICount
    {
        FourEights s0 = default,
            s1 = default,
            s2 = default;
        if (adds)
        {
            s0.Load(tile);
            s1.Load(tile + Panel);
            if (TRows.Count > 2)
            {
                s2.Load(tile + 2 * Panel);
            }
        }

        var two = (nint)2 * stride;
        for (var step = 0; step < steps; step++, a += T.PerStep, words += Panel, fetch += 2 * FloatsPerLine)
        {
            FetchLines(fetch, 2);
            s0.AddFirst<T>(a[0], words);
            s1.AddFirst<T>(a[stride], words);
            if (TRows.Count > 2)
            {
                s2.AddFirst<T>(a[two], words);
            }

            if (T.PerStep > 1)
            {
                s0.AddSecond<T>(a[1], words);
                s1.AddSecond<T>(a[stride + 1], words);
                if (TRows.Count > 2)
                {
                    s2.AddSecond<T>(a[two + 1], words);
                }
            }
        }

        s0.Store(tile);
        s1.Store(tile + Panel);
        if (TRows.Count > 2)
        {
            s2.Store(tile + 2 * Panel);
        }
    }
}
