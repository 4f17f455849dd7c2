using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text.Json;
using Attune.Core;

namespace Attune.Models.Files;

/// <summary>
/// Reads the header of a safetensors file: 8 bytes with the length of a JSON object (little-endian), the object, then the data.
/// Nothing in it is trusted: every offset is checked against the file before a byte of data is read.
/// </summary>
internal static class SafeTensorsHeader
{
    // The limit of the reference implementation.
    private const long LongestHeader = 100_000_000;

    internal static ImmutableArray<SafeTensorsEntry> Read(string path, Stream file)
    {
        var size = file.Length;
        if (size < 8)
        {
            throw Damaged(path, $"it has {size} bytes; even an empty safetensors file has 8");
        }

        Span<byte> prefix = stackalloc byte[8];
        file.ReadExactly(prefix);
        if (prefix.SequenceEqual("version "u8))
        {
            throw new ModelFileException(
                $"{path} is a Git LFS pointer, which only names the file. Fetch the file itself (git lfs pull), or download it again."
            );
        }
        if (prefix[0] == '<')
        {
            throw new ModelFileException(
                $"{path} is a web page, not a safetensors file: a download that needed a login or another address. Download it again."
            );
        }
        var length = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (length > LongestHeader || (long)length > size - 8)
        {
            throw Damaged(path, $"its header claims {length} bytes, but the file has {size - 8} after the length");
        }

        var json = new byte[length];
        file.ReadExactly(json);
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 8 });
            var entries = Entries(path, document.RootElement, 8 + (long)length, size);
            CheckOverlap(path, entries);
            return entries;
        }
        catch (Exception problem) when (problem is JsonException or InvalidOperationException)
        {
            // The second is how the parser reports names that are not UTF-8.
            throw new ModelFileException($"{path} is damaged or not a safetensors file: its header is not JSON. {Advice}", problem);
        }
    }

    private static ImmutableArray<SafeTensorsEntry> Entries(string path, JsonElement root, long dataStart, long size)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw Damaged(path, "its header is not a JSON object");
        }

        var names = new HashSet<string>(StringComparer.Ordinal);
        var entries = ImmutableArray.CreateBuilder<SafeTensorsEntry>();
        foreach (var property in root.EnumerateObject().Where(p => p.Name != "__metadata__"))
        {
            if (!names.Add(property.Name))
            {
                throw Damaged(path, $"the tensor '{property.Name}' appears twice");
            }

            entries.Add(Entry(path, property.Name, property.Value, dataStart, size));
        }

        return entries.ToImmutable();
    }

    private static SafeTensorsEntry Entry(string path, string name, JsonElement value, long dataStart, long size)
    {
        if (
            value.ValueKind != JsonValueKind.Object
            || !value.TryGetProperty("dtype", out var dtype)
            || dtype.ValueKind != JsonValueKind.String
            || !value.TryGetProperty("shape", out var shape)
            || Integers(shape) is not { } sides
            || !value.TryGetProperty("data_offsets", out var offsets)
            || Integers(offsets) is not [var begin, var end]
        )
        {
            throw Damaged(path, $"the tensor '{name}' lacks dtype, shape or data_offsets");
        }

        var type = dtype.GetString() switch
        {
            "F32" => WeightType.F32,
            "BF16" => WeightType.BF16,
            "F16" => WeightType.F16,
            _ => WeightType.Other,
        };
        var width = SafeTensorsEntry.BytesOf(type, dtype.GetString()!);
        if (begin > end || end > size - dataStart)
        {
            throw Damaged(path, $"the tensor '{name}' lies at bytes {begin} to {end}, but the file has {size - dataStart} bytes of data");
        }

        // Of a type that is not known only the place is.
        return width == 0 ? new SafeTensorsEntry(name, type, [0], dataStart + begin) { TypeName = dtype.GetString()! }
            : Product(sides, (end - begin) / width) * width == end - begin
                ? new SafeTensorsEntry(name, type, sides, dataStart + begin) { TypeName = dtype.GetString()! }
            : throw Damaged(
                path,
                $"the tensor '{name}' of shape [{string.Join(", ", sides)}] and type {dtype.GetString()} has {end - begin} bytes"
            );
    }

    /// <summary>
    /// Elements of a tensor with these sides; -1 if they are more than <paramref name="most"/>. Sides are checked by division, so that
    /// their
    /// product cannot overflow before it is compared.
    /// </summary>
    private static long Product(ImmutableArray<long> sides, long most)
    {
        var product = 1L;
        foreach (var side in sides)
        {
            product =
                side == 0 ? 0
                : product > most / side ? -1
                : product * side;
            if (product <= 0)
            {
                break;
            }
        }

        return product;
    }

    private static ImmutableArray<long>? Integers(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() > 8)
        {
            return null;
        }

        var numbers = ImmutableArray.CreateBuilder<long>();
        foreach (var element in value.EnumerateArray())
        {
            if (element.ValueKind != JsonValueKind.Number || !element.TryGetInt64(out var number) || number < 0)
            {
                return null;
            }

            numbers.Add(number);
        }

        return numbers.ToImmutable();
    }

    private static void CheckOverlap(string path, ImmutableArray<SafeTensorsEntry> entries)
    {
        SafeTensorsEntry? previous = null;
        foreach (var entry in entries.Where(e => e.Bytes > 0).OrderBy(e => e.Start))
        {
            if (previous is not null && previous.Start + previous.Bytes > entry.Start)
            {
                throw Damaged(path, $"the tensors '{previous.Name}' and '{entry.Name}' overlap");
            }

            previous = entry;
        }
    }

    private const string Advice = "Copy or download it again.";

    private static ModelFileException Damaged(string path, string what) =>
        new($"{path} is damaged or not a safetensors file: {what}. {Advice}");
}
