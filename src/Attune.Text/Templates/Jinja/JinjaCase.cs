using System.Text;

namespace Attune.Text.Templates.Jinja;

/// <summary>Python's letter case: some letters become several, others depend on their neighbours.</summary>
internal static class JinjaCase
{
    // A letter, and its capitals (Unicode's SpecialCasing.txt, without conditions).
    private const string Several =
        "\u00DFSS \u0149\u02BCN \u01F0J\u030C \u0390\u0399\u0308\u0301 \u03B0\u03A5\u0308\u0301 \u0587\u0535\u0552 "
        + "\u1E96H\u0331 \u1E97T\u0308 \u1E98W\u030A \u1E99Y\u030A \u1E9AA\u02BE \u1F50\u03A5\u0313 "
        + "\u1F52\u03A5\u0313\u0300 \u1F54\u03A5\u0313\u0301 \u1F56\u03A5\u0313\u0342 \u1F80\u1F08\u0399 "
        + "\u1F81\u1F09\u0399 \u1F82\u1F0A\u0399 \u1F83\u1F0B\u0399 \u1F84\u1F0C\u0399 \u1F85\u1F0D\u0399 "
        + "\u1F86\u1F0E\u0399 \u1F87\u1F0F\u0399 \u1F88\u1F08\u0399 \u1F89\u1F09\u0399 \u1F8A\u1F0A\u0399 "
        + "\u1F8B\u1F0B\u0399 \u1F8C\u1F0C\u0399 \u1F8D\u1F0D\u0399 \u1F8E\u1F0E\u0399 \u1F8F\u1F0F\u0399 "
        + "\u1F90\u1F28\u0399 \u1F91\u1F29\u0399 \u1F92\u1F2A\u0399 \u1F93\u1F2B\u0399 \u1F94\u1F2C\u0399 "
        + "\u1F95\u1F2D\u0399 \u1F96\u1F2E\u0399 \u1F97\u1F2F\u0399 \u1F98\u1F28\u0399 \u1F99\u1F29\u0399 "
        + "\u1F9A\u1F2A\u0399 \u1F9B\u1F2B\u0399 \u1F9C\u1F2C\u0399 \u1F9D\u1F2D\u0399 \u1F9E\u1F2E\u0399 "
        + "\u1F9F\u1F2F\u0399 \u1FA0\u1F68\u0399 \u1FA1\u1F69\u0399 \u1FA2\u1F6A\u0399 \u1FA3\u1F6B\u0399 "
        + "\u1FA4\u1F6C\u0399 \u1FA5\u1F6D\u0399 \u1FA6\u1F6E\u0399 \u1FA7\u1F6F\u0399 \u1FA8\u1F68\u0399 "
        + "\u1FA9\u1F69\u0399 \u1FAA\u1F6A\u0399 \u1FAB\u1F6B\u0399 \u1FAC\u1F6C\u0399 \u1FAD\u1F6D\u0399 "
        + "\u1FAE\u1F6E\u0399 \u1FAF\u1F6F\u0399 \u1FB2\u1FBA\u0399 \u1FB3\u0391\u0399 \u1FB4\u0386\u0399 "
        + "\u1FB6\u0391\u0342 \u1FB7\u0391\u0342\u0399 \u1FBC\u0391\u0399 \u1FC2\u1FCA\u0399 \u1FC3\u0397\u0399 "
        + "\u1FC4\u0389\u0399 \u1FC6\u0397\u0342 \u1FC7\u0397\u0342\u0399 \u1FCC\u0397\u0399 \u1FD2\u0399\u0308\u0300 "
        + "\u1FD3\u0399\u0308\u0301 \u1FD6\u0399\u0342 \u1FD7\u0399\u0308\u0342 \u1FE2\u03A5\u0308\u0300 "
        + "\u1FE3\u03A5\u0308\u0301 \u1FE4\u03A1\u0313 \u1FE6\u03A5\u0342 \u1FE7\u03A5\u0308\u0342 \u1FF2\u1FFA\u0399 "
        + "\u1FF3\u03A9\u0399 \u1FF4\u038F\u0399 \u1FF6\u03A9\u0342 \u1FF7\u03A9\u0342\u0399 \u1FFC\u03A9\u0399 "
        + "\uFB00FF \uFB01FI \uFB02FL \uFB03FFI \uFB04FFL \uFB05ST \uFB06ST \uFB13\u0544\u0546 \uFB14\u0544\u0535 "
        + "\uFB15\u0544\u053B \uFB16\u054E\u0546 \uFB17\u0544\u053D";
    private static readonly Dictionary<char, string> Capitals = Several.Split(' ').ToDictionary(e => e[0], e => e[1..]);

    // Letters of two that have a form for the beginning of a word.
    private const string Pairs = "\u01C4\u01C5\u01C6\u01C7\u01C8\u01C9\u01CA\u01CB\u01CC\u01F1\u01F2\u01F3";

    public static string Upper(string text) => Each(text, (rune, _, _) => Upper(rune));

    public static string Lower(string text) => Each(text, Lower);

    /// <summary>The first letter of a word as it stands at a beginning, the others small.</summary>
    public static string Capitalized(string text) => Each(text, (rune, all, at) => at == 0 ? Titled(rune) : Lower(rune, all, at));

    /// <summary>Every letter that follows no letter begins a word.</summary>
    public static string Title(string text)
    {
        var follows = false;
        return Each(
            text,
            (rune, all, at) =>
            {
                var changed = follows ? Lower(rune, all, at) : Titled(rune);
                follows = IsCased(rune);
                return changed;
            }
        );
    }

    public static string Swapped(string text) =>
        Each(
            text,
            (rune, all, at) =>
                Rune.IsUpper(rune) ? Lower(rune, all, at)
                : Rune.IsLower(rune) ? Upper(rune)
                : rune.ToString()
        );

    public static bool IsTitle(string text)
    {
        var (follows, any) = (false, false);
        foreach (var rune in text.EnumerateRunes())
        {
            var cased = IsCased(rune);
            if (cased && Rune.IsLower(rune) != follows)
            {
                return false;
            }
            follows = cased;
            any |= cased;
        }

        return any;
    }

    private static string Each(string text, Func<Rune, string, int, string> change)
    {
        var result = new StringBuilder(text.Length);
        var at = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            result.Append(change(rune, text, at));
            at += rune.Utf16SequenceLength;
        }

        return result.ToString();
    }

    private static string Upper(Rune rune) =>
        rune.Value switch
        {
            0x131 => "I",
            0x17F => "S",
            _ => rune.IsBmp && Capitals.TryGetValue((char)rune.Value, out var several) ? several : Rune.ToUpperInvariant(rune).ToString(),
        };

    private static string Titled(Rune rune)
    {
        if (rune.IsBmp && Pairs.IndexOf((char)rune.Value, StringComparison.Ordinal) is >= 0 and var pair)
        {
            return Pairs[pair / 3 * 3 + 1].ToString();
        }
        if (rune.Value is >= 0x10D0 and <= 0x10FF) // Georgian has no capitals in words.
        {
            return rune.ToString();
        }
        var upper = Upper(rune);
        if (!rune.IsBmp || upper.Length < 2 || rune.Value == 0x149)
        {
            return upper;
        }
        // Greek letters with an iota below have one letter for the beginning of a word.
        var one = Rune.ToUpperInvariant(rune);
        return upper[^1] != '\u0399' ? upper[..1] + Lower(upper[1..])
            : one != rune || IsTitlecase(rune) ? one.ToString()
            : upper[..^1] + "\u0345";
    }

    private static string Lower(Rune rune, string text, int at) =>
        rune.Value switch
        {
            0x130 => "i\u0307",
            0x3A3 => IsCased(Before(text, at)) && !IsCased(After(text, at)) ? "\u03C2" : "\u03C3",
            0x1E9E => "\u00DF",
            0x2126 => "\u03C9",
            0x212A => "k",
            0x212B => "\u00E5",
            _ => Rune.ToLowerInvariant(rune).ToString(),
        };

    private static Rune Before(string text, int at)
    {
        while (Rune.DecodeLastFromUtf16(text.AsSpan(0, at), out var rune, out var length) == System.Buffers.OperationStatus.Done)
        {
            if (!IsIgnored(rune))
            {
                return rune;
            }
            at -= length;
        }

        return default;
    }

    private static Rune After(string text, int at)
    {
        at++;
        while (Rune.DecodeFromUtf16(text.AsSpan(at), out var rune, out var length) == System.Buffers.OperationStatus.Done)
        {
            if (!IsIgnored(rune))
            {
                return rune;
            }
            at += length;
        }

        return default;
    }

    /// <summary>Marks and apostrophes inside a word.</summary>
    private static bool IsIgnored(Rune rune) => rune.Value is '\'' or '.' or ':' or 0x2019 or 0xB7 or (>= 0x300 and <= 0x36F);

    private static bool IsCased(Rune rune) =>
        Rune.IsLower(rune)
        || Rune.IsUpper(rune)
        || IsTitlecase(rune)
        // Unicode's Other_Lowercase and Other_Uppercase: raised letters and numbers of letters.
        || rune.Value
            is 0xAA
                or 0xBA
                or (>= 0x2B0 and <= 0x2B8)
                or 0x2C0
                or 0x2C1
                or (>= 0x2E0 and <= 0x2E4)
                or 0x345
                or 0x37A
                or (>= 0x1D2C and <= 0x1D6A)
                or 0x1D78
                or (>= 0x1D9B and <= 0x1DBF)
                or 0x2071
                or 0x207F
                or (>= 0x2090 and <= 0x209C)
                or (>= 0x2160 and <= 0x217F)
                or (>= 0x24B6 and <= 0x24E9);

    private static bool IsTitlecase(Rune rune) => Rune.GetUnicodeCategory(rune) == System.Globalization.UnicodeCategory.TitlecaseLetter;
}
