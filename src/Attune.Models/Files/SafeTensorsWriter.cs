using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text.Json;
using Attune.Core.Files;
using Attune.Kernels;

namespace Attune.Models.Files;

/// <summary>A tensor to write: its name, its shape, and its numbers when they are asked for.</summary>
public sealed record SafeTensorsSource(string Name, ImmutableArray<long> Shape, Func<float[]> Values);

/// <summary>Writes safetensors files.</summary>
public static class SafeTensorsWriter
{
    /// <summary>Writes the file whole or not at all; only one tensor's numbers are held at a time.</summary>
    /// <param name="type">F32 or BF16 (rounded to nearest, ties to even).</param>
    /// <exception cref="Attune.Core.AttuneException">The file cannot be written; nothing is left behind.</exception>
    public static void Write(string path, IReadOnlyList<SafeTensorsSource> tensors, WeightType type)
    {
        if (type == WeightType.F16)
        {
            throw new ArgumentException("Weights are written in F32 or BF16; F16 would overflow silently.", nameof(type));
        }

        AtomicFile.Write(
            path,
            file =>
            {
                WriteHeader(file, tensors, type);
                foreach (var tensor in tensors)
                {
                    WriteValues(file, tensor.Values(), type);
                }
            }
        );
    }

    private static void WriteHeader(Stream file, IReadOnlyList<SafeTensorsSource> tensors, WeightType type)
    {
        using var header = new MemoryStream();
        using (var json = new Utf8JsonWriter(header))
        {
            json.WriteStartObject();
            json.WriteStartObject("__metadata__");
            json.WriteString("format", "pt"); // What transformers looks for to know the layout.
            json.WriteEndObject();
            var next = 0L;
            foreach (var tensor in tensors)
            {
                var bytes = tensor.Shape.Aggregate(1L, (product, side) => checked(product * side)) * SafeTensorsEntry.BytesOf(type);
                json.WriteStartObject(tensor.Name);
                json.WriteString("dtype", type == WeightType.F32 ? "F32" : "BF16");
                WriteArray(json, "shape", tensor.Shape);
                WriteArray(json, "data_offsets", [next, next + bytes]);
                json.WriteEndObject();
                next += bytes;
            }

            json.WriteEndObject();
        }

        // Spaces after the object align the data to 8 bytes.
        while (header.Length % 8 != 0)
        {
            header.WriteByte((byte)' ');
        }

        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        file.Write(length);
        header.WriteTo(file);
    }

    private static void WriteArray(Utf8JsonWriter json, string name, ImmutableArray<long> numbers)
    {
        json.WriteStartArray(name);
        foreach (var number in numbers)
        {
            json.WriteNumberValue(number);
        }

        json.WriteEndArray();
    }

    private static void WriteValues(Stream file, float[] values, WeightType type)
    {
        if (type == WeightType.F32)
        {
            file.Write(MemoryMarshal.AsBytes(values.AsSpan()));
            return;
        }

        var halves = new ushort[values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            halves[i] = BFloat16.Round(values[i]);
        }

        file.Write(MemoryMarshal.AsBytes(halves.AsSpan()));
    }
}
