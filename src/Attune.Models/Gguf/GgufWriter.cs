using System.Collections.Immutable;
using System.Text;
using Attune.Core.Files;
using Attune.Kernels;
using Attune.Text.Gguf;

namespace Attune.Models.Gguf;

/// <summary>A tensor to write: its numbers, row after row, when they are asked for.</summary>
/// <param name="Shape">Outermost first, as elsewhere; the file has the reverse order.</param>
/// <param name="Type">F32, F16, BF16, Q8, Q40 or Q41; any where the blocks are given.</param>
public sealed record GgufTensor(string Name, ImmutableArray<long> Shape, GgufType Type, Func<float[]> Values)
{
    /// <summary>The tensor's blocks as they are, of any type; null where <see cref="Values"/> are to be put in blocks.</summary>
    public Func<byte[]>? Blocks { get; init; }
}

/// <summary>
/// Writes GGUF version 3, the format of llama.cpp: a header, keys with values, the tensors' names, shapes and places, then their numbers,
/// each from a multiple of 32 bytes on; all in little-endian order (ggml's docs/gguf.md).
/// </summary>
public static class GgufWriter
{
    private const int Alignment = 32;
    private const int Version = 3;

    // Value types of keys.
    private const uint UInt32 = 4,
        Int32 = 5,
        Float32 = 6,
        Bool = 7,
        String = 8,
        Array = 9;

    /// <param name="fields">Keys in order; values are uint, int, float, bool, string, or lists of strings, floats or ints.</param>
    public static void Write(string path, IReadOnlyList<KeyValuePair<string, object>> fields, IReadOnlyList<GgufTensor> tensors) =>
        AtomicFile.Write(
            path,
            file =>
            {
                using var writer = new BinaryWriter(file, Encoding.UTF8, leaveOpen: true);
                writer.Write("GGUF"u8);
                writer.Write(Version);
                writer.Write((long)tensors.Count);
                writer.Write((long)fields.Count);
                var written = 24L;
                foreach (var (key, value) in fields)
                {
                    written += WriteText(writer, key) + WriteValue(writer, value);
                }

                var offset = 0L;
                foreach (var tensor in tensors)
                {
                    written += WriteText(writer, tensor.Name) + WritePlace(writer, tensor, offset);
                    offset += Aligned(BytesOf(tensor));
                }

                WriteZeros(writer, Aligned(written) - written);
                foreach (var tensor in tensors)
                {
                    WriteNumbers(writer, tensor);
                    WriteZeros(writer, Aligned(BytesOf(tensor)) - BytesOf(tensor));
                }
            }
        );

    private static long BytesOf(GgufTensor tensor) =>
        tensor.Type.BytesOf(tensor.Shape.Aggregate(1L, (product, side) => checked(product * side)));

    private static long Aligned(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;

    private static long WriteText(BinaryWriter writer, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((long)bytes.Length);
        writer.Write(bytes);
        return sizeof(long) + bytes.Length;
    }

    private static long WritePlace(BinaryWriter writer, GgufTensor tensor, long offset)
    {
        writer.Write(tensor.Shape.Length);
        foreach (var side in tensor.Shape.Reverse())
        {
            writer.Write(side);
        }

        writer.Write((uint)tensor.Type);
        writer.Write(offset);
        return 2 * sizeof(int) + (tensor.Shape.Length + 1) * sizeof(long);
    }

    private static long WriteValue(BinaryWriter writer, object value) =>
        value switch
        {
            uint number => Typed(writer, UInt32, () => writer.Write(number), sizeof(uint)),
            int number => Typed(writer, Int32, () => writer.Write(number), sizeof(int)),
            float number => Typed(writer, Float32, () => writer.Write(number), sizeof(float)),
            bool flag => Typed(writer, Bool, () => writer.Write(flag), 1),
            string text => Typed(writer, String, () => WriteText(writer, text), sizeof(long) + Encoding.UTF8.GetByteCount(text)),
            IReadOnlyList<string> texts => List(writer, String, texts, text => WriteText(writer, text)),
            IReadOnlyList<float> numbers => List(
                writer,
                Float32,
                numbers,
                number =>
                {
                    writer.Write(number);
                    return sizeof(float);
                }
            ),
            IReadOnlyList<int> numbers => List(
                writer,
                Int32,
                numbers,
                number =>
                {
                    writer.Write(number);
                    return sizeof(int);
                }
            ),
            _ => throw new ArgumentException($"A GGUF key cannot hold a {value.GetType().Name}.", nameof(value)),
        };

    private static long Typed(BinaryWriter writer, uint type, Action write, long bytes)
    {
        writer.Write(type);
        write();
        return sizeof(uint) + bytes;
    }

    private static long List<T>(BinaryWriter writer, uint type, IReadOnlyList<T> items, Func<T, long> write)
    {
        writer.Write(Array);
        writer.Write(type);
        writer.Write((long)items.Count);
        return 2 * sizeof(uint) + sizeof(long) + items.Sum(write);
    }

    private static void WriteZeros(BinaryWriter writer, long count) => writer.Write(new byte[count]);

    private static void WriteNumbers(BinaryWriter writer, GgufTensor tensor)
    {
        if (tensor.Blocks is { } blocks)
        {
            writer.Write(blocks());
            return;
        }

        switch (tensor.Type)
        {
            case GgufType.F32:
                writer.Write(System.Runtime.InteropServices.MemoryMarshal.AsBytes(tensor.Values().AsSpan()));
                break;
            case GgufType.F16:
                WriteHalves(writer, tensor.Values(), value => BitConverter.HalfToUInt16Bits((Half)value));
                break;
            case GgufType.BF16:
                WriteHalves(writer, tensor.Values(), BFloat16.Round);
                break;
            case GgufType.Q8:
                WriteBlocks(writer, tensor, BlockType.Q80);
                break;
            case GgufType.Q40:
                WriteBlocks(writer, tensor, BlockType.Q40);
                break;
            case GgufType.Q41:
                WriteBlocks(writer, tensor, BlockType.Q41);
                break;
            default:
                throw new ArgumentException($"The type {tensor.Type.Name()} is read, not written.", nameof(tensor));
        }
    }

    private static void WriteHalves(BinaryWriter writer, float[] values, Func<float, ushort> round) =>
        writer.Write(System.Runtime.InteropServices.MemoryMarshal.AsBytes(System.Array.ConvertAll(values, value => round(value)).AsSpan()));

    /// <summary>As ggml itself quantises.</summary>
    private static void WriteBlocks(BinaryWriter writer, GgufTensor tensor, BlockType type)
    {
        var columns = (int)tensor.Shape[^1];
        var values = tensor.Values();
        writer.Write(BlockMatrix.Of(type, values.Length / columns, columns, values).Memory.Span);
    }
}
