using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Attune.Core.Conversations;
using Attune.Testing;
using Attune.Text.Tokenizers;
using CsCheck;

namespace Attune.Text.Tests.Tokenizers;

/// <summary>Where tokens lie in their text, in code points: worked out by hand for each kind of tokenizer, and laws.</summary>
public sealed class OffsetTests
{
    [Fact]
    public void Byte_level_tokens_of_one_character_have_all_of_it()
    {
        var tokenizer = BytePairTrainer.Train(["the cat sat"], 270, new SpecialTokens(null, "</s>", null));
        var encoded = tokenizer.EncodeWithOffsets("a\U0001F642b");
        Assert.Equal([(0, 1), (1, 2), (1, 2), (1, 2), (1, 2), (2, 3)], encoded.Offsets);
    }

    [Fact]
    public void Laws_of_byte_level_offsets_hold_for_any_text()
    {
        var tokenizer = BytePairTrainer.Train(
            ["the cat sat on the mat, and the film was good"],
            290,
            new SpecialTokens(null, "</s>", null)
        );
        BytePairTests.Unicode.Sample(
            text =>
            {
                var encoded = tokenizer.EncodeWithOffsets(text);
                return encoded.Ids.SequenceEqual(tokenizer.Encode(text)) && Covers(encoded, CodePoints.Count(text));
            },
            iter: 500
        );
    }

    [Fact]
    public void Pieces_of_sentencepiece_lie_after_the_space_that_is_put_before()
    {
        var tokenizer = SentencePiece();
        // "ab" is one piece with the space; "\u20AC" is three bytes.
        var encoded = tokenizer.EncodeWithOffsets("ab \u20ACab");
        Assert.Equal(tokenizer.Encode("ab \u20ACab"), encoded.Ids);
        Assert.Equal([(0, 2), (2, 3), (3, 4), (3, 4), (3, 4), (4, 6)], encoded.Offsets);
        Assert.Equal([(0, 2), (2, 5)], tokenizer.EncodeContinuationWithOffsets("ab ab").Offsets);
        Assert.Equal([(0, 1), (0, 1)], tokenizer.EncodeWithOffsets("\n").Offsets);
    }

    [Theory]
    [InlineData("""{"type": "NFC"}""", "e\u0301a", "0,2 2,3")]
    [InlineData("""{"type": "NFKC"}""", "\uFB01a", "0,1 0,1 1,2")]
    [InlineData("""{"type": "Sequence", "normalizers": [{"type": "NFD"}, {"type": "StripAccents"}]}""", "\u00e9a", "0,1 1,2")]
    [InlineData("""{"type": "Strip"}""", "  a b ", "2,3 3,4 4,5")]
    [InlineData("""{"type": "Prepend", "prepend": "x"}""", "ab", "0,1 0,1 1,2")]
    [InlineData("""{"type": "Replace", "pattern": {"String": "bb"}, "content": "a"}""", "abba", "0,1 1,3 3,4")]
    [InlineData("""{"type": "Lowercase"}""", "A\U0001F642B", "0,1 1,2 2,3")]
    [InlineData("""{"type": "BertNormalizer"}""", "\u65e5\u0000a", "0,1 0,1 0,1 2,3")]
    public void A_normaliser_that_changes_lengths_keeps_places(string normaliser, string text, string expected)
    {
        var tokenizer = Characters(JsonNode.Parse(normaliser)!, pretokeniser: null);
        Assert.Equal(expected, Shown(tokenizer.EncodeWithOffsets(text)));
        Assert.Equal(tokenizer.Encode(text), tokenizer.EncodeWithOffsets(text).Ids);
    }

    [Fact]
    public void Words_in_pieces_lie_where_they_stand_and_unknown_words_whole()
    {
        var tokenizer = Load(
            new JsonObject
            {
                ["added_tokens"] = new JsonArray(Added("[SEP]", 1, special: true), Added("<x>", 7, special: false)),
                ["normalizer"] = JsonNode.Parse("""{"type": "BertNormalizer"}"""),
                ["pre_tokenizer"] = JsonNode.Parse("""{"type": "BertPreTokenizer"}"""),
                ["decoder"] = JsonNode.Parse("""{"type": "WordPiece", "prefix": "##", "cleanup": true}"""),
                ["model"] = JsonNode.Parse(
                    """{"type": "WordPiece", "vocab": {"[UNK]": 0, "[SEP]": 1, "play": 2, "##ing": 3, "!": 4, "cafe": 5}}"""
                ),
            }
        );
        var encoded = tokenizer.EncodeWithOffsets("Playing  CAF\u00c9! zz<x>");
        Assert.Equal([2, 3, 5, 4, 0, 7], encoded.Ids);
        Assert.Equal("0,4 4,7 9,13 13,14 15,17 17,20", Shown(encoded));
        // A special token's spelling is text, or the token where that is asked for.
        Assert.DoesNotContain(1, tokenizer.Encode("play[SEP]"));
        var special = SpecialSpellings.Encode(tokenizer, "play[SEP] play");
        Assert.Equal([2, 1, 2], special.Ids);
        Assert.Equal("0,4 4,9 10,14", Shown(special));
        Assert.Equal("play[SEP]play", SpecialSpellings.Decode(tokenizer, special.Ids.AsSpan()).Replace(" ", "", StringComparison.Ordinal));
    }

    [Fact]
    public void Unigram_pieces_and_runs_of_unknown_characters_lie_where_they_stand()
    {
        var tokenizer = Load(
            new JsonObject
            {
                ["added_tokens"] = new JsonArray(Added("</s>", 4, special: true)),
                ["pre_tokenizer"] = JsonNode.Parse("""{"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "first"}"""),
                ["decoder"] = JsonNode.Parse("""{"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "first"}"""),
                ["model"] = JsonNode.Parse(
                    """{"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0], ["\u2581ab", -1], ["ab", -2], ["\u2581", -3]]}"""
                ),
            }
        );
        Assert.Equal("0,2 2,3 3,5 5,7", Shown(tokenizer.EncodeWithOffsets("ab qqab")));
    }

    [Fact]
    public void Digits_stand_alone_and_bytes_without_a_token_are_counted()
    {
        var tokenizer = Load(
            new JsonObject
            {
                ["added_tokens"] = new JsonArray(Added("</s>", 9, special: true)),
                ["pre_tokenizer"] = JsonNode.Parse(
                    """
                    {"type": "Sequence", "pretokenizers": [
                        {"type": "Digits", "individual_digits": true},
                        {"type": "ByteLevel", "add_prefix_space": false, "use_regex": true}
                    ]}
                    """
                ),
                ["decoder"] = JsonNode.Parse("""{"type": "ByteLevel"}"""),
                ["model"] = JsonNode.Parse(
                    """
                    {"type": "BPE", "vocab": {"a": 0, "1": 1, "2": 2, "\u0120": 3, "\u0120a": 4, "12": 5}, "merges": ["\u0120 a", "1 2"]}
                    """
                ),
            }
        );
        var encoded = tokenizer.EncodeWithOffsets("a a  12\u00e9");
        Assert.Equal([0, 4, 3, 3, 1, 2], encoded.Ids);
        Assert.Equal("0,1 1,3 3,4 4,5 5,6 6,7", Shown(encoded));
        Assert.Equal(2, encoded.Lost);
        Assert.Equal(tokenizer.Encode("a a  12\u00e9"), encoded.Ids);
    }

    [Fact]
    public void Letters_lie_one_after_another() => Assert.Equal("0,1 1,2", Shown(new LetterTokenizer("ab", "$").EncodeWithOffsets("ba")));

    /// <summary>Tokens in order, without gaps, from the first code point to the last.</summary>
    private static bool Covers(EncodedText encoded, int length) =>
        encoded.Offsets.Length == encoded.Ids.Length
        && encoded.Offsets.All(o => o.Start < o.End && o.End <= length)
        && encoded.Offsets.SelectMany(o => Enumerable.Range(o.Start, o.End - o.Start)).Distinct().Count() == length
        && encoded.Offsets.Zip(encoded.Offsets.Skip(1)).All(p => p.First.Start <= p.Second.Start && p.First.End <= p.Second.End);

    private static string Shown(EncodedText encoded) => string.Join(' ', encoded.Offsets.Select(o => $"{o.Start},{o.End}"));

    private static JsonObject Added(string content, int id, bool special) =>
        new()
        {
            ["id"] = id,
            ["content"] = content,
            ["special"] = special,
            ["normalized"] = false,
        };

    /// <summary>A token a character.</summary>
    private static ITokenizer Characters(JsonNode normaliser, JsonNode? pretokeniser) =>
        Load(
            new JsonObject
            {
                ["added_tokens"] = new JsonArray(Added("</s>", 1, special: true)),
                ["normalizer"] = normaliser,
                ["pre_tokenizer"] = pretokeniser,
                ["decoder"] = JsonNode.Parse("""{"type": "Fuse"}"""),
                ["model"] = JsonNode.Parse("""{"type": "BPE", "unk_token": "<unk>", "vocab": {"<unk>": 0, "a": 2}, "merges": []}"""),
            }
        );

    private static ITokenizer Load(JsonObject file)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("tokenizer.json"), file.ToJsonString());
        return TokenizerFiles.Load(folder.Path);
    }

    private static SentencePieceTokenizer SentencePiece()
    {
        (string, float, int)[] pieces =
        [
            ("<unk>", 0, 2),
            ("<s>", 0, 3),
            ("</s>", 0, 3),
            .. Enumerable.Range(0, 256).Select(b => ($"<0x{b:X2}>", 0f, 6)),
            ("\u2581", -1, 1),
            ("a", -2, 1),
            ("b", -3, 1),
            ("ab", -4, 1),
            ("\u2581ab", -5, 1),
        ];
        return TokenizerFiles.FromPieces([.. pieces.ToImmutableArray()], 1, 2, "here");
    }
}
