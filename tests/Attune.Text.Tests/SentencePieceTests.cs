using System.Text.Json;
using Attune.Testing;
using Attune.Text.Tokenizers;

namespace Attune.Text.Tests;

public sealed class SentencePieceTests
{
    [Fact]
    public void Golden_stories260K_encodes_as_the_reference_does()
    {
        var tokenizer = Stories();
        using var golden = JsonDocument.Parse(File.ReadAllText(SharedData.Require("golden/stories260K_golden.json")));
        var texts = golden.RootElement.GetProperty("texts").EnumerateArray().ToList();
        Assert.NotEmpty(texts);
        foreach (var entry in texts)
        {
            var expected = entry.GetProperty("tokens").EnumerateArray().Select(t => t.GetInt32()).ToArray();
            var text = entry.GetProperty("text").GetString()!;
            var tokens = tokenizer.Encode(text).Insert(0, tokenizer.BeginToken!.Value);
            Assert.Equal(expected, tokens.Take(expected.Length));
            Assert.Equal(text, tokenizer.Decode(tokens.AsSpan()));
        }
    }

    [Fact]
    public void Golden_greedy_tokens_decode_to_the_published_text()
    {
        using var golden = JsonDocument.Parse(File.ReadAllText(SharedData.Require("golden/stories260K_golden.json")));
        var tokens = golden.RootElement.GetProperty("greedy_tokens_from_BOS").EnumerateArray().Select(t => t.GetInt32()).ToArray();
        Assert.StartsWith("Once upon a time, there was a little girl", Stories().Decode(tokens), StringComparison.Ordinal);
        Assert.StartsWith(Stories().Decode(tokens), File.ReadAllText(SharedData.Require("golden/stories260K_greedy_text.txt")).TrimEnd(), StringComparison.Ordinal);
    }

    [Fact]
    public void Llama2_encodes_alike_from_both_of_its_files()
    {
        using var folder = new TemporaryFolder();
        File.Copy(SharedData.Require("tokenizers/llama2/tokenizer.model"), folder.File("tokenizer.model"));
        var original = TokenizerFiles.Load(folder.Path);
        var imported = TokenizerFiles.ImportLlama2C(SharedData.Require("tokenizers/llama2/tokenizer.bin"), 32000);
        foreach (var text in Texts())
        {
            Assert.Equal(original.Encode(text), imported.Encode(text));
            Assert.Equal(original.EncodeContinuation(text), imported.EncodeContinuation(text));
            Assert.Equal(text, imported.Decode(imported.Encode(text).AsSpan()));
            Assert.Equal(text, imported.DecodeContinuation(imported.EncodeContinuation(text).AsSpan()));
        }
    }

    private static IEnumerable<string> Texts()
    {
        string[] hard = ["Hello world", " leading", "  two  spaces ", "a\r\nb\r\n\r\n", "e\u0301 n\u0303", "😀👩‍👩‍👧", "\t\0\u0001", "<s> </s> <0x0A>", "日本語 текст", " ", "", "\n"];
        var corpora = new[] { "tinyshakespeare/input.txt", "grimm/GrimmsFairyTales.txt", "tinystories/tiny_stories.txt" }
            .SelectMany(f => File.ReadAllText(SharedData.Require("text/" + f)).Chunk(997).Take(60).Select(c => new string(c)));
        return hard.Concat(corpora);
    }

    private static ITokenizer Stories() => TokenizerFiles.ImportLlama2C(SharedData.Require("models/stories260K/tok512.bin"), 512);
}
