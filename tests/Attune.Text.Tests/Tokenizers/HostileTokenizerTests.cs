using System.Diagnostics;
using System.Text.Json.Nodes;
using Attune.Core;
using Attune.Core.Runs;
using Attune.Testing;
using Attune.Text.Templates;
using Attune.Text.Tests.Tokenizers.Pipeline;
using Attune.Text.Tokenizers;

namespace Attune.Text.Tests.Tokenizers;

/// <summary>Tokenizer files made to take all memory or time, and damaged files beside them: a tokenizer, or one message.</summary>
public sealed class HostileTokenizerTests
{
    private const string Sentence = "a cab, abba aaaa\n";

    [Theory]
    [InlineData("[", "]", 100_000)]
    [InlineData("{\"normalizer\":", "}", 100_000)]
    [InlineData("{\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[", "]}}", 5_000)]
    public void Json_nested_deeper_than_any_tokenizer_is_refused(string open, string close, int depth)
    {
        using var folder = new TemporaryFolder();
        folder.WriteText(
            "tokenizer.json",
            string.Concat(Enumerable.Repeat(open, depth)) + "1" + string.Concat(Enumerable.Repeat(close, depth))
        );
        Assert.Contains("tokenizer.json: not valid JSON", Refusal(folder), StringComparison.Ordinal);
    }

    /// <summary>A table with a place for each id up to the largest would take gigabytes for a file of a line.</summary>
    [Theory]
    [InlineData("vocabulary", 2147483647)]
    [InlineData("vocabulary", 2147483646)]
    [InlineData("vocabulary", 1000000000)]
    [InlineData("added", 2147483647)]
    [InlineData("added", 1000000000)]
    [InlineData("both", 900000000)]
    public void An_id_without_end_is_refused_before_room_is_made(string where, int id)
    {
        foreach (var kind in new[] { "BPE", "WordLevel", "WordPiece" })
        {
            using var folder = Words(f =>
            {
                f["model"]!["type"] = kind;
                f["model"]!["merges"] = new JsonArray();
                if (where is "vocabulary" or "both")
                {
                    f["model"]!["vocab"]!["ab"] = id;
                }
                if (where is "added" or "both")
                {
                    f["added_tokens"]!.AsArray().Add(PipelineTests.Added("<far>", id == 900000000 ? id + 1 : id, special: true));
                }
            });
            Assert.NotNull(Refusal(folder));
        }
    }

    /// <summary>Each step of a normaliser doubles the text: forty make a terabyte of one letter.</summary>
    [Theory]
    [InlineData("""{"type": "Replace", "pattern": {"String": "a"}, "content": "aa"}""")]
    [InlineData("""{"type": "Replace", "pattern": {"Regex": "a|b"}, "content": "aaaa"}""")]
    [InlineData("""{"type": "Replace", "pattern": {"String": ""}, "content": "x"}""")]
    [InlineData("""{"type": "ByteLevel"}""")]
    public void Texts_that_grow_without_end_are_refused(string step)
    {
        using var folder = Words(f =>
            f["normalizer"] = new JsonObject
            {
                ["type"] = "Sequence",
                ["normalizers"] = new JsonArray([.. Enumerable.Range(0, 40).Select(_ => JsonNode.Parse(step))]),
            }
        );
        Assert.NotNull(Refusal(folder));
    }

    [Theory]
    [InlineData("""{"type": "Replace", "pattern": {"Regex": " "}, "content": "@@"}""")]
    [InlineData("""{"type": "Prepend", "prepend": "@@"}""")]
    public void A_million_letters_put_anywhere_are_refused(string step)
    {
        using var folder = Words(f =>
            f["normalizer"] = JsonNode.Parse(step.Replace("@@", new string('a', 1_000_000), StringComparison.Ordinal))
        );
        Assert.Contains("longer than 1,000 characters", Refusal(folder), StringComparison.Ordinal);
    }

    /// <summary>Nothing matches, so nothing grows.</summary>
    [Fact]
    public void An_expression_that_matches_nothing_anywhere_is_used()
    {
        using var folder = Words(f =>
            f["normalizer"] = JsonNode.Parse("""{"type": "Replace", "pattern": {"Regex": ""}, "content": "aaaa"}""")
        );
        Assert.Null(Refusal(folder));
    }

    [Theory]
    [InlineData("tokenizer.model")]
    [InlineData("tokenizer_config.json")]
    public void Files_of_a_sentencepiece_tokenizer_changed_by_chance(string name)
    {
        using var folder = new TemporaryFolder();
        Stories().Save(folder.Path);
        File.Delete(folder.File("tokenizer.json")); // It would be read first.
        Changed(folder, name, 250);
    }

    [Theory]
    [InlineData("unigram-defined")]
    [InlineData("pairs")]
    public void Sentencepiece_files_with_a_table_of_characters_changed_by_chance(string name)
    {
        using var folder = new TemporaryFolder();
        var path = Checkout.File("tests", "Attune.Text.Tests", "Tokenizers", "Pieces", "Models", name + ".model");
        File.Copy(path, folder.File("tokenizer.model"));
        Changed(folder, "tokenizer.model", 250);
    }

    [Theory]
    [InlineData("tokenizer.json")]
    [InlineData("tokenizer_config.json")]
    public void Files_of_a_byte_level_tokenizer_changed_by_chance(string name)
    {
        using var folder = new TemporaryFolder();
        BytePairTrainer
            .Train(["a cab, the cat sat on the mat"], 290, new SpecialTokens("<s>", "</s>", null) { Others = ["<|x|>"] })
            .Save(folder.Path);
        Changed(folder, name, 250);
    }

    private static void Changed(TemporaryFolder folder, string name, int rounds)
    {
        var whole = File.ReadAllBytes(folder.File(name));
        var refused = 0;
        for (var round = 0; round < rounds; round++)
        {
            var rng = new Seed(31).For(name, round).Rng();
            var bytes = round % 4 == 0 ? whole[..rng.NextInt(whole.Length)] : (byte[])whole.Clone();
            for (var change = 0; round % 4 != 0 && change < round % 4; change++)
            {
                bytes[rng.NextInt(bytes.Length)] = (byte)rng.NextInt(256);
            }

            File.WriteAllBytes(folder.File(name), bytes);
            refused += Refusal(folder) is null ? 0 : 1;
        }

        Assert.InRange(refused, rounds / 5, rounds);
    }

    /// <summary>The message; null where the tokenizer was read and used.</summary>
    private static string? Refusal(TemporaryFolder folder, string text = Sentence)
    {
        var (clock, before) = (Stopwatch.StartNew(), GC.GetAllocatedBytesForCurrentThread());
        var problem = Record.Exception(() =>
        {
            var loaded = ChatText.Load(folder.Path).Tokenizer;
            loaded.Decode(loaded.Encode(text).AsSpan());
            loaded.EncodeContinuation(text);
        });
        Assert.True(problem is null or AttuneException, problem?.ToString());
        Assert.True(problem is null || problem.Message.Length is > 10 and < 5_000, problem?.Message);
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 20);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 2_000_000_000);
        return problem?.Message;
    }

    private static SentencePieceTokenizer Stories() =>
        TokenizerFiles.FromPieces(
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
            ],
            1,
            2,
            "here"
        );

    private static TemporaryFolder Words(Action<JsonNode> change) =>
        TokenizerJsonFolder.Words(
            ["<unk>", "</s>", "a", "b", "ab"],
            f =>
            {
                f["model"] = JsonNode.Parse(
                    """{"type": "BPE", "unk_token": "<unk>", "vocab": {"<unk>": 0, "</s>": 1, "a": 2, "b": 3, "ab": 4}, "merges": ["a b"]}"""
                );
                change(f);
            }
        );
}
