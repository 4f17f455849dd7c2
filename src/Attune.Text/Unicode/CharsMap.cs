using System.Buffers.Binary;
using System.Text;

namespace Attune.Text.Unicode;

/// <summary>
/// SentencePiece's precompiled normalisation: which stretches of characters become which text, as a double array (Aoe 1989, as the Darts
/// library writes it) over UTF-8, and the texts, each ended by a zero byte.
/// </summary>
internal sealed class CharsMap
{
    private readonly uint[] _units;
    private readonly byte[] _texts;
    private readonly Dictionary<int, string> _read = [];

    private CharsMap(uint[] units, byte[] texts) => (_units, _texts) = (units, texts);

    /// <summary>Null where the bytes are not such a table.</summary>
    public static CharsMap? Read(ReadOnlySpan<byte> bytes)
    {
        if (
            bytes.Length < 8
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes) is var size && (size > bytes.Length - 4 || size % 4 != 0 || size == 0)
        )
        {
            return null;
        }
        var units = new uint[size / 4];
        for (var i = 0; i < units.Length; i++)
        {
            units[i] = BinaryPrimitives.ReadUInt32LittleEndian(bytes[(4 + 4 * i)..]);
        }

        return new CharsMap(units, bytes[(4 + (int)size)..].ToArray());
    }

    /// <summary>What the longest known stretch that begins at a place becomes; null where none begins there.</summary>
    /// <param name="length">Of the stretch, in UTF-16 units.</param>
    public string? Longest(ReadOnlySpan<char> text, out int length)
    {
        length = 0;
        string? found = null;
        foreach (var (end, value) in Known(text))
        {
            (length, found) = (end, Text(value));
        }

        return found;
    }

    /// <summary>As <see cref="Longest"/> for the shortest stretch, which is what the tokenizers library takes.</summary>
    public string? Shortest(ReadOnlySpan<char> text)
    {
        foreach (var (_, value) in Known(text))
        {
            return Text(value);
        }

        return null;
    }

    private List<(int End, int Value)> Known(ReadOnlySpan<char> text)
    {
        var known = new List<(int, int)>();
        Span<byte> bytes = stackalloc byte[4];
        var (at, node) = (0, Offset(_units[0]));
        while (at < text.Length)
        {
            Rune.DecodeFromUtf16(text[at..], out var rune, out var units);
            at += units;
            foreach (var value in bytes[..rune.EncodeToUtf8(bytes)])
            {
                node ^= value;
                if (node >= _units.Length || (_units[node] & 0x800000FF) != value)
                {
                    return known;
                }
                var unit = _units[node];
                node ^= Offset(unit);
                if ((unit >> 8 & 1) == 1 && node < _units.Length)
                {
                    known.Add((at, (int)(_units[node] & 0x7FFFFFFF)));
                }
            }
        }

        return known;
    }

    private static uint Offset(uint unit) => unit >> 10 << (int)((unit & 512) >> 6);

    private string Text(int start)
    {
        lock (_read)
        {
            if (!_read.TryGetValue(start, out var text))
            {
                var rest = start < _texts.Length ? _texts.AsSpan(start) : [];
                var end = rest.IndexOf((byte)0);
                _read[start] = text = Encoding.UTF8.GetString(end < 0 ? rest : rest[..end]);
            }

            return text;
        }
    }
}
