using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Attune.Text.Unicode;

namespace Attune.Text.Tokenizers.Pipeline;

/// <summary>
/// A pattern of <c>tokenizer.json</c>: a literal text, or a regular expression as the Oniguruma library reads it. .NET's expressions see
/// half characters beyond U+FFFF, so those are matched through a stand-in of the same category. An expression that takes too long on a
/// text, which a hostile file can bring about, is given up.
/// </summary>
internal sealed class TextPattern
{
    private const string Gpt2 = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";
    private const int LongestContent = 1_000;

    // Replaced again and again, a letter could become a terabyte.
    internal const int LongestGrown = 4_000_000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private readonly string? _literal;
    private readonly Regex? _expression;
    private readonly PartReader _reader;
    private readonly bool _isGpt2;

    private TextPattern(string? literal, Regex? expression, PartReader reader, bool isGpt2 = false) =>
        (_literal, _expression, _reader, _isGpt2) = (literal, expression, reader, isGpt2);

    public static TextPattern Read(JsonNode? node, PartReader reader)
    {
        if (node is JsonValue plain && plain.TryGetValue<string>(out var bare))
        {
            return Literal(bare, reader);
        }
        var part = reader.Part(node, "pattern");
        return part["String"] is not null ? Literal(reader.Text(part, "String"), reader) : Expression(reader.Text(part, "Regex"), reader);
    }

    /// <param name="isRust">Not of a file but of a library, whose expressions are not Oniguruma's.</param>
    public static TextPattern Expression(string pattern, PartReader reader, bool isRust = false)
    {
        if (pattern == Gpt2)
        {
            return new TextPattern(null, null, reader, isGpt2: true);
        }
        if (pattern.Any(char.IsSurrogate) || pattern.Contains("&&", StringComparison.Ordinal))
        {
            throw reader.Wrong(
                $"the regular expression '{pattern}' names characters beyond U+FFFF or intersects classes (&&), which is not supported."
            );
        }
        try
        {
            // Ruby's syntax, which Oniguruma defaults to: anchors are of lines.
            return new TextPattern(
                null,
                new Regex(
                    PossessiveQuantifiers.ToAtomicGroups(isRust ? pattern : OnigurumaClasses.Rewrite(pattern)),
                    RegexOptions.CultureInvariant | RegexOptions.Multiline,
                    Patience
                ),
                reader
            );
        }
        catch (ArgumentException problem)
        {
            throw reader.Wrong($"the regular expression '{pattern}' cannot be used: {problem.Message}");
        }
    }

    /// <summary>GPT-2's words, without an expression.</summary>
    public static TextPattern Gpt2Pattern(PartReader reader) => new(null, null, reader, isGpt2: true);

    /// <summary>What stands for a match, from a part's "content".</summary>
    /// <exception cref="Core.ModelFileException">It is longer than any tokenizer's.</exception>
    public static string Content(JsonObject part, PartReader reader) =>
        reader.Text(part, "content") is { Length: <= LongestContent } content
            ? content
            : throw reader.Wrong($"a replacement is longer than {LongestContent:N0} characters; the file may be damaged or hostile.");

    /// <exception cref="Core.ModelFileException">The text grew beyond all measure.</exception>
    public AlignedText Replace(AlignedText aligned, string content)
    {
        var text = aligned.Text;
        if (_literal is not null)
        {
            RequireShort(text, text.Length + (long)text.AsSpan().Count(_literal) * (content.Length - _literal.Length));
            if (!aligned.IsTraced)
            {
                return text.Replace(_literal, content, StringComparison.Ordinal);
            }
        }

        var cuts = Cut(text);
        RequireShort(text, cuts.Sum(c => c.Matches ? content.Length : (long)c.Length));
        var result = new AlignedTextBuilder(aligned);
        foreach (var (start, length, matches) in cuts)
        {
            if (matches)
            {
                result.Append(content, start, start + length);
            }
            else
            {
                result.Keep(start, length);
            }
        }

        return result.ToText();
    }

    /// <summary>The whole text in order, as what matches and what lies between. Empty matches cut nothing.</summary>
    public ImmutableArray<(int Start, int Length, bool Matches)> Cut(string text)
    {
        var cuts = ImmutableArray.CreateBuilder<(int Start, int Length, bool Matches)>();
        var done = 0;
        foreach (var (start, length) in Matches(text))
        {
            if (length == 0)
            {
                continue;
            }
            if (start > done)
            {
                cuts.Add((done, start - done, false));
            }
            cuts.Add((start, length, true));
            done = start + length;
        }

        if (done < text.Length)
        {
            cuts.Add((done, text.Length - done, false));
        }
        return cuts.ToImmutable();
    }

    private void RequireShort(string text, long length)
    {
        if (length > Math.Max(text.Length, LongestGrown))
        {
            throw Grown(_reader, length);
        }
    }

    internal static Exception Grown(PartReader reader, long length) =>
        reader.Wrong($"it makes {length:N0} characters of a text; expected at most {LongestGrown:N0}. The file may be damaged or hostile.");

    private static TextPattern Literal(string text, PartReader reader) =>
        text.Length > 0
            ? new TextPattern(text, null, reader)
            : throw reader.Wrong("a pattern is an empty text; expected at least one character.");

    private List<(int Start, int Length)> Matches(string text)
    {
        if (_isGpt2)
        {
            return Words(text);
        }
        var found = new List<(int, int)>();
        if (_literal is not null)
        {
            for (
                var at = text.IndexOf(_literal, StringComparison.Ordinal);
                at >= 0;
                at = text.IndexOf(_literal, at + _literal.Length, StringComparison.Ordinal)
            )
            {
                found.Add((at, _literal.Length));
            }

            return found;
        }

        try
        {
            var (seen, places) = StandIn(text);
            foreach (var match in _expression!.EnumerateMatches(seen))
            {
                var start = places is null ? match.Index : places[match.Index];
                found.Add((start, (places is null ? match.Index + match.Length : places[match.Index + match.Length]) - start));
            }
        }
        catch (RegexMatchTimeoutException)
        {
            throw _reader.Wrong(
                $"the regular expression '{_expression}' took longer than {Patience.TotalSeconds} s on a text of {text.Length} "
                    + "characters; the file may be damaged or hostile."
            );
        }

        return found;
    }

    private static List<(int, int)> Words(string text)
    {
        var words = new List<(int, int)>(1 + text.Length / 5);
        var start = 0;
        while (start < text.Length)
        {
            var length = Gpt2Words.FirstWord(text.AsSpan(start));
            words.Add((start, length));
            start += length;
        }

        return words;
    }

    /// <summary>A text with one UTF-16 unit a character, and where each of its characters lies in the original (null: the same).</summary>
    private static (string Seen, int[]? Places) StandIn(string text)
    {
        if (!text.Any(char.IsSurrogate))
        {
            return (text, null);
        }
        var seen = new StringBuilder(text.Length);
        var places = new List<int>(text.Length + 1);
        var at = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            seen.Append(
                rune.IsBmp ? (char)rune.Value
                : WordCharacters.IsCircledLetter(rune.Value) ? WordCharacters.CircledLetter
                : OfCategory(Rune.GetUnicodeCategory(rune))
            );
            places.Add(at);
            at += rune.Utf16SequenceLength;
        }

        places.Add(at);
        return (seen.ToString(), [.. places]);
    }

    /// <summary>A character that no expression in use names by itself.</summary>
    private static char OfCategory(UnicodeCategory category) =>
        category switch
        {
            UnicodeCategory.UppercaseLetter => '\u0531',
            UnicodeCategory.LowercaseLetter => '\u0561',
            UnicodeCategory.ModifierLetter => '\uA717',
            UnicodeCategory.OtherLetter => '\uA015',
            UnicodeCategory.NonSpacingMark => '\uA806',
            UnicodeCategory.SpacingCombiningMark => '\uA823',
            UnicodeCategory.DecimalDigitNumber => '\uA620',
            UnicodeCategory.LetterNumber => '\u2160',
            UnicodeCategory.OtherNumber => '\u2460',
            UnicodeCategory.OtherPunctuation => '\uA4FE',
            UnicodeCategory.DashPunctuation => '\u2E3A',
            UnicodeCategory.MathSymbol => '\u2200',
            UnicodeCategory.CurrencySymbol => '\u20A0',
            UnicodeCategory.ModifierSymbol => '\uA700',
            UnicodeCategory.OtherSymbol => '\uA490',
            UnicodeCategory.Format => '\u2060',
            UnicodeCategory.PrivateUse => '\uE000',
            _ => '\uFFFE',
        };
}
