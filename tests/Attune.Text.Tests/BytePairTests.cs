using System.Text.Json;
using Attune.Testing;
using Attune.Text.Tokenizers;
using CsCheck;

namespace Attune.Text.Tests;

public sealed class BytePairTests
{
    private const string End = "<|endoftext|>";

    [Fact]
    public void Golden_training_reaches_the_reference_vocabulary_and_merges()
    {
        var folder = SharedData.Require("tokenizers/bpe-training");
        var tokenizer = BytePairTrainer.Train([File.ReadAllText(Path.Combine(folder, "corpus.en"))], 500, new SpecialTokens(null, End, null));
        Assert.Equal(File.ReadLines(Path.Combine(folder, "train-bpe-reference-merges.txt")), tokenizer.Vocabulary.Merges);
        var expected = JsonSerializer.Deserialize<Dictionary<string, int>>(File.ReadAllText(Path.Combine(folder, "train-bpe-reference-vocab.json")))!;
        Assert.Equal(expected.OrderBy(t => t.Value), tokenizer.Vocabulary.Tokens.Concat(tokenizer.Vocabulary.Special).OrderBy(t => t.Value));
    }

    [Theory]
    [InlineData("Hello world", new[] { 15496, 995 })]
    [InlineData("Hello, y'all!", new[] { 15496, 11, 331, 6, 439, 0 })]
    [InlineData(" \n", new[] { 220, 198 })]
    public void Golden_gpt2_ids(string text, int[] ids)
    {
        Assert.Equal(ids, Gpt2().Encode(text));
    }

    [Fact]
    public void Law_decoding_reverses_encoding()
    {
        var tokenizer = Small();
        Gen.String.Where(s => s.EnumerateRunes().All(r => r != System.Text.Rune.ReplacementChar)).Sample(text => tokenizer.Decode(tokenizer.Encode(text).AsSpan()) == text);
    }

    [Fact]
    public void Saving_and_loading_gives_an_equal_tokenizer()
    {
        using var folder = new TemporaryFolder();
        var tokenizer = Small();
        tokenizer.Save(folder.Path);
        var loaded = Assert.IsType<BytePairTokenizer>(TokenizerFiles.Load(folder.Path));
        Assert.Equal((tokenizer.VocabularySize, tokenizer.BeginToken, tokenizer.EndToken, tokenizer.PadToken), (loaded.VocabularySize, loaded.BeginToken, loaded.EndToken, loaded.PadToken));
        Assert.Equal(tokenizer.Encode("the cat sat on the mat"), loaded.Encode("the cat sat on the mat"));
    }

    private static BytePairTokenizer Small() =>
        BytePairTrainer.Train(["the cat sat on the mat. The hat that the cat had sat on was that hat."], 290, new SpecialTokens("<s>", End, "<pad>"));

    private static BytePairTokenizer Gpt2()
    {
        var folder = SharedData.Require("tokenizers/gpt2");
        return TokenizerFiles.LoadBytePair(Path.Combine(folder, "gpt2_vocab.json"), Path.Combine(folder, "gpt2_merges.txt"));
    }
}
