using System.Buffers.Binary;
using Attune.Text.Gguf;

namespace Attune.Models.Gguf;

/// <summary>The blocks of 256 numbers (ggml's K types and IQ4_XS), each with scales of its own for runs of 16 or 32.</summary>
internal static class GgufLargeBlocks
{
    private const int Length = 256;

    // The values that four bits stand for in IQ4_NL and IQ4_XS (kvalues_iq4nl).
    private static readonly sbyte[] Table = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

    internal static void Widen(GgufType type, ReadOnlySpan<byte> block, Span<float> values)
    {
        switch (type)
        {
            case GgufType.Q2K:
                Two(block, values);
                break;
            case GgufType.Q3K:
                Three(block, values);
                break;
            case GgufType.Q4K:
                FourOrFive(block, high: default, block[16..], values);
                break;
            case GgufType.Q5K:
                FourOrFive(block, block.Slice(16, 32), block[48..], values);
                break;
            case GgufType.Q6K:
                Six(block, values);
                break;
            case GgufType.Iq4Xs:
                TableBlock(block, values);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(type), type, "not a type of large blocks.");
        }
    }

    internal static void ByTable(float scale, ReadOnlySpan<byte> bytes, Span<float> values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = scale * Table[GgufBlocks.Nibble(bytes, i)];
        }
    }

    /// <summary>Two bits at a place: each of 32 bytes holds numbers of four runs of 32.</summary>
    private static int Pair(ReadOnlySpan<byte> bytes, int place) => (bytes[place / 128 * 32 + place % 32] >> (place % 128 / 32 * 2)) & 3;

    /// <summary>16 scales and offsets, 64 bytes of numbers, the scales' scale and the offsets'.</summary>
    private static void Two(ReadOnlySpan<byte> block, Span<float> values)
    {
        var (scale, offset) = (GgufBlocks.Half(block[80..]), GgufBlocks.Half(block[82..]));
        for (var i = 0; i < Length; i++)
        {
            var both = block[i / 16];
            values[i] = scale * (both & 0xF) * Pair(block[16..], i) - offset * (both >> 4);
        }
    }

    /// <summary>32 bytes of third bits, 64 of the lower two, 12 of scales, the scales' scale.</summary>
    private static void Three(ReadOnlySpan<byte> block, Span<float> values)
    {
        var numbers = block[32..];
        var scales = block.Slice(96, 12);
        var scale = GgufBlocks.Half(block[108..]);
        for (var i = 0; i < Length; i++)
        {
            var run = i / 16;
            var low = run < 8 ? scales[run] & 0xF : scales[run - 8] >> 4;
            var own = (low | (((scales[8 + run % 4] >> (run / 4 * 2)) & 3) << 4)) - 32;
            // A third bit that is not set takes four away.
            var third = (block[i % 32] >> (i / 32)) & 1;
            values[i] = scale * own * (Pair(numbers, i) - ((third ^ 1) << 2));
        }
    }

    /// <summary>The scales' scale and the offsets', 12 bytes of both, the fifth bits where there are any, 128 bytes of four bits.</summary>
    private static void FourOrFive(ReadOnlySpan<byte> block, ReadOnlySpan<byte> high, ReadOnlySpan<byte> numbers, Span<float> values)
    {
        var (scale, offset) = (GgufBlocks.Half(block), GgufBlocks.Half(block[2..]));
        for (var run = 0; run < Length / 32; run++)
        {
            var (own, less) = ScaleAndOffset(block.Slice(4, 12), run);
            var (times, minus) = (scale * own, offset * less);
            for (var i = 0; i < 32; i++)
            {
                var number = (numbers[run / 2 * 32 + i] >> (run % 2 * 4)) & 0xF;
                number |= high.IsEmpty ? 0 : ((high[i] >> run) & 1) << 4;
                values[run * 32 + i] = times * number - minus;
            }
        }
    }

    /// <summary>Six bits each: the first four runs' in the low bits of eight bytes, the others' spread over all twelve.</summary>
    private static (int Scale, int Offset) ScaleAndOffset(ReadOnlySpan<byte> packed, int run) =>
        run < 4
            ? (packed[run] & 0x3F, packed[4 + run] & 0x3F)
            : ((packed[4 + run] & 0xF) | ((packed[run - 4] >> 2) & 0x30), (packed[4 + run] >> 4) | ((packed[run] >> 2) & 0x30));

    /// <summary>128 bytes of the lower four bits, 64 of the upper two, 16 signed scales, the scales' scale.</summary>
    private static void Six(ReadOnlySpan<byte> block, Span<float> values)
    {
        var scale = GgufBlocks.Half(block[208..]);
        for (var i = 0; i < Length; i++)
        {
            var low = (block[i / 128 * 64 + i % 64] >> (i % 128 / 64 * 4)) & 0xF;
            values[i] = scale * (sbyte)block[192 + i / 16] * ((low | (Pair(block[128..], i) << 4)) - 32);
        }
    }

    /// <summary>The scales' scale, their upper bits, four bytes of their lower ones, 128 bytes of places in the table.</summary>
    private static void TableBlock(ReadOnlySpan<byte> block, Span<float> values)
    {
        var (scale, upper) = (GgufBlocks.Half(block), BinaryPrimitives.ReadUInt16LittleEndian(block[2..]));
        for (var run = 0; run < Length / 32; run++)
        {
            var low = (block[4 + run / 2] >> (run % 2 * 4)) & 0xF;
            var own = (low | (((upper >> (2 * run)) & 3) << 4)) - 32;
            ByTable(scale * own, block.Slice(8 + 16 * run, 16), values.Slice(32 * run, 32));
        }
    }
}
