using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;
using Attune.Core;

namespace Attune.Models.Gguf;

/// <summary>The header, read and checked.</summary>
public sealed partial class GgufFile
{
    private void ReadHeader()
    {
        if (!Take(4).AsSpan().SequenceEqual("GGUF"u8))
        {
            throw Wrong("it does not begin with 'GGUF'; expected a GGUF file");
        }

        if (Number32() is var version and not (2 or 3))
        {
            throw Wrong($"it is of version {version}; read are versions 2 and 3, little-endian");
        }

        // The least that one takes: a tensor a name's length, dimensions, one side, type, offset; a key its length, type and a byte.
        var tensors = Count("tensors", 8 + 4 + 8 + 4 + 8);
        var keys = Count("keys", 8 + 4 + 1);
        for (var i = 0L; i < keys; i++)
        {
            var key = Text("a key", LongestName);
            if (!_fields.TryAdd(key, Value(key, Number32(), inArray: false)))
            {
                throw Wrong($"the key '{Shown(key)}' appears twice");
            }
        }

        var alignment = _fields.TryGetValue("general.alignment", out var given) ? given is uint and >= 8 and <= 1 << 20 && System.Numerics.BitOperations.IsPow2((uint)given) ? (uint)given
            : throw Wrong($"general.alignment is {given}; expected a power of two from 8 on") : DefaultAlignment;
        var places = new List<(string Name, ImmutableArray<long> Shape, GgufType Type, ulong Offset)>();
        for (var i = 0L; i < tensors; i++)
        {
            places.Add(Place());
        }

        var start = (_file.Position + alignment - 1) / alignment * alignment;
        foreach (var (name, shape, type, offset) in places)
        {
            if (offset % alignment != 0 || offset > (ulong)_file.Length)
            {
                throw Wrong($"the tensor '{Shown(name)}' begins at {offset}, which is {(offset % alignment != 0 ? $"no multiple of {alignment}" : "beyond the end")}");
            }

            var entry = new GgufEntry(name, shape, type, start + (long)offset);
            if (entry.Start + entry.Bytes > _file.Length)
            {
                throw Wrong($"the tensor '{Shown(name)}' ends at byte {entry.Start + entry.Bytes}, the file at {_file.Length}; it is cut short");
            }

            if (!_entries.TryAdd(name, entry))
            {
                throw Wrong($"the tensor '{Shown(name)}' appears twice");
            }
        }

        var ordered = _entries.Values.OrderBy(e => e.Start).ToArray();
        for (var i = 1; i < ordered.Length; i++)
        {
            if (ordered[i - 1].Start + ordered[i - 1].Bytes > ordered[i].Start)
            {
                throw Wrong($"the tensors '{Shown(ordered[i - 1].Name)}' and '{Shown(ordered[i].Name)}' lie over each other");
            }
        }
    }

    private (string Name, ImmutableArray<long> Shape, GgufType Type, ulong Offset) Place()
    {
        var name = Text("a tensor's name", LongestName);
        var dimensions = Number32();
        if (dimensions is < 1 or > MostDimensions)
        {
            throw Wrong($"the tensor '{Shown(name)}' has {dimensions} dimensions; expected 1 to {MostDimensions}");
        }

        var shape = new long[dimensions];
        var count = (UInt128)1;
        for (var i = (int)dimensions - 1; i >= 0; i--)
        {
            var side = Number64();
            count *= side;
            // Two bits a number is less than any type here takes.
            if (side == 0 || count > (UInt128)_file.Length * 4)
            {
                throw Wrong($"the tensor '{Shown(name)}' has a side of {side}, and {count} numbers at least, in a file of {_file.Length} bytes");
            }

            shape[i] = (long)side;
        }

        var type = Number32();
        if (!Enum.IsDefined((GgufType)type))
        {
            throw Wrong($"the tensor '{Shown(name)}' is of ggml's type {type}; read are f32, f16, bf16 and q8_0. Convert the original weights, or a copy in one of these types");
        }

        if ((GgufType)type == GgufType.Q8 && shape[^1] % GgufWriter.BlockLength != 0)
        {
            throw Wrong($"the tensor '{Shown(name)}' has rows of {shape[^1]} numbers in blocks of {GgufWriter.BlockLength}");
        }

        return (name, [.. shape], (GgufType)type, Number64());
    }

    private object Value(string key, uint type, bool inArray) => type switch
    {
        0 => Take(1)[0],
        1 => (sbyte)Take(1)[0],
        2 => BinaryPrimitives.ReadUInt16LittleEndian(Take(2)),
        3 => BinaryPrimitives.ReadInt16LittleEndian(Take(2)),
        4 => Number32(),
        5 => unchecked((int)Number32()),
        6 => BitConverter.UInt32BitsToSingle(Number32()),
        7 => Take(1)[0] switch { 0 => false, 1 => true, var other => throw Wrong($"the key '{Shown(key)}' holds {other}; expected 0 or 1") },
        8 => Text($"the text of '{Shown(key)}'", int.MaxValue),
        9 when !inArray => List(key),
        10 => Number64(),
        11 => unchecked((long)Number64()),
        12 => BitConverter.UInt64BitsToDouble(Number64()),
        9 => throw Wrong($"the key '{Shown(key)}' holds arrays of arrays, which no model needs"),
        _ => throw Wrong($"the key '{Shown(key)}' is of type {type}; expected 0 to 12"),
    };

    private object List(string key)
    {
        var type = Number32();
        var least = type switch { 0 or 1 or 7 => 1, 2 or 3 => 2, 4 or 5 or 6 => 4, _ => 8 };
        var count = Count($"values of '{Shown(key)}'", least);
        switch (type)
        {
            case 8: return Many(() => Text($"a text of '{Shown(key)}'", int.MaxValue));
            case 6: return Many(() => BitConverter.UInt32BitsToSingle(Number32()));
            case 5: return Many(() => unchecked((int)Number32()));
            default: return Many(() => Value(key, type, inArray: true));
        }

        T[] Many<T>(Func<T> read)
        {
            var all = new T[count];
            for (var i = 0; i < all.Length; i++)
            {
                all[i] = read();
            }

            return all;
        }
    }

    /// <summary>A count of things that take so many bytes each at least.</summary>
    private long Count(string what, int least)
    {
        var count = Number64();
        return count <= (ulong)((_file.Length - _file.Position) / least) ? (long)count
            : throw Wrong($"it says that {count} {what} follow, and has {_file.Length - _file.Position} bytes left; it is cut short, or damaged");
    }

    private string Text(string what, int longest)
    {
        var length = Number64();
        if (length > (ulong)Math.Min(_file.Length - _file.Position, longest))
        {
            throw Wrong($"{what} has {length} bytes at byte {_file.Position} of {_file.Length}; it is cut short, or damaged");
        }

        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(Take((int)length));
        }
        catch (DecoderFallbackException)
        {
            throw Wrong($"{what} at byte {_file.Position - (long)length} is not valid UTF-8");
        }
    }

    private uint Number32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    private ulong Number64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

    private byte[] Take(int count)
    {
        var bytes = new byte[count];
        return _file.ReadAtLeast(bytes, count, throwOnEndOfStream: false) == count ? bytes : throw Wrong($"it ends at byte {_file.Length}, within its header; it is cut short");
    }

    private static string Shown(string name) => name.Length > 60 ? name[..60] + "..." : name;

    private ModelFileException Wrong(string what) => new($"{Path}: {what}.");
}
