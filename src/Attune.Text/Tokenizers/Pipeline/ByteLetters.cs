using System.Text;
using Attune.Text.Unicode;

namespace Attune.Text.Tokenizers.Pipeline;

/// <summary>
/// The printable letter that stands for each byte in the files of byte-level vocabularies (GPT-2, Radford et al. 2019): Latin-1's
/// printable characters stand for themselves, the other 68 bytes for U+0100 and up, in order.
/// </summary>
internal static class ByteLetters
{
    private static readonly char[] Letters = MakeLetters();
    private static readonly Dictionary<char, byte> Bytes = Enumerable.Range(0, 256).ToDictionary(b => Letters[b], b => (byte)b);

    /// <summary>All bytes in the order of GPT-2's vocabulary: those that stand for themselves, then the others.</summary>
    public static IEnumerable<byte> InVocabularyOrder { get; } =
    [.. Enumerable.Range(0, 256).Select(b => (byte)b).OrderBy(b => Letters[b] >= 256).ThenBy(b => b)];

    public static char Letter(byte value) => Letters[value];

    public static string Spell(ReadOnlySpan<byte> bytes)
    {
        var letters = new StringBuilder(bytes.Length);
        foreach (var value in bytes)
        {
            letters.Append(Letters[value]);
        }

        return letters.ToString();
    }

    /// <summary>The letters of a text's bytes; each lies where its character does.</summary>
    public static AlignedText Spell(AlignedText text)
    {
        if (!text.IsTraced)
        {
            return Spell(Encoding.UTF8.GetBytes(text.Text));
        }

        var result = new AlignedTextBuilder(text);
        Span<byte> bytes = stackalloc byte[4];
        var end = 0;
        foreach (var rune in text.Text.EnumerateRunes())
        {
            var start = end;
            end += rune.Utf16SequenceLength;
            result.Append(Spell(bytes[..rune.EncodeToUtf8(bytes)]), start, end);
        }

        return result.ToText();
    }

    /// <summary>The bytes a token spells; null where a character stands for no byte.</summary>
    public static byte[]? Read(string letters)
    {
        var bytes = new byte[letters.Length];
        for (var i = 0; i < letters.Length; i++)
        {
            if (!Bytes.TryGetValue(letters[i], out bytes[i]))
            {
                return null;
            }
        }

        return bytes;
    }

    private static char[] MakeLetters()
    {
        var letters = new char[256];
        var next = 256;
        for (var b = 0; b < 256; b++)
        {
            letters[b] = b is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF) ? (char)b : (char)next++;
        }

        return letters;
    }
}
