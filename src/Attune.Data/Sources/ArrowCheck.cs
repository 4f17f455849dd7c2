using System.Runtime.InteropServices;
using Apache.Arrow;
using Apache.Arrow.Types;

namespace Attune.Data.Sources;

/// <summary>
/// Checks that the buffers of an array are as long as its length needs, and that offsets stay within them. Arrow's reader does not, and
/// would read what lies beyond them in memory.
/// </summary>
internal static class ArrowCheck
{
    /// <exception cref="InvalidDataException">They are not.</exception>
    public static void Validate(ArrayData data)
    {
        var end = checked(data.Offset + data.Length);
        Require(data is { Length: >= 0, Offset: >= 0 });
        if (data.DataType is not (NullType or UnionType) && data.Buffers[0].Length > 0)
        {
            Require(data.Buffers[0].Length >= (end + 7) / 8);
        }

        Values(data, end);
        foreach (var child in (data.Children ?? []).Append(data.Dictionary).OfType<ArrayData>())
        {
            Validate(child);
        }
    }

    /// <summary>What the type itself keeps: values, offsets, children.</summary>
    private static void Values(ArrayData data, int end)
    {
        switch (data.DataType)
        {
            case StringType or BinaryType:
                Offsets<int>(data.Buffers[1], end, data.Buffers[2].Length);
                break;
            case LargeStringType or LargeBinaryType:
                Offsets<long>(data.Buffers[1], end, data.Buffers[2].Length);
                break;
            case StringViewType or BinaryViewType:
                Views(data, end);
                break;
            case ListType or MapType:
                Offsets<int>(data.Buffers[1], end, data.Children[0].Length);
                break;
            case LargeListType:
                Offsets<long>(data.Buffers[1], end, data.Children[0].Length);
                break;
            case FixedSizeListType list:
                Require(list.ListSize >= 0 && data.Children[0].Length >= (long)end * list.ListSize);
                break;
            case StructType:
                Require(data.Children.All(c => c.Length >= end));
                break;
            case DictionaryType dictionary:
                Require(data.Buffers[1].Length >= (long)end * ((FixedWidthType)dictionary.IndexType).BitWidth / 8);
                Require(data.Dictionary is not null);
                break;
            case FixedWidthType width:
                Require(data.Buffers[1].Length * 8L >= (long)end * width.BitWidth);
                break;
        }
    }

    private static void Offsets<T>(ArrowBuffer buffer, int end, long values)
        where T : struct, IConvertible
    {
        // An array without elements may leave its offsets out.
        if (end == 0 && buffer.Length == 0)
        {
            return;
        }

        var offsets = MemoryMarshal.Cast<byte, T>(buffer.Span);
        Require(offsets.Length > end);
        var before = 0L;
        foreach (var offset in offsets[..(end + 1)])
        {
            var at = offset.ToInt64(null);
            Require(at >= before && at <= values);
            before = at;
        }
    }

    /// <summary>Views of 16 bytes: the length, then a text of at most 12 bytes, or the buffer and the place where it lies.</summary>
    private static void Views(ArrayData data, int end)
    {
        var views = MemoryMarshal.Cast<byte, int>(data.Buffers[1].Span);
        Require(views.Length >= 4L * end);
        for (var i = 0; i < end; i++)
        {
            var (length, buffer, at) = (views[4 * i], views[4 * i + 2], views[4 * i + 3]);
            Require(
                length is >= 0 and <= 12
                    || (
                        length > 0
                        && buffer >= 0
                        && at >= 0
                        && buffer + 2 < data.Buffers.Length
                        && data.Buffers[buffer + 2].Length >= (long)at + length
                    )
            );
        }
    }

    private static void Require(bool holds)
    {
        if (!holds)
        {
            throw new InvalidDataException("an array is longer than what is stored of it");
        }
    }
}
