using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Attune.Kernels;

/// <summary>The kernel for 512-bit registers.</summary>
public static unsafe partial class Gemm
{
    private static void Wide<TLines>(float* activations, int stride, int rows, float* panel, int inputs, float* tile, float* fetch)
        where TLines : struct, ICount
    {
        switch (rows)
        {
            case 1:
                Wide<Rows1, TLines>(activations, stride, panel, inputs, tile, fetch);
                break;
            case 2:
                Wide<Rows2, TLines>(activations, stride, panel, inputs, tile, fetch);
                break;
            case 3:
                Wide<Rows3, TLines>(activations, stride, panel, inputs, tile, fetch);
                break;
            case 4:
                Wide<Rows4, TLines>(activations, stride, panel, inputs, tile, fetch);
                break;
            case 5:
                Wide<Rows5, TLines>(activations, stride, panel, inputs, tile, fetch);
                break;
            default:
                Wide<Rows6, TLines>(activations, stride, panel, inputs, tile, fetch);
                break;
        }
    }

    /// <summary>
    /// The kernel for a fixed number of rows and of lines to fetch: the comparisons with them are decided when the code is compiled.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Wide<TRows, TLines>(float* activations, int stride, float* panel, int inputs, float* tile, float* fetch)
        where TRows : struct, ICount
        where TLines : struct, ICount
    {
        Sums s0 = default,
            s1 = default,
            s2 = default,
            s3 = default,
            s4 = default,
            s5 = default;
        var a = activations;
        var (two, three) = ((nint)2 * stride, (nint)3 * stride);
        for (var k = 0; k < inputs; k++, a++, panel += Panel)
        {
            if (TLines.Count > 0)
            {
                Sse.Prefetch1(fetch);
            }
            if (TLines.Count > 1)
            {
                Sse.Prefetch1(fetch + FloatsPerLine);
            }
            if (TLines.Count > 2)
            {
                Sse.Prefetch1(fetch + 2 * FloatsPerLine);
            }
            if (TLines.Count > 3)
            {
                Sse.Prefetch1(fetch + 3 * FloatsPerLine);
            }
            fetch += TLines.Count * FloatsPerLine;
            var w0 = Vector512.Load(panel);
            var w1 = Vector512.Load(panel + 16);
            var w2 = Vector512.Load(panel + 32);
            var w3 = Vector512.Load(panel + 48);
            s0.Add(*a, w0, w1, w2, w3);
            if (TRows.Count > 1)
            {
                s1.Add(a[stride], w0, w1, w2, w3);
            }
            if (TRows.Count > 2)
            {
                s2.Add(a[two], w0, w1, w2, w3);
            }
            if (TRows.Count > 3)
            {
                s3.Add(a[three], w0, w1, w2, w3);
            }
            if (TRows.Count > 4)
            {
                s4.Add(a[2 * two], w0, w1, w2, w3);
            }
            if (TRows.Count > 5)
            {
                s5.Add(a[two + three], w0, w1, w2, w3);
            }
        }

        s0.Store(tile);
        if (TRows.Count > 1)
        {
            s1.Store(tile + Panel);
        }
        if (TRows.Count > 2)
        {
            s2.Store(tile + 2 * Panel);
        }
        if (TRows.Count > 3)
        {
            s3.Store(tile + 3 * Panel);
        }
        if (TRows.Count > 4)
        {
            s4.Store(tile + 4 * Panel);
        }
        if (TRows.Count > 5)
        {
            s5.Store(tile + 5 * Panel);
        }
    }

    /// <summary>The 64 sums of one row: four fields, so that the compiler keeps them in registers.</summary>
    internal struct Sums
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

    internal interface ICount
    {
        static abstract int Count { get; }
    }

    /// <summary>For kernels that only decode.</summary>
    internal readonly struct Rows0 : ICount
    {
        public static int Count => 0;
    }

    internal readonly struct Rows1 : ICount
    {
        public static int Count => 1;
    }

    internal readonly struct Rows2 : ICount
    {
        public static int Count => 2;
    }

    internal readonly struct Rows3 : ICount
    {
        public static int Count => 3;
    }

    private readonly struct Rows4 : ICount
    {
        public static int Count => 4;
    }

    private readonly struct Rows5 : ICount
    {
        public static int Count => 5;
    }

    private readonly struct Rows6 : ICount
    {
        public static int Count => 6;
    }

    private readonly struct Lines0 : ICount
    {
        public static int Count => 0;
    }

    private readonly struct Lines1 : ICount
    {
        public static int Count => 1;
    }

    private readonly struct Lines2 : ICount
    {
        public static int Count => 2;
    }

    private readonly struct Lines4 : ICount
    {
        public static int Count => 4;
    }
}
