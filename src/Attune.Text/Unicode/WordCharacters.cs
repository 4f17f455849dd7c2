using System.Globalization;
using System.Text;

namespace Attune.Text.Unicode;

/// <summary>
/// The characters of words (<c>\w</c>) as two libraries have them that tokenizers use: more than .NET's, which lacks the vowel signs of
/// Indic scripts, letter numbers and circled letters.
/// </summary>
internal static class WordCharacters
{
    /// <summary>What stands for the circled and squared letters beyond U+FFFF, which are letters here.</summary>
    public const char CircledLetter = '\u24B6';

    /// <summary>Alphabetic, marks, decimal digits and connectors: Oniguruma's inside a class.</summary>
    public const string Common = @"\p{L}\p{M}\p{Nl}\p{Nd}\p{Pc}\u24B6-\u24E9";

    /// <summary>Oniguruma's by itself: it takes the numbers of Latin-1 too.</summary>
    public const string Oniguruma = Common + @"\u00B2\u00B3\u00B9\u00BC-\u00BE";

    /// <summary>Those of Rust's expressions, which take the joiners too.</summary>
    public const string Rust = Common + @"\u200C\u200D";

    public static bool IsCircledLetter(int point) =>
        point is (>= 0x24B6 and <= 0x24E9) or (>= 0x1F130 and <= 0x1F149) or (>= 0x1F150 and <= 0x1F169) or (>= 0x1F170 and <= 0x1F189);

    /// <summary>As Rust's expressions have it.</summary>
    public static bool IsWord(Rune rune) =>
        Rune.IsLetter(rune)
        || Rune.GetUnicodeCategory(rune)
            is UnicodeCategory.NonSpacingMark
                or UnicodeCategory.SpacingCombiningMark
                or UnicodeCategory.EnclosingMark
                or UnicodeCategory.LetterNumber
                or UnicodeCategory.DecimalDigitNumber
                or UnicodeCategory.ConnectorPunctuation
        || rune.Value is 0x200C or 0x200D
        || IsCircledLetter(rune.Value);

    public static bool IsMark(Rune rune) =>
        Rune.GetUnicodeCategory(rune)
            is UnicodeCategory.NonSpacingMark
                or UnicodeCategory.SpacingCombiningMark
                or UnicodeCategory.EnclosingMark;
}
