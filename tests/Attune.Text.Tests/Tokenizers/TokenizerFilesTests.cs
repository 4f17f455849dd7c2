using System.Text.Json.Nodes;
using Attune.Core;
using Attune.Testing;
using Attune.Text.Tokenizers;

namespace Attune.Text.Tests.Tokenizers;

public sealed class TokenizerFilesTests
{
    private const string Sample = "the cat  sat é😀\r\n";

    [Theory]
    [InlineData("<s>", "<pad>")]
    [InlineData(null, "<pad>")]
    [InlineData(null, null)]
    [InlineData("<s>", null)]
    public void A_trained_tokenizer_comes_back_equal_from_each_form_of_its_files(string? begin, string? pad)
    {
        using var folder = new TemporaryFolder();
        var tokenizer = Train(new SpecialTokens(begin, "</s>", pad) { Others = ["<|im_start|>"] });
        tokenizer.Save(folder.Path);
        AssertEqual(tokenizer, TokenizerFiles.Load(folder.Path));
        File.Delete(folder.File("tokenizer.json"));
        AssertEqual(tokenizer, TokenizerFiles.Load(folder.Path));
    }

    [Fact]
    public void Saving_a_loaded_tokenizer_writes_the_same_files()
    {
        using var first = new TemporaryFolder();
        using var second = new TemporaryFolder();
        Train(new SpecialTokens("<s>", "</s>", null)).Save(first.Path);
        TokenizerFiles.Load(first.Path).Save(second.Path);
        foreach (var file in Directory.GetFiles(first.Path))
        {
            Assert.Equal(File.ReadAllText(file), File.ReadAllText(second.File(Path.GetFileName(file))));
        }
    }

    [Fact]
    public void The_saved_tokenizer_json_has_the_parts_that_hugging_face_reads()
    {
        using var folder = new TemporaryFolder();
        Train(new SpecialTokens("<s>", "</s>", null)).Save(folder.Path);
        var file = JsonNode.Parse(File.ReadAllText(folder.File("tokenizer.json")))!;
        Assert.Equal("BPE", (string)file["model"]!["type"]!);
        Assert.Equal("ByteLevel", (string)file["pre_tokenizer"]!["type"]!);
        Assert.Equal("ByteLevel", (string)file["decoder"]!["type"]!);
        Assert.Equal("<s>", (string)file["post_processor"]!["single"]![0]!["SpecialToken"]!["id"]!);
        Assert.Equal(["<s>", "</s>"], file["added_tokens"]!.AsArray().Select(t => (string)t!["content"]!));
        Assert.Equal(0, (int)file["model"]!["vocab"]!["<s>"]!);
    }

    [Fact]
    public void Merges_written_as_lists_of_two_are_read_too()
    {
        using var folder = new TemporaryFolder();
        var tokenizer = Train(new SpecialTokens(null, "</s>", null));
        tokenizer.Save(folder.Path);
        Edit(
            folder.File("tokenizer.json"),
            file =>
                file["model"]!["merges"] = new JsonArray([
                    .. tokenizer.Vocabulary.Merges.Select(m => (JsonNode)new JsonArray([.. m.Split(' ').Select(p => (JsonNode)p)])),
                ])
        );
        AssertEqual(tokenizer, TokenizerFiles.Load(folder.Path));
    }

    [Fact]
    public void A_pad_token_that_is_the_end_token_is_moved_outside_the_vocabulary()
    {
        using var folder = new TemporaryFolder();
        Train(new SpecialTokens(null, "</s>", null)).Save(folder.Path);
        Edit(folder.File("tokenizer_config.json"), file => file["pad_token"] = "</s>");
        var loaded = TokenizerFiles.Load(folder.Path);
        Assert.Equal(loaded.VocabularySize, loaded.PadToken);
    }

    [Fact]
    public void Gpt2s_own_files_need_nothing_beside_them()
    {
        using var folder = new TemporaryFolder();
        File.Copy(SharedData.Require("tokenizers/gpt2/gpt2_vocab.json"), folder.File("vocab.json"));
        File.Copy(SharedData.Require("tokenizers/gpt2/gpt2_merges.txt"), folder.File("merges.txt"));
        Assert.Equal([15496, 995], TokenizerFiles.Load(folder.Path).Encode("Hello world"));
    }

    [Fact]
    public void A_folder_without_a_tokenizer_is_named()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("no tokenizer found", Fails(folder.Path), StringComparison.Ordinal);
        Assert.Contains("no such folder", Fails(folder.File("absent")), StringComparison.Ordinal);
    }

    [Fact]
    public void Merges_of_another_vocabulary_are_named()
    {
        using var folder = Saved();
        File.Delete(folder.File("tokenizer.json"));
        File.AppendAllText(folder.File("merges.txt"), "zz qq\n");
        Assert.Contains("the vocabulary has no 'zz'", Fails(folder.Path), StringComparison.Ordinal);
    }

    [Fact]
    public void Each_contradiction_in_the_files_gives_one_message()
    {
        (Action<JsonNode> Change, string Expected)[] cases =
        [
            (file => file["model"]!["vocab"]!.AsObject().Remove("a"), "lacks 1 of the 256 single bytes"),
            (file => file["model"]!["vocab"]!["a"] = "x", "token 'a' has the id \"x\""),
            (file => file["model"]!["vocab"]!["a"] = 7, "id 7 stands for"),
            (file => file["model"]!["vocab"]!["日"] = 280, "stand for no byte"),
            (file => file["model"]!["vocab"]!["aaaa"] = 2_000_000_000, "the largest id is 2000000000"),
            (file => file["model"] = "BPE", "model is \"BPE\"; expected an object"),
            (file => file["model"]!["merges"] = 3, "model.merges is missing"),
            (file => file["added_tokens"]!.AsArray().Clear(), "'</s>' is not in the vocabulary"),
            (file => file["added_tokens"]![0]!["id"] = null, "expected each token once"),
        ];
        foreach (var (change, expected) in cases)
        {
            using var folder = Saved();
            File.Delete(folder.File("vocab.json"));
            Edit(folder.File("tokenizer.json"), change);
            Assert.Contains(expected, Fails(folder.Path), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_file_cut_short_anywhere_gives_one_message()
    {
        using var folder = Saved();
        var whole = File.ReadAllBytes(folder.File("tokenizer.json"));
        for (var length = 0; length < whole.Length - 2; length += 97)
        {
            File.WriteAllBytes(folder.File("tokenizer.json"), whole[..length]);
            Assert.Contains("tokenizer.json: not valid JSON", Fails(folder.Path), StringComparison.Ordinal);
        }
    }

    private static string Fails(string folder) => Assert.Throws<ModelFileException>(() => TokenizerFiles.Load(folder)).Message;

    private static TemporaryFolder Saved()
    {
        var folder = new TemporaryFolder();
        Train(new SpecialTokens(null, "</s>", null)).Save(folder.Path);
        return folder;
    }

    private static void Edit(string path, Action<JsonNode> change)
    {
        var file = JsonNode.Parse(File.ReadAllText(path))!;
        change(file);
        File.WriteAllText(path, file.ToJsonString());
    }

    private static void AssertEqual(ITokenizer expected, ITokenizer actual)
    {
        Assert.Equal(
            (expected.VocabularySize, expected.BeginToken, expected.EndToken, expected.PadToken),
            (actual.VocabularySize, actual.BeginToken, actual.EndToken, actual.PadToken)
        );
        Assert.Equal(expected.FindSpecial("<|im_start|>"), actual.FindSpecial("<|im_start|>"));
        Assert.Equal(expected.Encode(Sample), actual.Encode(Sample));
        Assert.Equal(Sample, actual.Decode(actual.Encode(Sample).AsSpan()));
    }

    private static BytePairTokenizer Train(SpecialTokens special) => BytePairTrainer.Train(["the cat sat on the mat"], 268, special);
}
