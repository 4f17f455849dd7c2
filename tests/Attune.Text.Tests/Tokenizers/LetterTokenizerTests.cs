using Attune.Core;
using Attune.Testing;
using Attune.Text.Tokenizers;

namespace Attune.Text.Tests.Tokenizers;

public sealed class LetterTokenizerTests
{
    [Fact]
    public void Each_letter_is_a_token_and_comes_back()
    {
        var tokenizer = new LetterTokenizer("abc", "<|end|>");
        Assert.Equal(4, tokenizer.VocabularySize);
        Assert.Equal([3, 1, 1], tokenizer.Encode("caa"));
        Assert.Equal("caa", tokenizer.Decode([3, 1, 1, tokenizer.EndToken, tokenizer.PadToken]));
        Assert.Equal(tokenizer.EndToken, tokenizer.FindSpecial("<|end|>"));
        Assert.NotEqual(tokenizer.EndToken, tokenizer.PadToken);
    }

    [Fact]
    public void A_letter_the_language_does_not_have_is_named() =>
        Assert.Contains("'z'", Assert.Throws<DataException>(() => new LetterTokenizer("abc", "<|end|>").Encode("az")).Message);

    [Fact]
    public void Saved_and_loaded_it_is_the_same()
    {
        using var folder = new TemporaryFolder();
        new LetterTokenizer("xyzab", "<|end|>").Save(folder.Path);
        var loaded = TokenizerFiles.Load(folder.Path);
        Assert.IsType<LetterTokenizer>(loaded);
        Assert.Equal([5, 1, 2], loaded.Encode("bxy"));
        Assert.Equal(6, loaded.VocabularySize);
    }

    [Fact]
    public void Ids_with_gaps_are_refused()
    {
        using var folder = new TemporaryFolder();
        new LetterTokenizer("ab", "<|end|>").Save(folder.Path);
        var path = folder.File("tokenizer.json");
        File.WriteAllText(path, File.ReadAllText(path).Replace("\"b\": 2", "\"b\": 7", StringComparison.Ordinal));
        Assert.Contains("tokens that do not", Assert.Throws<ModelFileException>(() => TokenizerFiles.Load(folder.Path)).Message);
    }
}
