using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Attune.Core;

namespace Attune.Models.Gguf;

/// <summary>A tensor in a GGUF file.</summary>
/// <param name="Shape">Outermost first, as elsewhere; the file has the reverse order.</param>
/// <param name="Start">First byte in the file.</param>
public sealed record GgufEntry(string Name, ImmutableArray<long> Shape, GgufType Type, long Start)
{
    public long Count => Shape.Aggregate(1L, (product, side) => product * side);

    internal long Bytes => GgufWriter.BytesOf(Count, Type);
}

/// <summary>
/// An open GGUF file, version 2 or 3, little-endian (ggml's docs/gguf.md). Nothing is believed: every count and length is held against what
/// is left of the file, and against what a model can have, before anything is read or made room for. So a header takes a few times its own
/// size in memory, and never more.
/// </summary>
public sealed partial class GgufFile : IDisposable
{
    // A multiple of the blocks' length.
    private const int NumbersAtOnce = 1 << 18;
    private readonly FileStream _file;
    private readonly Dictionary<string, object> _fields;
    private readonly Dictionary<string, GgufEntry> _entries;

    /// <exception cref="ModelFileException">The file is absent, damaged, or of a kind that is not read; says where.</exception>
    public GgufFile(string path)
    {
        Path = path;
        try
        {
            _file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new ModelFileException($"{path} cannot be read: {problem.Message}", problem);
        }

        try
        {
            (_fields, _entries) = new GgufHeader(path, _file).Read();
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    public string Path { get; }

    /// <summary>The keys with their values: numbers, flags, texts, and arrays of these.</summary>
    public IReadOnlyDictionary<string, object> Fields => _fields;

    public IEnumerable<GgufEntry> Entries => _entries.Values;

    public GgufEntry? Find(string name) => _entries.GetValueOrDefault(name);

    /// <summary>Whether a file begins as a GGUF file does.</summary>
    public static bool IsOne(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            Span<byte> first = stackalloc byte[4];
            return file.ReadAtLeast(first, first.Length, throwOnEndOfStream: false) == first.Length && first.SequenceEqual("GGUF"u8);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Reads a tensor whole.</summary>
    /// <exception cref="ModelFileException">A number is infinite or not a number, or there are more than an array holds
    /// (2,147,483,591).</exception>
    public float[] Read(GgufEntry entry)
    {
        if (entry.Count > Array.MaxLength)
        {
            throw new ModelFileException(
                $"{Path}: the tensor '{entry.Name}' has {entry.Count} numbers; expected at most {Array.MaxLength}."
            );
        }

        var values = new float[entry.Count];
        var room = new byte[GgufWriter.BytesOf(Math.Min(entry.Count, NumbersAtOnce), entry.Type)];
        try
        {
            _file.Seek(entry.Start, SeekOrigin.Begin);
            for (var rest = values.AsSpan(); rest.Length > 0; rest = rest[Math.Min(rest.Length, NumbersAtOnce)..])
            {
                var part = rest[..Math.Min(rest.Length, NumbersAtOnce)];
                var bytes = room.AsSpan(0, (int)GgufWriter.BytesOf(part.Length, entry.Type));
                _file.ReadExactly(bytes);
                Widen(entry.Type, bytes, part);
            }
        }
        catch (IOException problem)
        {
            throw new ModelFileException($"{Path}: the tensor '{entry.Name}' cannot be read: {problem.Message}", problem);
        }

        if (Array.FindIndex(values, v => !float.IsFinite(v)) is var wrong and >= 0)
        {
            throw new ModelFileException(
                $"{Path}: the tensor '{entry.Name}' holds {values[wrong]} at place {wrong}; the file is damaged, or training "
                    + "that made it diverged."
            );
        }

        return values;
    }

    public void Dispose() => _file.Dispose();

    private static void Widen(GgufType type, ReadOnlySpan<byte> bytes, Span<float> values)
    {
        switch (type)
        {
            case GgufType.F32:
                MemoryMarshal.Cast<byte, float>(bytes).CopyTo(values);
                break;
            case GgufType.F16:
                Each(bytes, values, bits => (float)BitConverter.UInt16BitsToHalf(bits));
                break;
            case GgufType.BF16:
                Each(bytes, values, bits => BitConverter.UInt32BitsToSingle((uint)bits << 16));
                break;
            default:
                Blocks(bytes, values);
                break;
        }
    }

    private static void Each(ReadOnlySpan<byte> bytes, Span<float> values, Func<ushort, float> widen)
    {
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = widen(BinaryPrimitives.ReadUInt16LittleEndian(bytes[(2 * i)..]));
        }
    }

    private static void Blocks(ReadOnlySpan<byte> bytes, Span<float> values)
    {
        for (var block = 0; block < values.Length / GgufWriter.BlockLength; block++)
        {
            var own = bytes.Slice(block * GgufWriter.BlockBytes, GgufWriter.BlockBytes);
            var scale = (float)BinaryPrimitives.ReadHalfLittleEndian(own);
            for (var i = 0; i < GgufWriter.BlockLength; i++)
            {
                values[block * GgufWriter.BlockLength + i] = scale * (sbyte)own[2 + i];
            }
        }
    }
}
