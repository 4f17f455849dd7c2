using System.Buffers;
using System.Globalization;
using System.Text;
using Microsoft.ML.Tokenizers;

namespace Attune.Text.Tokenizers;

/// <summary>
/// Cuts text into the words inside which GPT-2's vocabulary merges: English contractions, runs of letters, of digits and of other
/// signs, each with at most one space before, and white space. The published pattern is
/// <c>'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+</c>; it is scanned by hand because .NET's patterns see
/// half characters where letters and digits lie beyond U+FFFF.
/// </summary>
internal sealed class Gpt2Words : PreTokenizer
{
    private enum Kind
    {
        Space,
        Letter,
        Digit,
        Other,
    }

    public override IEnumerable<(int Offset, int Length)> PreTokenize(string text) => PreTokenize(text.AsSpan());

    public override IEnumerable<(int Offset, int Length)> PreTokenize(ReadOnlySpan<char> text)
    {
        var words = new List<(int, int)>(1 + text.Length / 5);
        var start = 0;
        while (start < text.Length)
        {
            var length = FirstWord(text[start..]);
            words.Add((start, length));
            start += length;
        }

        return words;
    }

    /// <summary>Length of the first word of a text that is not empty.</summary>
    public static int FirstWord(ReadOnlySpan<char> text)
    {
        var contraction = Contraction(text);
        if (contraction > 0)
        {
            return contraction;
        }
        var kind = First(text, out _);
        if (text[0] == ' ' && text.Length > 1 && First(text[1..], out _) is var next && next != Kind.Space)
        {
            return 1 + Run(text[1..], next);
        }
        if (kind != Kind.Space)
        {
            return Run(text, kind);
        }
        // The last of several white spaces belongs to the word that follows, if any.
        var spaces = Run(text, Kind.Space);
        return spaces == text.Length || spaces == 1 ? spaces : spaces - 1;
    }

    private static int Contraction(ReadOnlySpan<char> text)
    {
        if (text.Length < 2 || text[0] != '\'')
        {
            return 0;
        }
        if (text[1] is 's' or 'd' or 'm' or 't')
        {
            return 2;
        }
        return text[1..] is ['l', 'l', ..] or ['v', 'e', ..] or ['r', 'e', ..] ? 3 : 0;
    }

    private static int Run(ReadOnlySpan<char> text, Kind kind)
    {
        var length = 0;
        while (length < text.Length && First(text[length..], out var width) == kind)
        {
            length += width;
        }

        return length;
    }

    private static Kind First(ReadOnlySpan<char> text, out int width)
    {
        width = 1;
        if (char.IsAscii(text[0]))
        {
            return OfAscii(text[0]);
        }
        if (Rune.DecodeFromUtf16(text, out var rune, out width) != OperationStatus.Done)
        {
            return Kind.Other;
        }
        return Rune.GetUnicodeCategory(rune) switch
        {
            <= UnicodeCategory.OtherLetter => Kind.Letter,
            UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => Kind.Digit,
            _ => Rune.IsWhiteSpace(rune) ? Kind.Space : Kind.Other,
        };
    }

    private static Kind OfAscii(char character) =>
        char.IsAsciiLetter(character) ? Kind.Letter
        : char.IsAsciiDigit(character) ? Kind.Digit
        : char.IsWhiteSpace(character) ? Kind.Space
        : Kind.Other;
}
