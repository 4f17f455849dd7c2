using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Attune.Text.Files;
using Attune.Text.Unicode;

namespace Attune.Text.Tokenizers.Pipeline;

/// <summary>Cuts pieces of text into smaller ones, inside which tokens are made.</summary>
internal delegate IEnumerable<TextPiece> PreTokenizer(IEnumerable<TextPiece> pieces);

/// <summary>The pre-tokenisers that <c>tokenizer.json</c> names.</summary>
internal static class PreTokenizers
{
    private const string Known =
        "Sequence, ByteLevel, Split, Metaspace, Digits, Whitespace, WhitespaceSplit, Punctuation, BertPreTokenizer, CharDelimiterSplit";

    public static PreTokenizer? Read(JsonNode? node, PartReader reader)
    {
        if (node is null)
        {
            return null;
        }
        var part = reader.Part(node, "pre_tokenizer");
        return JsonFile.Type(part) switch
        {
            "Sequence" => Sequence([.. reader.Parts(part, "pretokenizers").Select(p => Read(p, reader)!)]),
            "ByteLevel" => ByteLevel(
                reader.Flag(part, "add_prefix_space", true),
                reader.Flag(part, "use_regex", true) ? TextPattern.Gpt2Pattern(reader) : null
            ),
            "Split" => Split(TextPattern.Read(part["pattern"], reader), Behaviors.Read(part, reader), reader.Flag(part, "invert", false)),
            "Metaspace" => Metaspace.Read(part, reader).Cut,
            "Digits" => Classes(
                rune => Rune.IsNumber(rune),
                reader.Flag(part, "individual_digits", false) ? SplitBehavior.Isolated : SplitBehavior.Contiguous
            ),
            "Whitespace" => Split(
                TextPattern.Expression($@"[{WordCharacters.Rust}]+|[^{WordCharacters.Rust}\s]+", reader, isRust: true),
                SplitBehavior.Removed,
                invert: true
            ),
            "WhitespaceSplit" => Classes(Rune.IsWhiteSpace, SplitBehavior.Removed),
            "Punctuation" => Classes(IsPunctuation, part["behavior"] is null ? SplitBehavior.Isolated : Behaviors.Read(part, reader)),
            "BertPreTokenizer" => Sequence([
                Classes(Rune.IsWhiteSpace, SplitBehavior.Removed),
                Classes(IsPunctuation, SplitBehavior.Isolated),
            ]),
            "CharDelimiterSplit" => Delimiter(reader.Text(part, "delimiter"), reader),
            _ => throw reader.Unknown(part, "pre-tokenizer", Known),
        };
    }

    private static PreTokenizer Sequence(PreTokenizer[] steps) => pieces => steps.Aggregate(pieces, (current, step) => step(current));

    private static PreTokenizer Split(TextPattern pattern, SplitBehavior behavior, bool invert) =>
        pieces =>
            pieces.SelectMany(piece =>
                Behaviors.Apply(
                    piece,
                    invert ? [.. pattern.Cut(piece.Text).Select(c => (c.Start, c.Length, !c.Matches))] : pattern.Cut(piece.Text),
                    behavior
                )
            );

    private static PreTokenizer Delimiter(string delimiter, PartReader reader) =>
        delimiter.EnumerateRunes().Count() == 1
            ? Classes(r => r.ToString() == delimiter, SplitBehavior.Removed)
            : throw reader.Wrong($"the delimiter of CharDelimiterSplit is '{delimiter}'; expected one character.");

    /// <summary>Each character of a kind is a match of its own.</summary>
    private static PreTokenizer Classes(Func<Rune, bool> matches, SplitBehavior behavior) =>
        pieces =>
            pieces.SelectMany(piece =>
            {
                var cuts = new List<(int, int, bool)>();
                var (start, at) = (0, 0);
                foreach (var rune in piece.Text.EnumerateRunes())
                {
                    if (matches(rune))
                    {
                        if (at > start)
                        {
                            cuts.Add((start, at - start, false));
                        }
                        cuts.Add((at, rune.Utf16SequenceLength, true));
                        start = at + rune.Utf16SequenceLength;
                    }

                    at += rune.Utf16SequenceLength;
                }

                if (at > start)
                {
                    cuts.Add((start, at - start, false));
                }
                return Behaviors.Apply(piece, cuts, behavior);
            });

    private static PreTokenizer ByteLevel(bool prefixSpace, TextPattern? words)
    {
        var split = words is null ? null : Split(words, SplitBehavior.Isolated, invert: false);
        return pieces =>
        {
            var prefixed = pieces.Select(p =>
                prefixSpace && p.Place != TextPlace.Continued && p.Text.Length > 0 && !p.Text.StartsWith(' ')
                    ? p with
                    {
                        Aligned = p.Aligned.Prefixed(" "),
                    }
                    : p
            );
            return (split is null ? prefixed : split(prefixed)).Select(p => p with { Aligned = ByteLetters.Spell(p.Aligned) });
        };
    }

    private static bool IsPunctuation(Rune rune) =>
        rune.Value is (>= 33 and <= 47) or (>= 58 and <= 64) or (>= 91 and <= 96) or (>= 123 and <= 126)
        || Rune.GetUnicodeCategory(rune)
            is UnicodeCategory.ConnectorPunctuation
                or UnicodeCategory.DashPunctuation
                or UnicodeCategory.OpenPunctuation
                or UnicodeCategory.ClosePunctuation
                or UnicodeCategory.InitialQuotePunctuation
                or UnicodeCategory.FinalQuotePunctuation
                or UnicodeCategory.OtherPunctuation;
}
