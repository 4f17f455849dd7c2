using System.Numerics;
using System.Runtime.InteropServices;

namespace Attune.Kernels;

/// <summary>
/// Blocks of 32 weights as bytes. In 4 bits, byte i after the scale holds code i low and code i + 16 high. A weight is exact in 32 bits but
/// for the one rounding of the sum in Q4_1: a product of a 16-bit scale and a code has at most 19 digits.
/// </summary>
public static class BlockCodec
{
    /// <summary>Weights of a block.</summary>
    public const int Length = 32;

    private const int Side = Length / 2;
    private const int ScaleBytes = 2;

    /// <summary>Bytes of a block.</summary>
    public static int Bytes(BlockType type) =>
        type switch
        {
            BlockType.Q80 => ScaleBytes + Length,
            BlockType.Q40 => ScaleBytes + Side,
            BlockType.Q41 => 2 * ScaleBytes + Side,
            _ => throw new ArgumentOutOfRangeException(nameof(type)),
        };

    /// <summary>Blocks of a row; the last may be part empty, and what it has beyond the inputs is not read.</summary>
    public static int Blocks(int inputs) => (inputs + Length - 1) / Length;

    /// <summary>
    /// Codes a block, to the bit as ggml does (quantize_row_q8_0_ref and its kin in ggml-quants.c): codes are counted in the scale before
    /// it is rounded to 16 bits; those of 8 bits are rounded to the nearest, halves away from zero, those of 4 bits by adding a half and
    /// cutting. A block whose codes reach both ends (in Q8_0 and Q4_0: the end of its sign) comes back from its decoded numbers with the
    /// same bytes, unless the least value is thousands of steps from zero.
    /// </summary>
    /// <param name="values">1 to 32 finite numbers.</param>
    /// <param name="block">All its bytes are written.</param>
    public static void Encode(BlockType type, ReadOnlySpan<float> values, Span<byte> block)
    {
        Span<float> numbers = stackalloc float[Length];
        values.CopyTo(numbers);
        numbers[values.Length..].Fill(values[0]);
        var (least, most) = Ends(numbers);
        var (scale, origin) = type switch
        {
            BlockType.Q80 => (Math.Max(-least, most) / sbyte.MaxValue, 0f),
            BlockType.Q40 => (Extreme(numbers, least, most) / -8, 0f),
            _ => ((most - least) / 15, least),
        };
        BitConverter.TryWriteBytes(block, Rounded(scale));
        if (type == BlockType.Q41)
        {
            BitConverter.TryWriteBytes(block[ScaleBytes..], Rounded(origin));
        }

        Span<int> codes = stackalloc int[Length];
        Round(type, numbers, origin, scale == 0 ? 0 : 1 / scale, codes);
        if (type == BlockType.Q80)
        {
            for (var i = 0; i < Length; i++)
            {
                block[ScaleBytes + i] = (byte)codes[i];
            }

            return;
        }

        for (var i = 0; i < Side; i++)
        {
            block[Start(type) + i] = (byte)(codes[i] | codes[Side + i] << 4);
        }
    }

    /// <summary>The weights of a block, to the bit those of ggml.</summary>
    /// <param name="values">The first so many of them, at most 32.</param>
    public static void Decode(BlockType type, ReadOnlySpan<byte> block, Span<float> values)
    {
        var scale = Scale(block);
        var codes = Codes(type, block);
        if (type == BlockType.Q80)
        {
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = scale * (sbyte)codes[i];
            }

            return;
        }

        for (var i = 0; i < values.Length; i++)
        {
            var code = i < Side ? codes[i] & 15 : codes[i - Side] >> 4;
            values[i] = type == BlockType.Q40 ? scale * (code - 8) : scale * code + Least(type, block);
        }
    }

    internal static ushort ScaleBits(ReadOnlySpan<byte> block) => BitConverter.ToUInt16(block);

    internal static ushort LeastBits(BlockType type, ReadOnlySpan<byte> block) =>
        type == BlockType.Q41 ? BitConverter.ToUInt16(block[ScaleBytes..]) : (ushort)0;

    /// <summary>A block's codes as they are stored: 32 bytes, or 16 with two in each.</summary>
    internal static ReadOnlySpan<byte> Codes(BlockType type, ReadOnlySpan<byte> block) => block[Start(type)..Bytes(type)];

    private static float Scale(ReadOnlySpan<byte> block) => (float)BitConverter.UInt16BitsToHalf(ScaleBits(block));

    private static float Least(BlockType type, ReadOnlySpan<byte> block) => (float)BitConverter.UInt16BitsToHalf(LeastBits(type, block));

    private static int Start(BlockType type) => type == BlockType.Q41 ? 2 * ScaleBytes : ScaleBytes;

    private static (float Least, float Most) Ends(ReadOnlySpan<float> numbers)
    {
        var vectors = MemoryMarshal.Cast<float, Vector<float>>(numbers);
        var (least, most) = (vectors[0], vectors[0]);
        foreach (var vector in vectors)
        {
            (least, most) = (Vector.Min(least, vector), Vector.Max(most, vector));
        }

        var (low, high) = (least[0], most[0]);
        for (var i = 1; i < Vector<float>.Count; i++)
        {
            (low, high) = (Math.Min(low, least[i]), Math.Max(high, most[i]));
        }

        return (low, high);
    }

    /// <summary>The number of the largest magnitude, the first where two have it.</summary>
    private static float Extreme(ReadOnlySpan<float> numbers, float least, float most)
    {
        if (-least != most)
        {
            return -least > most ? least : most;
        }

        foreach (var number in numbers)
        {
            if (Math.Abs(number) == most)
            {
                return number;
            }
        }

        return most;
    }

    /// <param name="inverse">Steps in 1.</param>
    private static void Round(BlockType type, ReadOnlySpan<float> numbers, float origin, float inverse, Span<int> codes)
    {
        var from = MemoryMarshal.Cast<float, Vector<float>>(numbers);
        var to = MemoryMarshal.Cast<int, Vector<int>>(codes);
        var half = new Vector<float>(0.5f);
        for (var i = 0; i < from.Length; i++)
        {
            var steps = (from[i] - new Vector<float>(origin)) * new Vector<float>(inverse);
            if (type == BlockType.Q80)
            {
                // Adding a half would round the number just below a half up.
                var whole = Vector.Truncate(steps);
                var isFar = Vector.GreaterThanOrEqual(Vector.Abs(steps - whole), half);
                to[i] = Vector.ConvertToInt32(whole + Vector.ConditionalSelect(isFar, Vector.CopySign(Vector<float>.One, steps), default));
            }
            else
            {
                var shifted = steps + new Vector<float>(type == BlockType.Q40 ? 8.5f : 0.5f);
                to[i] = Vector.Min(Vector.ConvertToInt32(shifted), new Vector<int>(15));
            }
        }
    }

    /// <summary>To 16 bits; beyond their range, to the largest there is.</summary>
    private static Half Rounded(float value) => Half.IsInfinity((Half)value) ? (value > 0 ? Half.MaxValue : Half.MinValue) : (Half)value;
}
