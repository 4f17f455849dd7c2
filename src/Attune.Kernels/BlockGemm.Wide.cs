using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Attune.Kernels;

/// <summary>The kernels for 512-bit registers. With no rows they decode: the weights are stored instead of multiplied.</summary>
internal static unsafe partial class BlockGemm
{
    private static void Wide(BlockType type, int rows, float* activations, int stride, byte* panel, int inputs, float* tile, long ahead)
    {
        switch (rows)
        {
            case 0:
                Wide<Gemm.Rows0>(type, activations, stride, panel, inputs, tile, ahead);
                break;
            case 1:
                Wide<Gemm.Rows1>(type, activations, stride, panel, inputs, tile, ahead);
                break;
            case 2:
                Wide<Gemm.Rows2>(type, activations, stride, panel, inputs, tile, ahead);
                break;
            default:
                Wide<Gemm.Rows3>(type, activations, stride, panel, inputs, tile, ahead);
                break;
        }
    }

    private static void Wide<TRows>(BlockType type, float* activations, int stride, byte* panel, int inputs, float* tile, long ahead)
        where TRows : struct, Gemm.ICount
    {
        switch (type)
        {
            case BlockType.Q80:
                WideBytes<TRows>(activations, stride, panel, inputs, tile, ahead);
                break;
            case BlockType.Q40:
                WideNibbles<TRows, Centred>(activations, stride, panel, inputs, tile, ahead);
                break;
            default:
                WideNibbles<TRows, FromLeast>(activations, stride, panel, inputs, tile, ahead);
                break;
        }
    }

    /// <summary>Codes of 4 bits: a look-up takes the lowest 4 bits of each word, and a shift brings the next input's there.</summary>
    /// <param name="ahead">Bytes from this panel to the one that is fetched.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WideNibbles<TRows, TLeast>(float* a, int stride, byte* panel, int inputs, float* tile, long ahead)
        where TRows : struct, Gemm.ICount
        where TLeast : struct, ILeast
    {
        Gemm.Sums s0 = default,
            s1 = default,
            s2 = default;
        var table = TLeast.Table;
        for (var left = inputs; left > 0; left -= BlockCodec.Length)
        {
            var scales = Four.Scales(panel, 0);
            var least = TLeast.HasLeast ? Four.Scales(panel, Panel) : default;
            Fetch(panel + ahead, TLeast.HeadBytes);
            panel += TLeast.HeadBytes;
            for (var word = 0; word < BlockCodec.Length; word += PerWord, panel += Panel * sizeof(uint))
            {
                Fetch(panel + ahead, Panel * sizeof(uint));
                var c0 = Vector512.Load((int*)panel);
                var c1 = Vector512.Load((int*)panel + 16);
                var c2 = Vector512.Load((int*)panel + 32);
                var c3 = Vector512.Load((int*)panel + 48);
                for (var i = Math.Min(PerWord, left - word); i > 0; i--, a++, tile += TRows.Count == 0 ? Panel : 0)
                {
                    var steps = new Four(
                        Avx512F.PermuteVar16x32(table, c0),
                        Avx512F.PermuteVar16x32(table, c1),
                        Avx512F.PermuteVar16x32(table, c2),
                        Avx512F.PermuteVar16x32(table, c3)
                    );
                    (c0, c1, c2, c3) = (c0 >>> 4, c1 >>> 4, c2 >>> 4, c3 >>> 4);
                    Take<TRows>(steps.TimesPlus(scales, least), a, stride, tile, ref s0, ref s1, ref s2);
                }
            }
        }

        StoreSums<TRows>(s0, s1, s2, tile);
    }

    /// <summary>Codes of 8 bits.</summary>
    /// <param name="ahead">Bytes from this panel to the one that is fetched.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WideBytes<TRows>(float* a, int stride, byte* panel, int inputs, float* tile, long ahead)
        where TRows : struct, Gemm.ICount
    {
        Gemm.Sums s0 = default,
            s1 = default,
            s2 = default;
        for (var left = inputs; left > 0; left -= BlockCodec.Length)
        {
            var scales = Four.Scales(panel, 0);
            Fetch(panel + ahead, Panel * sizeof(ushort));
            panel += Panel * sizeof(ushort);
            var codes = (sbyte*)panel;
            for (var i = Math.Min(BlockCodec.Length, left); i > 0; i--, a++, codes += Panel, tile += TRows.Count == 0 ? Panel : 0)
            {
                Sse.Prefetch1(codes + ahead);
                var steps = new Four(Widen(codes), Widen(codes + 16), Widen(codes + 32), Widen(codes + 48));
                Take<TRows>(steps.TimesPlus(scales, default), a, stride, tile, ref s0, ref s1, ref s2);
            }

            panel += Panel * BlockCodec.Length;
        }

        StoreSums<TRows>(s0, s1, s2, tile);
    }

    /// <summary>Multiplies the weights of an input with each row's, or stores them where there are no rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Take<TRows>(in Four w, float* a, int stride, float* tile, ref Gemm.Sums s0, ref Gemm.Sums s1, ref Gemm.Sums s2)
        where TRows : struct, Gemm.ICount
    {
        if (TRows.Count == 0)
        {
            w.Store(tile);
        }
        if (TRows.Count > 0)
        {
            s0.Add(*a, w._0, w._1, w._2, w._3);
        }
        if (TRows.Count > 1)
        {
            s1.Add(a[stride], w._0, w._1, w._2, w._3);
        }
        if (TRows.Count > 2)
        {
            s2.Add(a[(nint)2 * stride], w._0, w._1, w._2, w._3);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreSums<TRows>(in Gemm.Sums s0, in Gemm.Sums s1, in Gemm.Sums s2, float* tile)
        where TRows : struct, Gemm.ICount
    {
        if (TRows.Count > 0)
        {
            s0.Store(tile);
        }
        if (TRows.Count > 1)
        {
            s1.Store(tile + Panel);
        }
        if (TRows.Count > 2)
        {
            s2.Store(tile + 2 * Panel);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Widen(sbyte* codes) =>
        Avx512F.ConvertToVector512Single(Avx512F.ConvertToVector512Int32(Vector128.Load(codes)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Fetch(byte* from, int bytes)
    {
        for (var i = 0; i < bytes; i += CacheLine)
        {
            Sse.Prefetch1(from + i);
        }
    }

    /// <summary>The 64 columns of a panel: four fields, so that the compiler keeps them in registers.</summary>
    private readonly struct Four(Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d)
    {
        public readonly Vector512<float> _0 = a,
            _1 = b,
            _2 = c,
            _3 = d;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Four Scales(byte* scales, int first)
        {
            var from = (short*)scales + first;
            return new Four(InFull(from), InFull(from + 16), InFull(from + 32), InFull(from + 48));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Four TimesPlus(in Four factors, in Four more) =>
            new(
                Avx512F.FusedMultiplyAdd(_0, factors._0, more._0),
                Avx512F.FusedMultiplyAdd(_1, factors._1, more._1),
                Avx512F.FusedMultiplyAdd(_2, factors._2, more._2),
                Avx512F.FusedMultiplyAdd(_3, factors._3, more._3)
            );

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Store(float* target)
        {
            _0.Store(target);
            _1.Store(target + 16);
            _2.Store(target + 32);
            _3.Store(target + 48);
        }

        /// <summary>16 numbers of 16 bits in 32: sign and digits to their places, then the exponent by a product. Exact.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector512<float> InFull(short* numbers)
        {
            var bits = Avx512F.ConvertToVector512Int32(Vector256.Load(numbers));
            return ((bits << 13) & Vector512.Create(SignAndDigits)).AsSingle() * Vector512.Create(ScaleUp);
        }
    }

    /// <summary>What 4-bit codes stand for.</summary>
    private interface ILeast
    {
        static abstract bool HasLeast { get; }
        static abstract int HeadBytes { get; }
        static abstract int Offset { get; }
        static abstract Vector512<float> Table { get; }
    }

    /// <summary>Steps from 8 below zero to 7 above.</summary>
    private readonly struct Centred : ILeast
    {
        public static bool HasLeast => false;
        public static int HeadBytes => Panel * sizeof(ushort);
        public static int Offset => 8;
        public static Vector512<float> Table => Vector512.Create(-8f, -7, -6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7);
    }

    /// <summary>Steps from the block's least value.</summary>
    private readonly struct FromLeast : ILeast
    {
        public static bool HasLeast => true;
        public static int HeadBytes => 2 * Panel * sizeof(ushort);
        public static int Offset => 0;
        public static Vector512<float> Table => Vector512.Create(0f, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    }
}
