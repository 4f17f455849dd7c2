using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Attune.Core;
using Attune.Testing;
using Attune.Text.Tokenizers;
using Attune.Text.Tokenizers.Pieces;

namespace Attune.Text.Tests.Tokenizers;

public sealed class SentencePieceTests
{
    private static readonly string[] Hard =
    [
        "Hello world",
        " leading",
        "  two  spaces ",
        "a\r\nb\r\n\r\n",
        "e\u0301 n\u0303",
        "😀👩‍👩‍👧",
        "\t\0\u0001",
        "<s> </s> <0x0A> <unk>",
        "日本語 текст",
        " ",
        "   ",
        "",
        "\n",
    ];

    [Fact]
    public void Golden_stories260K_encodes_as_the_reference_does()
    {
        var tokenizer = Stories();
        using var golden = Golden();
        var texts = golden.RootElement.GetProperty("texts").EnumerateArray().ToList();
        Assert.NotEmpty(texts);
        foreach (var entry in texts)
        {
            var expected = entry.GetProperty("tokens").EnumerateArray().Select(t => t.GetInt32()).ToArray();
            var text = entry.GetProperty("text").GetString()!;
            var tokens = tokenizer.Encode(text).Insert(0, tokenizer.BeginToken!.Value);
            Assert.Equal(entry.GetProperty("n_tokens_full").GetInt32(), tokens.Length);
            Assert.Equal(expected, tokens.Take(expected.Length));
            Assert.Equal(text, tokenizer.Decode(tokens.AsSpan()));
        }
    }

    [Fact]
    public void Golden_greedy_tokens_decode_to_the_published_text()
    {
        using var golden = Golden();
        var tokens = golden.RootElement.GetProperty("greedy_tokens_from_BOS").EnumerateArray().Select(t => t.GetInt32()).ToArray();
        var text = Stories().Decode(tokens);
        Assert.StartsWith("Once upon a time, there was a little girl", text, StringComparison.Ordinal);
        Assert.StartsWith(
            text,
            File.ReadAllText(SharedData.Require("golden/stories260K_greedy_text.txt")).TrimEnd(),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Llama2s_binary_file_holds_the_pieces_scores_and_types_of_its_model_file()
    {
        var original = SentencePieceModel.Parse(File.ReadAllBytes(SharedData.Require("tokenizers/llama2/tokenizer.model")), "original");
        using var folder = new TemporaryFolder();
        ImportedLlama2().Save(folder.Path);
        var imported = SentencePieceModel.Parse(File.ReadAllBytes(folder.File("tokenizer.model")), "imported");
        Assert.Equal((original.Begin, original.End), (imported.Begin, imported.End));
        Assert.Equal(original.Pieces, imported.Pieces);
    }

    [Fact]
    public void Llama2_encodes_alike_from_both_of_its_files_and_back()
    {
        using var folder = new TemporaryFolder();
        File.Copy(SharedData.Require("tokenizers/llama2/tokenizer.model"), folder.File("tokenizer.model"));
        var original = TokenizerFiles.Load(folder.Path);
        var imported = ImportedLlama2();
        foreach (var text in Hard.Concat(Corpora(15)))
        {
            Assert.Equal(original.Encode(text), imported.Encode(text));
            Assert.Equal(original.EncodeContinuation(text), imported.EncodeContinuation(text));
            Assert.Equal(text, imported.Decode(imported.Encode(text).AsSpan()));
            Assert.Equal(text, imported.DecodeContinuation(imported.EncodeContinuation(text).AsSpan()));
        }
    }

    [Fact]
    public void Encoding_agrees_with_merging_the_best_scored_neighbours_first()
    {
        var tokenizer = ImportedLlama2();
        using var folder = new TemporaryFolder();
        tokenizer.Save(folder.Path);
        var pieces = SentencePieceModel
            .Parse(File.ReadAllBytes(folder.File("tokenizer.model")), "imported")
            .Pieces.Select((piece, id) => (piece, id))
            .ToDictionary(p => p.piece.Text, p => p, StringComparer.Ordinal);
        foreach (var text in Hard.Concat(Corpora(2)).Select(t => t[..Math.Min(t.Length, 200)]))
        {
            Assert.Equal(Greedy(text.Length == 0 ? "" : " " + text, pieces), tokenizer.Encode(text));
            Assert.Equal(Greedy(text, pieces), tokenizer.EncodeContinuation(text));
        }
    }

    [Fact]
    public void A_prompt_and_its_continuation_join_to_the_text_as_it_was()
    {
        var tokenizer = Stories();
        var joined = tokenizer.Encode("The sky is").AddRange(tokenizer.EncodeContinuation(" blue"));
        Assert.Equal("The sky is blue", tokenizer.Decode(joined.AsSpan()));
        Assert.Equal(tokenizer.Encode("The sky is blue"), joined);
    }

    [Fact]
    public void An_imported_tokenizer_comes_back_equal_and_its_files_unchanged()
    {
        using var first = new TemporaryFolder();
        using var second = new TemporaryFolder();
        var stories = Stories();
        stories.Save(first.Path);
        var loaded = TokenizerFiles.Load(first.Path);
        loaded.Save(second.Path);
        Assert.Equal((512, (int?)1, 2, 512), (loaded.VocabularySize, loaded.BeginToken, loaded.EndToken, loaded.PadToken));
        Assert.All(Hard, text => Assert.Equal(stories.Encode(text), loaded.Encode(text)));
        Assert.All(
            Directory.GetFiles(first.Path),
            file => Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(second.File(Path.GetFileName(file))))
        );
    }

    [Fact]
    public void Tokens_added_later_are_found_but_never_made_from_text()
    {
        using var folder = new TemporaryFolder();
        Stories().Save(folder.Path);
        File.Delete(folder.File("tokenizer.json"));
        folder.WriteText("added_tokens.json", "{\"<|im_start|>\": 512, \"<pad>\": 513}");
        var config = JsonNode.Parse(File.ReadAllText(folder.File("tokenizer_config.json")))!;
        config["pad_token"] = "<pad>";
        folder.WriteText("tokenizer_config.json", config.ToJsonString());
        var tokenizer = TokenizerFiles.Load(folder.Path);
        Assert.Equal((514, (int?)512, 513), (tokenizer.VocabularySize, tokenizer.FindSpecial("<|im_start|>"), tokenizer.PadToken));
        Assert.DoesNotContain(512, tokenizer.Encode("<|im_start|>"));
        Assert.Equal("\uFFFD", tokenizer.Decode([512, 513, 1, 2, 600]));
    }

    [Fact]
    public void A_tokenizer_of_another_model_is_found_out() =>
        Assert.Contains(
            "holds 512 tokens; expected 32000",
            Fails(() => TokenizerFiles.ImportLlama2C(SharedData.Require("models/stories260K/tok512.bin"), 32000)),
            StringComparison.Ordinal
        );

    [Fact]
    public void A_binary_file_cut_short_anywhere_gives_one_message()
    {
        using var folder = new TemporaryFolder();
        var whole = File.ReadAllBytes(SharedData.Require("models/stories260K/tok512.bin"));
        for (var length = 0; length < whole.Length; length += 61)
        {
            File.WriteAllBytes(folder.File("tok.bin"), whole[..length]);
            Assert.Matches("ends within token|holds [0-9]+ tokens", Fails(() => TokenizerFiles.ImportLlama2C(folder.File("tok.bin"), 512)));
        }
    }

    [Fact]
    public void A_model_file_cut_short_or_damaged_gives_one_message_or_a_usable_tokenizer()
    {
        using var folder = new TemporaryFolder();
        Stories().Save(folder.Path);
        File.Delete(folder.File("tokenizer.json"));
        var path = folder.File("tokenizer.model");
        var whole = File.ReadAllBytes(path);
        for (var at = 0; at < whole.Length - 40; at += 41)
        {
            File.WriteAllBytes(path, whole[..at]);
            Assert.Contains("tokenizer.model", Fails(() => TokenizerFiles.Load(folder.Path)), StringComparison.Ordinal);
            var damaged = (byte[])whole.Clone();
            damaged[at] ^= 0x5a;
            File.WriteAllBytes(path, damaged);
            try
            {
                TokenizerFiles.Load(folder.Path).Encode("Once upon a time");
            }
            catch (ModelFileException)
            {
                // The one kind of error a damaged file may give.
            }
        }
    }

    [Fact]
    public void A_unigram_model_gives_what_viterbi_finds_by_itself()
    {
        (string Text, float Score)[] own =
        [
            ("\u2581", -1.5f),
            ("a", -2),
            ("b", -2.5f),
            ("ab", -3.5f),
            ("aba", -7),
            ("ba", -3),
            ("bab", -4.25f),
            ("\u2581a", -3),
        ];
        Piece[] pieces =
        [
            new("<unk>", 0, PieceType.Unknown),
            new("<s>", 0, PieceType.Control),
            new("</s>", 0, PieceType.Control),
            .. own.Select(p => new Piece(p.Text, p.Score, PieceType.Normal)),
        ];
        // A later value of the trainer's model type (field 3 of field 2) counts: 1, unigram; byte fallback (35) off.
        byte[] file = [.. new SentencePieceModel([.. pieces], 1, 2).Serialize(), 0x12, 0x05, 0x18, 0x01, 0x98, 0x02, 0x00];
        var tokenizer = new SentencePieceTokenizer(file, "test", [], roles: null);
        var viterbi = Attune.Text.Tokenizers.Pipeline.UnigramModel.Read(
            new JsonObject
            {
                ["unk_id"] = 0,
                ["vocab"] = new JsonArray([.. pieces.Select(p => (JsonNode)new JsonArray(p.Text, (double)p.Score))]),
            },
            new Attune.Text.Tokenizers.Pipeline.PartReader("test")
        );
        foreach (var text in new[] { "abab", "aba bab", "b", "ababab a", "ba ab" })
        {
            var expected = new Attune.Text.Tokenizers.Pipeline.TokenSink(traced: false);
            viterbi.Encode("\u2581" + text.Replace(' ', '\u2581'), expected);
            Assert.Equal(expected.Ids, tokenizer.Encode(text));
            Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text).AsSpan()));
        }
    }

    [Fact]
    public void A_missing_file_is_named() =>
        Assert.Contains("absent.bin", Fails(() => TokenizerFiles.ImportLlama2C("absent.bin", 512)), StringComparison.Ordinal);

    private static List<int> Greedy(string text, Dictionary<string, (Piece Piece, int Id)> pieces)
    {
        (Piece Piece, int Id)? Known(string part) =>
            pieces.TryGetValue(part, out var found) && found.Piece.Type == PieceType.Normal ? found : null;
        var parts = text.Replace(' ', '\u2581').EnumerateRunes().Select(r => r.ToString()).ToList();
        while (true)
        {
            var best = Enumerable
                .Range(0, Math.Max(0, parts.Count - 1))
                .Where(i => Known(parts[i] + parts[i + 1]) is not null)
                .OrderByDescending(i => Known(parts[i] + parts[i + 1])!.Value.Piece.Score)
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

        return
        [
            .. parts.SelectMany(p => Known(p) is { } known ? [known.Id] : Encoding.UTF8.GetBytes(p).Select(b => pieces[$"<0x{b:X2}>"].Id)),
        ];
    }

    private static IEnumerable<string> Corpora(int each) =>
        new[] { "tinyshakespeare/input.txt", "grimm/GrimmsFairyTales.txt", "tinystories/tiny_stories.txt" }.SelectMany(f =>
            File.ReadAllText(SharedData.Require("text/" + f)).Chunk(997).Take(each).Select(c => new string(c))
        );

    private static string Fails(Func<object> action) => Assert.Throws<ModelFileException>(action).Message;

    private static JsonDocument Golden() => JsonDocument.Parse(File.ReadAllText(SharedData.Require("golden/stories260K_golden.json")));

    private static ITokenizer ImportedLlama2() =>
        TokenizerFiles.ImportLlama2C(SharedData.Require("tokenizers/llama2/tokenizer.bin"), 32000);

    private static ITokenizer Stories() => TokenizerFiles.ImportLlama2C(SharedData.Require("models/stories260K/tok512.bin"), 512);
}
