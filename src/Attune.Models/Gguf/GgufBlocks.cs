using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Attune.Kernels;
using Attune.Text.Gguf;

namespace Attune.Models.Gguf;

/// <summary>
/// The numbers that a GGUF file's blocks stand for, to the bit those of ggml and of the gguf package (ggml-quants.c): every product and
/// sum is rounded to 32 bits by itself. Here the plain types and the blocks of 32.
/// </summary>
public static class GgufBlocks
{
    /// <param name="bytes">Whole blocks.</param>
    /// <param name="values">As many numbers as they hold.</param>
    public static void Widen(GgufType type, ReadOnlySpan<byte> bytes, Span<float> values)
    {
        switch (type)
        {
            case GgufType.F32:
                MemoryMarshal.Cast<byte, float>(bytes).CopyTo(values);
                return;
            case GgufType.F16:
                Each(bytes, values, bits => (float)BitConverter.UInt16BitsToHalf(bits));
                return;
            case GgufType.BF16:
                Each(bytes, values, bits => BitConverter.UInt32BitsToSingle((uint)bits << 16));
                return;
            default:
                var (length, size) = (type.BlockLength(), type.BlockBytes());
                for (var block = 0; block < values.Length / length; block++)
                {
                    Block(type, bytes.Slice(block * size, size), values.Slice(block * length, length));
                }

                return;
        }
    }

    private static void Block(GgufType type, ReadOnlySpan<byte> block, Span<float> values)
    {
        switch (type)
        {
            case GgufType.Q40:
                BlockCodec.Decode(BlockType.Q40, block, values);
                break;
            case GgufType.Q41:
                BlockCodec.Decode(BlockType.Q41, block, values);
                break;
            case GgufType.Q50:
                Five(Half(block), BinaryPrimitives.ReadUInt32LittleEndian(block[2..]), block[6..], values);
                break;
            case GgufType.Q51:
                var (scale, offset) = (Half(block), Half(block[2..]));
                FiveWithOffset(scale, offset, BinaryPrimitives.ReadUInt32LittleEndian(block[4..]), block[8..], values);
                break;
            case GgufType.Q8:
                BlockCodec.Decode(BlockType.Q80, block, values);
                break;
            case GgufType.Iq4Nl:
                GgufLargeBlocks.ByTable(Half(block), block[2..], values);
                break;
            default:
                GgufLargeBlocks.Widen(type, block, values);
                break;
        }
    }

    internal static float Half(ReadOnlySpan<byte> bytes) => (float)BinaryPrimitives.ReadHalfLittleEndian(bytes);

    /// <summary>The low halves of 16 bytes are the first 16 numbers, the high halves the others.</summary>
    internal static int Nibble(ReadOnlySpan<byte> bytes, int place) => place < 16 ? bytes[place] & 0xF : bytes[place - 16] >> 4;

    private static int Fifth(uint high, int place) => (int)((high >> place) & 1) << 4;

    private static void Five(float scale, uint high, ReadOnlySpan<byte> bytes, Span<float> values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = scale * ((Nibble(bytes, i) | Fifth(high, i)) - 16);
        }
    }

    private static void FiveWithOffset(float scale, float offset, uint high, ReadOnlySpan<byte> bytes, Span<float> values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = scale * (Nibble(bytes, i) | Fifth(high, i)) + offset;
        }
    }

    private static void Each(ReadOnlySpan<byte> bytes, Span<float> values, Func<ushort, float> widen)
    {
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = widen(BinaryPrimitives.ReadUInt16LittleEndian(bytes[(2 * i)..]));
        }
    }
}
