using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Attune.Text.Files;
using Attune.Text.Unicode;

namespace Attune.Text.Tokenizers.Pipeline;

/// <summary>Changes a text before it is cut.</summary>
internal delegate AlignedText Normalizer(AlignedText text, TextPlace place);

/// <summary>The normalisers that <c>tokenizer.json</c> names.</summary>
internal static class Normalizers
{
    private const int LongestPrefix = 1_000;
    private const string Known =
        "Sequence, NFC, NFD, NFKC, NFKD, Lowercase, Strip, StripAccents, Prepend, Replace, ByteLevel, BertNormalizer, Precompiled";

    public static Normalizer? Read(JsonNode? node, PartReader reader)
    {
        if (node is null)
        {
            return null;
        }
        var part = reader.Part(node, "normalizer");
        switch (JsonFile.Type(part))
        {
            case "Sequence":
                return Sequence([.. reader.Parts(part, "normalizers").Select(p => Read(p, reader)).OfType<Normalizer>()], reader);
            case "NFC":
                return (text, _) => Normalization.Apply(text, NormalizationForm.FormC);
            case "NFD":
                return (text, _) => Normalization.Apply(text, NormalizationForm.FormD);
            case "NFKC":
                return (text, _) => Normalization.Apply(text, NormalizationForm.FormKC);
            case "NFKD":
                return (text, _) => Normalization.Apply(text, NormalizationForm.FormKD);
            case "Lowercase":
                return (text, _) => Lower(text);
            case "StripAccents":
                return (text, _) => Without(text, WordCharacters.IsMark);
            case "Precompiled":
                return Precompiled(part, reader);
            case "Strip":
                return Strip(reader.Flag(part, "strip_left", true), reader.Flag(part, "strip_right", true));
            case "Prepend":
                return Prepend(reader.Text(part, "prepend"), reader);
            case "Replace":
                var (pattern, content) = (TextPattern.Read(part["pattern"], reader), TextPattern.Content(part, reader));
                return (text, _) => pattern.Replace(text, content);
            case "ByteLevel":
                return (text, _) => ByteLetters.Spell(text);
            case "BertNormalizer":
                return Bert(part, reader);
            default:
                throw reader.Unknown(part, "normalizer", Known);
        }
    }

    private static Normalizer Strip(bool left, bool right) =>
        (text, _) =>
        {
            var start = left ? text.Text.Length - text.Text.TrimStart().Length : 0;
            var end = right ? text.Text.TrimEnd().Length : text.Text.Length;
            return text.Slice(start, Math.Max(0, end - start));
        };

    private static Normalizer Prepend(string prefix, PartReader reader) =>
        prefix.Length <= LongestPrefix
            ? (text, place) => text.Text.Length == 0 || place == TextPlace.Continued ? text : text.Prefixed(prefix)
            : throw reader.Wrong(
                $"what it puts before a text is longer than {LongestPrefix:N0} characters; the file may be damaged or hostile."
            );

    /// <summary>
    /// A step makes eighteen characters of one at most (Unicode's compatibility forms), so that looking after each is soon enough.
    /// </summary>
    private static Normalizer Sequence(ImmutableArray<Normalizer> steps, PartReader reader) =>
        (text, place) =>
            steps.Aggregate(
                text,
                (current, step) =>
                {
                    var next = step(current, place);
                    return next.Text.Length <= Math.Max(current.Text.Length, TextPattern.LongestGrown)
                        ? next
                        : throw TextPattern.Grown(reader, next.Text.Length);
                }
            );

    private static Normalizer Bert(JsonObject part, PartReader reader)
    {
        var (clean, chinese, lower) = (
            reader.Flag(part, "clean_text", true),
            reader.Flag(part, "handle_chinese_chars", true),
            reader.Flag(part, "lowercase", true)
        );
        var strip = JsonFile.Flag(part["strip_accents"]) ?? lower;
        return (text, _) =>
        {
            var cleaned = clean || chinese ? CleanBert(text, clean, chinese) : text;
            var bare = strip ? Without(Normalization.Apply(cleaned, NormalizationForm.FormD), IsNonSpacing) : cleaned;
            return lower ? Lower(bare) : bare;
        };
    }

    /// <summary>
    /// BERT's cleaning (Devlin et al. 2019): no control characters, every white space a plain space, spaces around each Chinese character.
    /// </summary>
    private static AlignedText CleanBert(AlignedText text, bool clean, bool chinese)
    {
        var result = new AlignedTextBuilder(text);
        var end = 0;
        foreach (var rune in text.Text.EnumerateRunes())
        {
            var start = end;
            end += rune.Utf16SequenceLength;
            var white = Rune.IsWhiteSpace(rune);
            // U+0085 and its like are white space and control characters: they go.
            if (clean && (rune.Value is 0 or 0xFFFD || (rune.Value is not ('\t' or '\n' or '\r') && IsControl(rune))))
            {
                continue;
            }
            if (clean && white)
            {
                result.Append(" ", start, end);
            }
            else if (chinese && IsChinese(rune.Value))
            {
                result.Append(" ", start, end);
                result.Keep(start, end - start);
                result.Append(" ", start, end);
            }
            else
            {
                result.Keep(start, end - start);
            }
        }

        return result.ToText();
    }

    /// <summary>
    /// As the tokenizers library has it: control and format characters, and of the private ones the first and the last of each range, which
    /// are all that its tables name. Unassigned characters stay.
    /// </summary>
    private static bool IsControl(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format
        || rune.Value is 0xE000 or 0xF8FF or 0xF0000 or 0xFFFFD or 0x100000 or 0x10FFFD;

    private static bool IsChinese(int point) =>
        point
            is (>= 0x4E00 and <= 0x9FFF)
                or (>= 0x3400 and <= 0x4DBF)
                or (>= 0x20000 and <= 0x2A6DF)
                or (>= 0x2A700 and <= 0x2B73F)
                or (>= 0x2B740 and <= 0x2B81F)
                or (>= 0x2B920 and <= 0x2CEAF)
                or (>= 0xF900 and <= 0xFAFF)
                or (>= 0x2F800 and <= 0x2FA1F);

    /// <summary>Each character by itself; U+0130 alone becomes two.</summary>
    private static AlignedText Lower(AlignedText text)
    {
        if (!text.Text.Contains('\u0130'))
        {
            return text.Replaced(text.Text.ToLowerInvariant());
        }
        var result = new AlignedTextBuilder(text);
        for (var at = 0; at < text.Text.Length; at++)
        {
            if (text.Text[at] == '\u0130')
            {
                result.Append("i\u0307", at, at + 1);
            }
            else
            {
                var length = char.IsSurrogatePair(text.Text, at) ? 2 : 1;
                result.Append(text.Text.Substring(at, length).ToLowerInvariant(), at, at + length);
                at += length - 1;
            }
        }

        return result.ToText();
    }

    /// <summary>
    /// SentencePiece's table as the tokenizers library applies it: to short clusters of characters as a whole, else to each character.
    /// </summary>
    private static Normalizer? Precompiled(JsonObject part, PartReader reader)
    {
        if (part["precompiled_charsmap"] is null || reader.Text(part, "precompiled_charsmap").Length == 0)
        {
            return null;
        }
        var bytes = new byte[reader.Text(part, "precompiled_charsmap").Length];
        var map = Convert.TryFromBase64String(reader.Text(part, "precompiled_charsmap"), bytes, out var length)
            ? CharsMap.Read(bytes.AsSpan(0, length))
            : null;
        return map is null
            ? throw reader.Wrong("precompiled_charsmap is not a table of characters in base 64; the file may be damaged.")
            : (text, _) => Mapped(text, map);
    }

    private static AlignedText Mapped(AlignedText text, CharsMap map)
    {
        var result = new AlignedTextBuilder(text);
        var start = 0;
        while (start < text.Text.Length)
        {
            var cluster = StringInfo.GetNextTextElementLength(text.Text, start);
            if (
                Encoding.UTF8.GetByteCount(text.Text.AsSpan(start, cluster)) < 6
                && map.Shortest(text.Text.AsSpan(start, cluster)) is { } whole
            )
            {
                result.Append(whole, start, start + cluster);
                start += cluster;
                continue;
            }
            var end = start + cluster;
            while (start < end)
            {
                var length = char.IsSurrogatePair(text.Text, start) ? 2 : 1;
                if (map.Shortest(text.Text.AsSpan(start, length)) is { } one)
                {
                    result.Append(one, start, start + length);
                }
                else
                {
                    result.Keep(start, length);
                }
                start += length;
            }
        }

        return result.ToText();
    }

    private static bool IsNonSpacing(Rune rune) => Rune.GetUnicodeCategory(rune) == UnicodeCategory.NonSpacingMark;

    private static AlignedText Without(AlignedText text, Func<Rune, bool> marks)
    {
        var result = new AlignedTextBuilder(text);
        var at = 0;
        foreach (var rune in text.Text.EnumerateRunes())
        {
            if (!marks(rune))
            {
                result.Keep(at, rune.Utf16SequenceLength);
            }

            at += rune.Utf16SequenceLength;
        }

        return result.ToText();
    }
}
