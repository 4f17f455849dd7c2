using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Attune.Core;

namespace Attune.Text.Gguf;

/// <summary>
/// Reads the header of a GGUF file: its keys with their values, and where its tensors lie. See <see cref="GgufHeader"/> for what is
/// promised.
/// </summary>
internal sealed class GgufHeaderReader(string path, FileStream file)
{
    private const int MostDimensions = 4;
    private const int DefaultAlignment = 32;
    private const int LongestName = 1 << 16;

    // No model has more: its largest list has an entry a token, its longest text is a chat template.
    private const ulong MostValues = 1 << 24,
        MostTensors = 1 << 17,
        MostKeys = 1 << 16;
    private const int LongestText = 1 << 24;
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);
    private readonly long _length = file.Length;
    private readonly Dictionary<string, object> _fields = new(StringComparer.Ordinal);

    private long Left => _length - file.Position;

    /// <exception cref="ModelFileException">Damaged, or of a kind that is not read.</exception>
    internal (Dictionary<string, object> Fields, Dictionary<string, GgufEntry> Entries) Read()
    {
        if (!Take(4).AsSpan().SequenceEqual("GGUF"u8))
        {
            throw Wrong("it does not begin with 'GGUF'; expected a GGUF file");
        }

        if (Number32() is var version and not (2 or 3))
        {
            throw Wrong($"it is of version {version}; supported are versions 2 and 3, little-endian");
        }

        // The least that one takes: a tensor a name's length, dimensions, one side, type, offset; a key its length, type and a byte.
        var tensors = Count("tensors", 8 + 4 + 8 + 4 + 8, MostTensors);
        var keys = Count("keys", 8 + 4 + 1, MostKeys);
        for (var i = 0; i < keys; i++)
        {
            var key = Text("a key", LongestName);
            if (!_fields.TryAdd(key, Value(key, Number32())))
            {
                throw Wrong($"the key '{Shown(key)}' appears twice");
            }
        }

        return (_fields, Entries(tensors));
    }

    private Dictionary<string, GgufEntry> Entries(int tensors)
    {
        var alignment = Alignment();
        var places = new List<(string Name, ImmutableArray<long> Shape, GgufType Type, ulong Offset)>();
        for (var i = 0; i < tensors; i++)
        {
            places.Add(Place());
        }

        var start = (file.Position + alignment - 1) / alignment * alignment;
        var entries = new Dictionary<string, GgufEntry>(StringComparer.Ordinal);
        foreach (var (name, shape, type, offset) in places)
        {
            if (offset % alignment != 0 || offset > (ulong)_length)
            {
                throw Wrong(
                    $"the tensor '{Shown(name)}' begins at {offset}, which is "
                        + $"{(offset % alignment != 0 ? $"no multiple of {alignment}" : "beyond the end")}"
                );
            }

            var entry = new GgufEntry(name, shape, type, start + (long)offset);
            if (entry.Start + entry.Bytes > _length)
            {
                throw Wrong($"the tensor '{Shown(name)}' ends at byte {entry.Start + entry.Bytes}, the file at {_length}; it is cut short");
            }

            if (!entries.TryAdd(name, entry))
            {
                throw Wrong($"the tensor '{Shown(name)}' appears twice");
            }
        }

        CheckOverlap(entries.Values);
        return entries;
    }

    private uint Alignment() =>
        _fields.TryGetValue("general.alignment", out var given)
            ? given is uint and >= 8 and <= 1 << 20 && BitOperations.IsPow2((uint)given)
                ? (uint)given
                : throw Wrong($"general.alignment is {given}; expected a power of two from 8 on")
            : DefaultAlignment;

    private void CheckOverlap(IEnumerable<GgufEntry> entries)
    {
        var ordered = entries.OrderBy(e => e.Start).ToArray();
        for (var i = 1; i < ordered.Length; i++)
        {
            if (ordered[i - 1].Start + ordered[i - 1].Bytes > ordered[i].Start)
            {
                throw Wrong($"the tensors '{Shown(ordered[i - 1].Name)}' and '{Shown(ordered[i].Name)}' overlap");
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
            // A byte holds four numbers at most, whatever their type. Held against it side by side, the product cannot overflow.
            if (side == 0 || count > 4 * (UInt128)_length)
            {
                throw Wrong($"the tensor '{Shown(name)}' has a side of {side}, and {count} numbers at least, in a file of {_length} bytes");
            }

            shape[i] = (long)side;
        }

        var type = Number32();
        if (!Enum.IsDefined((GgufType)type))
        {
            throw Wrong(
                $"the tensor '{Shown(name)}' is of ggml's type {GgufTypes.NameOf(type)}; supported are "
                    + $"{string.Join(", ", GgufTypes.Names)}. Convert the original weights, or a copy in one of these types"
            );
        }

        if (((GgufType)type).BlockLength() is var block && shape[^1] % block != 0)
        {
            throw Wrong($"the tensor '{Shown(name)}' has rows of {shape[^1]} numbers in blocks of {block}");
        }

        return (name, [.. shape], (GgufType)type, Number64());
    }

    private object Value(string key, uint type) =>
        type switch
        {
            0 => Take(1)[0],
            1 => (sbyte)Take(1)[0],
            2 => BinaryPrimitives.ReadUInt16LittleEndian(Take(2)),
            3 => BinaryPrimitives.ReadInt16LittleEndian(Take(2)),
            4 => Number32(),
            5 => unchecked((int)Number32()),
            6 => BitConverter.UInt32BitsToSingle(Number32()),
            7 => Flag(key, Take(1)[0]),
            8 => Text($"the text of '{Shown(key)}'", LongestText),
            9 => List(key, Number32()),
            10 => Number64(),
            11 => unchecked((long)Number64()),
            12 => BitConverter.UInt64BitsToDouble(Number64()),
            _ => throw WrongType(key, type),
        };

    /// <summary>An array of the values' own type: boxed, small numbers would take thirty times what they take in the file.</summary>
    private object List(string key, uint type) =>
        type switch
        {
            0 => Numbers<byte>(key),
            1 => Numbers<sbyte>(key),
            2 => Numbers<ushort>(key),
            3 => Numbers<short>(key),
            4 => Numbers<uint>(key),
            5 => Numbers<int>(key),
            6 => Numbers<float>(key),
            7 => Array.ConvertAll(Numbers<byte>(key), flag => Flag(key, flag)),
            8 => Texts(key),
            9 => throw Wrong($"the key '{Shown(key)}' holds arrays of arrays, which no model needs"),
            10 => Numbers<ulong>(key),
            11 => Numbers<long>(key),
            12 => Numbers<double>(key),
            _ => throw WrongType(key, type),
        };

    private T[] Numbers<T>(string key)
        where T : unmanaged
    {
        var all = new T[Count($"values of '{Shown(key)}'", Unsafe.SizeOf<T>(), MostValues)];
        Fill(MemoryMarshal.AsBytes(all.AsSpan()));
        return all;
    }

    private string[] Texts(string key)
    {
        var all = new string[Count($"values of '{Shown(key)}'", sizeof(ulong), MostValues)];
        for (var i = 0; i < all.Length; i++)
        {
            all[i] = Text($"a text of '{Shown(key)}'", LongestText);
        }

        return all;
    }

    private bool Flag(string key, byte value) =>
        value switch
        {
            0 => false,
            1 => true,
            _ => throw Wrong($"the key '{Shown(key)}' holds {value}; expected 0 or 1"),
        };

    /// <summary>A count of things that take so many bytes each at least.</summary>
    private int Count(string what, int least, ulong most)
    {
        var count = Number64();
        if (count > (ulong)(Left / least))
        {
            throw Wrong($"it says that {count} {what} follow, and has {Left} bytes left; it is cut short, or damaged");
        }

        return count <= most ? (int)count : throw Wrong($"it says that {count} {what} follow; expected at most {most}. It is damaged");
    }

    private string Text(string what, int longest)
    {
        var length = Number64();
        if (length > (ulong)Left)
        {
            throw Wrong($"{what} has {length} bytes at byte {file.Position} of {_length}; it is cut short, or damaged");
        }

        if (length > (ulong)longest)
        {
            throw Wrong($"{what} has {length} bytes at byte {file.Position}; expected at most {longest}. It is damaged");
        }

        try
        {
            return Strict.GetString(Take((int)length));
        }
        catch (DecoderFallbackException)
        {
            throw Wrong($"{what} at byte {file.Position - (long)length} is not valid UTF-8");
        }
    }

    private uint Number32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    private ulong Number64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

    private byte[] Take(int count)
    {
        var bytes = new byte[count];
        Fill(bytes);
        return bytes;
    }

    private void Fill(Span<byte> bytes)
    {
        if (file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) < bytes.Length)
        {
            throw Wrong($"it ends at byte {_length}, within its header; it is cut short");
        }
    }

    private static string Shown(string name) => name.Length > 60 ? name[..60] + "..." : name;

    private ModelFileException WrongType(string key, uint type) => Wrong($"the key '{Shown(key)}' is of type {type}; expected 0 to 12");

    private ModelFileException Wrong(string what) => new($"{path}: {what}.");
}
