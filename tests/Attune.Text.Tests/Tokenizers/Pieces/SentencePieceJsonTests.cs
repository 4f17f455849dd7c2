using System.Text.Json.Nodes;
using Attune.Testing;
using Attune.Text.Tokenizers;

namespace Attune.Text.Tests.Tokenizers.Pieces;

/// <summary>A SentencePiece tokenizer that was saved is read from <c>tokenizer.json</c>, here and by other programs.</summary>
public sealed class SentencePieceJsonTests
{
    private static readonly string[] Texts =
    [
        "the model",
        " a  b ",
        "def f(x):\n    return x\n",
        "caf\u00E9 \u2460 \U0001F600",
        "",
        " ",
        "a",
    ];

    [Theory]
    [InlineData("pairs-bytes")]
    [InlineData("unigram-bytes")]
    [InlineData("pairs-no-prefix")]
    [InlineData("pairs")]
    [InlineData("unigram")]
    [InlineData("characters")]
    public void It_encodes_and_decodes_as_before(string name)
    {
        using var folder = new TemporaryFolder();
        using var saved = new TemporaryFolder();
        File.Copy(
            Checkout.File("tests", "Attune.Text.Tests", "Tokenizers", "Pieces", "Models", name + ".model"),
            folder.File("tokenizer.model")
        );
        var original = TokenizerFiles.Load(folder.Path);
        original.Save(saved.Path);
        var loaded = TokenizerFiles.Load(saved.Path);
        Assert.IsType<SentencePieceTokenizer>(original);
        Assert.IsType<PipelineTokenizer>(loaded);
        foreach (var text in Texts)
        {
            Assert.Equal(original.Encode(text), loaded.Encode(text));
            // The unknown token is special in tokenizer.json, and gives no text.
            Assert.Equal(
                original.Decode(original.Encode(text).AsSpan()).Replace("\uFFFD", "", StringComparison.Ordinal),
                loaded.Decode(loaded.Encode(text).AsSpan())
            );
        }
    }

    [Fact]
    public void Flags_of_added_tokens_come_through()
    {
        using var folder = new TemporaryFolder();
        using var saved = new TemporaryFolder();
        File.Copy(
            Checkout.File("tests", "Attune.Text.Tests", "Tokenizers", "Pieces", "Models", "pairs-bytes.model"),
            folder.File("tokenizer.model")
        );
        folder.WriteText(
            "tokenizer_config.json",
            """
            {"added_tokens_decoder": {
              "600": {"content": "<tool>", "special": false, "normalized": false, "lstrip": false, "rstrip": false, "single_word": true},
              "601": {"content": "<|end|>", "special": true, "normalized": false, "lstrip": true, "rstrip": true, "single_word": false}}}
            """
        );
        var original = TokenizerFiles.Load(folder.Path);
        Assert.Contains(600, original.Encode("a <tool> b"));
        Assert.DoesNotContain(600, original.Encode("a<tool> b"));
        Assert.DoesNotContain(601, original.Encode("a <|end|> b"));
        Assert.True(original.TakesSpaceBefore(601));
        Assert.Equal(original.EncodeAfter(601, "x"), original.EncodeAfter(601, " \n x"));
        Assert.Equal("<tool>", original.DecodeContinuation([600, 601]));
        original.Save(saved.Path);
        var config = JsonNode.Parse(File.ReadAllText(saved.File("tokenizer_config.json")))!["added_tokens_decoder"]!;
        Assert.True(config["600"]!["single_word"]!.GetValue<bool>());
        Assert.True(config["601"]!["lstrip"]!.GetValue<bool>());
        var loaded = TokenizerFiles.Load(saved.Path);
        Assert.Equal(original.Encode("a <tool> b"), loaded.Encode("a <tool> b"));
        Assert.True(loaded.TakesSpaceBefore(601));
        Assert.Equal(loaded.EncodeAfter(601, "x"), loaded.EncodeAfter(601, " \n x"));
    }
}
