using System.Numerics;
using System.Runtime.CompilerServices;

namespace Attune.Kernels;

/// <summary>The same on vectors of the machine's own width, four at a time; one row, or none to decode.</summary>
internal static unsafe partial class BlockGemm
{
    private static void Portable<TRows>(BlockType type, float* activations, byte* panel, int inputs, float* tile)
        where TRows : struct, Gemm.ICount
    {
        for (var column = 0; column < Panel; column += 4 * Vector<float>.Count)
        {
            switch (type)
            {
                case BlockType.Q80:
                    PortableBytes<TRows>(activations, panel, column, inputs, tile + column);
                    break;
                case BlockType.Q40:
                    PortableNibbles<TRows, Centred>(activations, panel, column, inputs, tile + column);
                    break;
                default:
                    PortableNibbles<TRows, FromLeast>(activations, panel, column, inputs, tile + column);
                    break;
            }
        }
    }

    private static void PortableNibbles<TRows, TLeast>(float* a, byte* panel, int column, int inputs, float* tile)
        where TRows : struct, Gemm.ICount
        where TLeast : struct, ILeast
    {
        var width = Vector<float>.Count;
        Quad sums = default,
            least = default;
        var offset = new Vector<int>(TLeast.Offset);
        for (var left = inputs; left > 0; left -= BlockCodec.Length)
        {
            var scales = Quad.Scales(panel, column);
            if (TLeast.HasLeast)
            {
                least = Quad.Scales(panel, Panel + column);
            }

            panel += TLeast.HeadBytes;
            for (var word = 0; word < BlockCodec.Length; word += PerWord, panel += Panel * sizeof(uint))
            {
                var from = (int*)panel + column;
                var (c0, c1) = (Vector.Load(from), Vector.Load(from + width));
                var (c2, c3) = (Vector.Load(from + 2 * width), Vector.Load(from + 3 * width));
                for (var i = Math.Min(PerWord, left - word); i > 0; i--, a++, tile += TRows.Count == 0 ? Panel : 0)
                {
                    var steps = new Quad(Steps(c0, offset), Steps(c1, offset), Steps(c2, offset), Steps(c3, offset));
                    (c0, c1, c2, c3) = (c0 >>> 4, c1 >>> 4, c2 >>> 4, c3 >>> 4);
                    Take<TRows>(steps.TimesPlus(scales, least), a, tile, ref sums);
                }
            }
        }

        if (TRows.Count > 0)
        {
            sums.Store(tile);
        }
    }

    private static void PortableBytes<TRows>(float* a, byte* panel, int column, int inputs, float* tile)
        where TRows : struct, Gemm.ICount
    {
        Quad sums = default;
        for (var left = inputs; left > 0; left -= BlockCodec.Length)
        {
            var scales = Quad.Scales(panel, column);
            panel += Panel * sizeof(ushort);
            var codes = (sbyte*)panel + column;
            for (var i = Math.Min(BlockCodec.Length, left); i > 0; i--, a++, codes += Panel, tile += TRows.Count == 0 ? Panel : 0)
            {
                Vector.Widen(Vector.Load(codes), out var low, out var high);
                Vector.Widen(low, out var c0, out var c1);
                Vector.Widen(high, out var c2, out var c3);
                var steps = new Quad(
                    Vector.ConvertToSingle(c0),
                    Vector.ConvertToSingle(c1),
                    Vector.ConvertToSingle(c2),
                    Vector.ConvertToSingle(c3)
                );
                Take<TRows>(steps.TimesPlus(scales, default), a, tile, ref sums);
            }

            panel += Panel * BlockCodec.Length;
        }

        if (TRows.Count > 0)
        {
            sums.Store(tile);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Take<TRows>(Quad weights, float* a, float* tile, ref Quad sums)
        where TRows : struct, Gemm.ICount
    {
        if (TRows.Count == 0)
        {
            weights.Store(tile);
        }
        else
        {
            sums = weights.TimesPlus(*a, sums);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<float> Steps(Vector<int> codes, Vector<int> offset) =>
        Vector.ConvertToSingle((codes & new Vector<int>(15)) - offset);

    /// <summary>Four vectors: four fields, so that the compiler keeps them in registers.</summary>
    private readonly struct Quad(Vector<float> a, Vector<float> b, Vector<float> c, Vector<float> d)
    {
        private readonly Vector<float> _0 = a,
            _1 = b,
            _2 = c,
            _3 = d;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Quad Scales(byte* scales, int first)
        {
            var from = (short*)scales + first;
            Vector.Widen(Vector.Load(from), out var b0, out var b1);
            Vector.Widen(Vector.Load(from + Vector<short>.Count), out var b2, out var b3);
            return new Quad(InFull(b0), InFull(b1), InFull(b2), InFull(b3));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Quad TimesPlus(Quad factors, Quad more) =>
            new(
                Vector.FusedMultiplyAdd(_0, factors._0, more._0),
                Vector.FusedMultiplyAdd(_1, factors._1, more._1),
                Vector.FusedMultiplyAdd(_2, factors._2, more._2),
                Vector.FusedMultiplyAdd(_3, factors._3, more._3)
            );

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Quad TimesPlus(float factor, Quad more)
        {
            var all = new Vector<float>(factor);
            return new Quad(
                Vector.FusedMultiplyAdd(all, _0, more._0),
                Vector.FusedMultiplyAdd(all, _1, more._1),
                Vector.FusedMultiplyAdd(all, _2, more._2),
                Vector.FusedMultiplyAdd(all, _3, more._3)
            );
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Store(float* target) => Gemm.StoreFour(target, Vector<float>.Count, _0, _1, _2, _3);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector<float> InFull(Vector<int> bits) =>
            Vector.AsVectorSingle((bits << 13) & new Vector<int>(SignAndDigits)) * new Vector<float>(ScaleUp);
    }
}
