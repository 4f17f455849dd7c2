using Attune.Core;
using Attune.Testing;
using Attune.Text.Tokenizers;

namespace Attune.Text.Tests.Tokenizers;

/// <summary>BERT's vocab.txt; ids worked out by hand from the line numbers.</summary>
public sealed class WordPieceFilesTests
{
    private const string Lines = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\nfilm\n##s\nun\n##watch\n##able\n!\n'\ncafe\n,\nThe\n中\n";

    [Theory]
    [InlineData("The films!", "5 6 7 11")]
    [InlineData("unwatchable", "8 9 10")]
    [InlineData("  the\tfilm,the'film ", "5 6 14 5 12 6")]
    [InlineData("Café", "13")]
    [InlineData("xyz the", "1 5")]
    [InlineData("filmx", "1")]
    [InlineData("the中film", "5 16 6")]
    [InlineData("[SEP]", "1 1 1")]
    [InlineData("", "")]
    public void Text_becomes_the_longest_pieces(string text, string ids)
    {
        using var folder = new TemporaryFolder();
        folder.WriteText("vocab.txt", Lines);
        var tokenizer = TokenizerFiles.Load(folder.Path);
        Assert.Equal(ids, string.Join(' ', tokenizer.Encode(text)));
        Assert.Equal((2, 3, 17), (tokenizer.BeginToken, tokenizer.EndToken, tokenizer.VocabularySize));
    }

    [Fact]
    public void Case_is_kept_where_the_files_say_so_and_what_is_saved_reads_alike()
    {
        using var folder = new TemporaryFolder();
        using var saved = new TemporaryFolder();
        folder.WriteText("vocab.txt", Lines);
        folder.WriteText("tokenizer_config.json", """{"do_lower_case": false}""");
        var tokenizer = TokenizerFiles.Load(folder.Path);
        Assert.Equal([15, 6, 7], tokenizer.Encode("The films"));
        Assert.Equal([1], tokenizer.Encode("Café"));
        tokenizer.Save(saved.Path);
        var again = TokenizerFiles.Load(saved.Path);
        Assert.Equal([15, 6, 7], again.Encode("The films"));
        Assert.Equal((2, 3), (again.BeginToken, again.EndToken));
        Assert.Equal("The films", again.Decode([15, 6, 7]));
    }

    [Theory]
    [InlineData("[PAD]\nthe\n", "'[UNK]' is not in the vocabulary")]
    [InlineData("[UNK]\n[CLS]\n[SEP]\nthe\nthe\n", "line 5 holds 'the', which an earlier line holds too")]
    [InlineData("", "is not in the vocabulary")]
    public void Damage_is_named(string lines, string message)
    {
        using var folder = new TemporaryFolder();
        folder.WriteText("vocab.txt", lines);
        Assert.Contains(
            message,
            Assert.Throws<ModelFileException>(() => TokenizerFiles.Load(folder.Path)).Message,
            StringComparison.Ordinal
        );
    }
}
