using System.Collections.Immutable;
using System.Text;

namespace Attune.Text.Tokenizers;

/// <summary>Where tokens lie whose bytes, one after another, are those of the text.</summary>
internal static class ByteOffsets
{
    /// <param name="bytesOf">The bytes that a token spells; null for the unknown token, which spells any characters.</param>
    /// <param name="places">For each byte of the text as the tokenizer reads it the code point that it belongs to.</param>
    /// <param name="read">The bytes themselves.</param>
    public static ImmutableArray<(int Start, int End)> Of(
        ImmutableArray<int> ids,
        Func<int, byte[]?> bytesOf,
        int[] places,
        ReadOnlySpan<byte> read
    )
    {
        var offsets = ImmutableArray.CreateBuilder<(int, int)>(ids.Length);
        var at = 0;
        for (var i = 0; i < ids.Length; i++)
        {
            var length =
                bytesOf(ids[i])?.Length ?? Unknown(read[at..], i + 1 < ids.Length ? bytesOf(ids[i + 1]) : null, i + 1 < ids.Length);
            var end = Math.Min(at + length, places.Length);
            offsets.Add(end > at ? (places[at], places[end - 1] + 1) : (places.ElementAtOrDefault(at), places.ElementAtOrDefault(at)));
            at = end;
        }

        return offsets.ToImmutable();
    }

    /// <summary>For each byte of a text the code point it belongs to.</summary>
    public static int[] Places(string text)
    {
        var places = new List<int>(text.Length);
        var point = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            places.AddRange(Enumerable.Repeat(point++, rune.Utf8SequenceLength));
        }

        return [.. places];
    }

    /// <summary>Bytes of an unknown token: one character where another unknown follows, else all up to the next token's.</summary>
    private static int Unknown(ReadOnlySpan<byte> rest, byte[]? next, bool more)
    {
        if (!more)
        {
            return rest.Length;
        }

        Rune.DecodeFromUtf8(rest, out _, out var first);
        if (next is not { Length: > 0 })
        {
            return first;
        }

        var found = rest[Math.Min(first, rest.Length)..].IndexOf(next);
        return found < 0 ? first : first + found;
    }
}
