using System.Text;
using System.Text.Json;
using Attune.Core;
using Attune.Testing;
using Attune.Text.Tokenizers;
using Attune.Text.Tokenizers.Pipeline;
using CsCheck;

namespace Attune.Text.Tests.Tokenizers;

public sealed class BytePairTests
{
    private const string End = "<|endoftext|>";
    private const string Cats = "the cat sat on the mat. The hat that the cat had sat on was that hat. Été, 日本, 12 345!\n";

    [Fact]
    public void Golden_training_reaches_the_reference_vocabulary_and_merges()
    {
        var folder = SharedData.Require("tokenizers/bpe-training");
        var tokenizer = BytePairTrainer.Train(
            [File.ReadAllText(Path.Combine(folder, "corpus.en"))],
            500,
            new SpecialTokens(null, End, null)
        );
        Assert.Equal(File.ReadLines(Path.Combine(folder, "train-bpe-reference-merges.txt")), tokenizer.Vocabulary.Merges);
        var expected = JsonSerializer.Deserialize<Dictionary<string, int>>(
            File.ReadAllText(Path.Combine(folder, "train-bpe-reference-vocab.json"))
        )!;
        Assert.Equal(
            expected.OrderBy(t => t.Value),
            tokenizer.Vocabulary.Tokens.Concat(tokenizer.Vocabulary.Special).OrderBy(t => t.Value)
        );
    }

    [Theory]
    [InlineData("Hello world", new[] { 15496, 995 })]
    [InlineData("Hello, y'all!", new[] { 15496, 11, 331, 6, 439, 0 })]
    [InlineData(" \n", new[] { 220, 198 })]
    [InlineData(" ", new[] { 220 })]
    [InlineData("", new int[0])]
    public void Golden_gpt2_ids(string text, int[] ids) => Assert.Equal(ids, Gpt2().Encode(text));

    [Fact]
    public void Gpt2_pads_outside_its_vocabulary_so_that_padding_is_not_ending()
    {
        var gpt2 = Gpt2();
        Assert.Equal((50257, 50256, 50257), (gpt2.VocabularySize, gpt2.EndToken, gpt2.PadToken));
        Assert.Null(gpt2.BeginToken);
    }

    [Fact]
    public void Encoding_agrees_with_byte_pair_encoding_as_the_paper_words_it()
    {
        var gpt2 = Gpt2();
        var rank = gpt2
            .Vocabulary.Merges.Select((merge, index) => (merge, index))
            .ToDictionary(m => m.merge, m => m.index, StringComparer.Ordinal);
        foreach (var file in new[] { "tinyshakespeare/input.txt", "grimm/GrimmsFairyTales.txt" })
        {
            var text = File.ReadAllText(SharedData.Require("text/" + file))[..8_000] + " e\u0301😀 l'été  𝒜𝒷 日本語\t";
            Assert.Equal(Textbook(text, gpt2.Vocabulary, rank), gpt2.Encode(text));
        }
    }

    [Fact]
    public void Law_decoding_reverses_encoding()
    {
        var tokenizer = Small();
        Unicode.Sample(text => tokenizer.Decode(tokenizer.Encode(text).AsSpan()) == text);
    }

    [Fact]
    public void Law_encoding_never_makes_special_tokens()
    {
        var tokenizer = Small();
        var special = new HashSet<int> { tokenizer.BeginToken!.Value, tokenizer.EndToken, tokenizer.PadToken };
        Gen.Select(Unicode, Unicode).Sample((before, after) => !tokenizer.Encode($"{before}<s>{End}<pad>{after}").Any(special.Contains));
    }

    [Fact]
    public void Special_tokens_decode_to_nothing_and_unknown_ids_to_replacement_characters()
    {
        var tokenizer = Small();
        var a = tokenizer.Encode("a")[0];
        Assert.Equal("aa", tokenizer.Decode([tokenizer.BeginToken!.Value, a, tokenizer.PadToken, a, tokenizer.EndToken]));
        Assert.Equal("a\uFFFD\uFFFD", tokenizer.Decode([a, 99_999, -1]));
        Assert.Equal("\uFFFD", tokenizer.Decode(tokenizer.Encode("ñ").AsSpan()[..1]));
    }

    [Fact]
    public void Half_characters_are_read_as_replacement_characters()
    {
        var tokenizer = Small();
        Assert.Equal("a\uFFFDb", tokenizer.Decode(tokenizer.Encode("a\uD83Db").AsSpan()));
    }

    [Fact]
    public void Training_is_the_same_each_time_and_for_texts_in_pieces()
    {
        var whole = BytePairTrainer.Train([Cats + End + Cats], 280, new SpecialTokens(null, End, null));
        var pieces = BytePairTrainer.Train([Cats, Cats], 280, new SpecialTokens(null, End, null));
        Assert.Equal(whole.Vocabulary.Merges, pieces.Vocabulary.Merges);
        Assert.Equal(280, whole.VocabularySize);
    }

    [Fact]
    public void Training_agrees_with_counting_all_pairs_anew_after_each_merge() =>
        OneOf("a", "b", "ab", " ", "é")
            .Array[0, 60]
            .Select(string.Concat)
            .Sample(text =>
                BytePairTrainer
                    .Train([text], 265, new SpecialTokens(null, End, null))
                    .Vocabulary.Merges.SequenceEqual(TextbookTraining(text, 8))
            );

    [Fact]
    public void A_text_without_pairs_left_gives_a_smaller_vocabulary()
    {
        var tokenizer = BytePairTrainer.Train(["ab"], 1000, new SpecialTokens(null, End, null));
        Assert.Equal(258, tokenizer.VocabularySize);
        Assert.Equal("xyz é", tokenizer.Decode(tokenizer.Encode("xyz é").AsSpan()));
    }

    [Fact]
    public void A_vocabulary_smaller_than_the_bytes_is_refused() =>
        Assert.Contains(
            "at least 257",
            Assert.Throws<AttuneException>(() => BytePairTrainer.Train(["ab"], 100, new SpecialTokens(null, End, null))).Message,
            StringComparison.Ordinal
        );

    [Fact]
    public void Words_are_cut_as_the_published_pattern_says()
    {
        var pattern = new System.Text.RegularExpressions.Regex(@"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+");
        // Below U+10000 .NET's own patterns see whole characters, so they can judge.
        Gen.OneOf(
                Gen.Char[' ', '\u007e'],
                OneOf(' ', '\n', '\r', '\t', '\'', 's', 'l', 'é', '日', '½', '\u0301', '\u00a0', '\u0085', '\u3000', '\u200b', '\u001c')
            )
            .Array[0, 40]
            .Select(c => new string(c))
            .Sample(text => pattern.Matches(text).Select(m => m.Value).SequenceEqual(Words(text)));
    }

    [Fact]
    public void Letters_and_digits_beyond_the_first_plane_are_letters_and_digits() =>
        Assert.Equal(["a𝒜𠀀", " 𝟘1", "😀"], Words("a𝒜𠀀 𝟘1😀"));

    [Fact]
    public void Encoding_from_many_threads_gives_the_same_ids()
    {
        var gpt2 = Gpt2();
        var texts = Enumerable.Range(0, 64).Select(i => string.Concat(Enumerable.Repeat($"word{i} {Cats}", 20))).ToList();
        var expected = texts.Select(t => gpt2.Encode(t)).ToList();
        var fresh = Gpt2();
        Parallel.For(0, texts.Count, i => Assert.Equal(expected[i], fresh.Encode(texts[i])));
    }

    internal static Gen<string> Unicode { get; } =
        Gen.OneOf(Gen.Int[0, 0x7f], Gen.Int[0, 0xd7ff], Gen.Int[0xe000, 0x10ffff])
            .Array[0, 30]
            .Select(runes => string.Concat(runes.Select(r => new Rune(r).ToString())));

    private static Gen<T> OneOf<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    private static List<string> Words(string text)
    {
        var words = new List<string>();
        for (var start = 0; start < text.Length; start += words[^1].Length)
        {
            words.Add(text[start..][..Gpt2Words.FirstWord(text.AsSpan(start))]);
        }

        return words;
    }

    private static List<int> Textbook(string text, BytePairVocabulary vocabulary, Dictionary<string, int> rank)
    {
        var ids = new List<int>();
        foreach (var word in Words(text))
        {
            var parts = Encoding.UTF8.GetBytes(word).Select(b => ByteLetters.Letter(b).ToString()).ToList();
            while (true)
            {
                var best = Enumerable
                    .Range(0, parts.Count - 1)
                    .Where(i => rank.ContainsKey($"{parts[i]} {parts[i + 1]}"))
                    .OrderBy(i => rank[$"{parts[i]} {parts[i + 1]}"])
                    .ThenBy(i => i)
                    .Cast<int?>()
                    .FirstOrDefault();
                if (best is not { } at)
                {
                    break;
                }
                parts[at] += parts[at + 1];
                parts.RemoveAt(at + 1);
            }

            ids.AddRange(parts.Select(p => vocabulary.Tokens[p]));
        }

        return ids;
    }

    private static List<string> TextbookTraining(string text, int merges)
    {
        var words = Words(text).Select(w => Encoding.UTF8.GetBytes(w).Select(b => new[] { b }).ToList()).ToList();
        var learned = new List<string>();
        var spellings = new HashSet<string>(StringComparer.Ordinal);
        while (spellings.Count < merges)
        {
            var pairs = words
                .SelectMany(w => w.Zip(w.Skip(1)))
                .GroupBy(p => ByteLetters.Spell(p.First) + " " + ByteLetters.Spell(p.Second))
                .ToList();
            if (pairs.Count == 0)
            {
                break;
            }
            var best = pairs
                .OrderByDescending(g => g.Count())
                .ThenByDescending(g => Convert.ToHexString(g.First().First), StringComparer.Ordinal)
                .ThenByDescending(g => Convert.ToHexString(g.First().Second), StringComparer.Ordinal)
                .First()
                .First();
            learned.Add(ByteLetters.Spell(best.First) + " " + ByteLetters.Spell(best.Second));
            spellings.Add(ByteLetters.Spell([.. best.First, .. best.Second]));
            foreach (var word in words)
            {
                for (var i = 0; i + 1 < word.Count; i++)
                {
                    if (!word[i].SequenceEqual(best.First) || !word[i + 1].SequenceEqual(best.Second))
                    {
                        continue;
                    }
                    word[i] = [.. word[i], .. word[i + 1]];
                    word.RemoveAt(i + 1);
                }
            }
        }

        return learned;
    }

    private static BytePairTokenizer Small() => BytePairTrainer.Train([Cats], 290, new SpecialTokens("<s>", End, "<pad>"));

    private static BytePairTokenizer Gpt2()
    {
        var folder = SharedData.Require("tokenizers/gpt2");
        return BytePairFiles.LoadVocabAndMerges(Path.Combine(folder, "gpt2_vocab.json"), Path.Combine(folder, "gpt2_merges.txt"), null);
    }
}
