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

    /// <summary>Blocks of a row; the last may be part empty, and is filled up with zeros.</summary>
    public static int Blocks(int inputs) => (inputs + Length - 1) / Length;

    /// <summary>
    /// Codes a block: the scale from its extremes, rounded to 16 bits, and for each weight the nearest of the values that the scale gives.
    /// A block whose codes reach both ends (in Q8_0 and Q4_0: the end of its sign) comes back from its decoded numbers with the same bytes,
    /// unless the least value is thousands of steps from zero.
    /// </summary>
    /// <param name="values">1 to 32 finite numbers.</param>
    /// <param name="block">All its bytes are written.</param>
    public static void Encode(BlockType type, ReadOnlySpan<float> values, Span<byte> block)
    {
        var (least, most) = (values[0], values[0]);
        foreach (var value in values)
        {
            (least, most) = (Math.Min(least, value), Math.Max(most, value));
        }

        block.Clear();
        var extreme = -least > most ? least : most;
        var scale = Rounded(
            type switch
            {
                BlockType.Q80 => Math.Abs(extreme) / sbyte.MaxValue,
                BlockType.Q40 => extreme / -8,
                _ => (most - least) / 15,
            }
        );
        BitConverter.TryWriteBytes(block, scale);
        var (step, origin) = ((float)scale, 0f);
        if (type == BlockType.Q41)
        {
            BitConverter.TryWriteBytes(block[ScaleBytes..], Rounded(least));
            origin = (float)Rounded(least);
        }

        for (var i = 0; i < values.Length; i++)
        {
            Write(type, block, i, step == 0 ? 0 : (values[i] - origin) / step);
        }

        for (var i = values.Length; i < Length && type == BlockType.Q40; i++)
        {
            Write(type, block, i, 0);
        }
    }

    /// <summary>The weights of a block.</summary>
    /// <param name="values">The first so many of them, at most 32.</param>
    public static void Decode(BlockType type, ReadOnlySpan<byte> block, Span<float> values)
    {
        var (scale, least) = (Scale(block), Least(type, block));
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = MathF.FusedMultiplyAdd(
                type switch
                {
                    BlockType.Q80 => (sbyte)block[ScaleBytes + i],
                    BlockType.Q40 => Code(type, block, i) - 8,
                    _ => Code(type, block, i),
                },
                scale,
                least
            );
        }
    }

    internal static ushort ScaleBits(ReadOnlySpan<byte> block) => BitConverter.ToUInt16(block);

    internal static ushort LeastBits(BlockType type, ReadOnlySpan<byte> block) =>
        type == BlockType.Q41 ? BitConverter.ToUInt16(block[ScaleBytes..]) : (ushort)0;

    /// <summary>A code as it is stored: 8 bits, or 4.</summary>
    internal static byte Code(BlockType type, ReadOnlySpan<byte> block, int index) =>
        type == BlockType.Q80 ? block[ScaleBytes + index] : (byte)(block[Start(type) + index % Side] >> (index < Side ? 0 : 4) & 15);

    private static float Scale(ReadOnlySpan<byte> block) => (float)BitConverter.UInt16BitsToHalf(ScaleBits(block));

    private static float Least(BlockType type, ReadOnlySpan<byte> block) => (float)BitConverter.UInt16BitsToHalf(LeastBits(type, block));

    private static int Start(BlockType type) => type == BlockType.Q41 ? 2 * ScaleBytes : ScaleBytes;

    /// <param name="steps">The weight in steps of the scale.</param>
    private static void Write(BlockType type, Span<byte> block, int index, float steps)
    {
        if (type == BlockType.Q80)
        {
            block[ScaleBytes + index] = (byte)(sbyte)Math.Clamp(MathF.Round(steps), -sbyte.MaxValue, sbyte.MaxValue);
            return;
        }

        var code = (int)Math.Clamp(MathF.Round(type == BlockType.Q40 ? steps + 8 : steps), 0, 15);
        block[Start(type) + index % Side] |= (byte)(code << (index < Side ? 0 : 4));
    }

    /// <summary>To 16 bits; beyond their range, to the largest there is.</summary>
    private static Half Rounded(float value) => Half.IsInfinity((Half)value) ? (value > 0 ? Half.MaxValue : Half.MinValue) : (Half)value;
}
