using Attune.Testing;
using Attune.Text.Tokenizers;

namespace Attune.Text.Tests.Tokenizers;

/// <summary>What tokenizer files hold that is not done here.</summary>
public sealed class TokenizerNotesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("""{"version": "1.0", "truncation": null, "padding": null}""", "")]
    [InlineData("""{"truncation": {"max_length": 512}}""", "truncation to 512 tokens")]
    [InlineData("""{"padding": {"strategy": "BatchLongest"}}""", "padding")]
    [InlineData("""{"model": {"type": "BPE", "dropout": 0.1}}""", "model.dropout is 0.1")]
    [InlineData("""{"model": {"type": "BPE", "dropout": null, "byte_fallback": true}}""", "")]
    [InlineData("""{"model": {"type": "WordLevel", "byte_fallback": true}}""", "model (WordLevel) has a key 'byte_fallback'")]
    [InlineData(
        """{"pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual": true}]}}""",
        "pre_tokenizer (Digits) has a key 'individual'"
    )]
    [InlineData("""{"post_processor": {"type": "BertProcessing", "cls": ["[CLS]", 1], "sep": ["[SEP]", 2]}}""", "puts [SEP] after a text")]
    [InlineData("""{"added_tokens": [{"id": 1, "content": "a", "weight": 2}]}""", "added_tokens has a key 'weight'")]
    public void Of_a_file(string file, string expected)
    {
        _folder.WriteText("tokenizer.json", file);
        Expect(expected);
    }

    [Theory]
    [InlineData("""{"add_eos_token": true}""", "add_eos_token is true")]
    [InlineData("""{"clean_up_tokenization_spaces": true}""", "clean_up_tokenization_spaces is true")]
    [InlineData("""{"add_prefix_space": true}""", "add_prefix_space true, tokenizer.json's pre_tokenizer says add_prefix_space false")]
    [InlineData("""{"add_prefix_space": false, "add_eos_token": false}""", "")]
    public void Of_a_configuration(string config, string expected)
    {
        _folder.WriteText("tokenizer.json", """{"pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false}}""");
        _folder.WriteText("tokenizer_config.json", config);
        Expect(expected);
    }

    private void Expect(string expected)
    {
        var notes = TokenizerNotes.Of(ModelTexts.Of(_folder.Path));
        if (expected.Length == 0)
        {
            Assert.Empty(notes);
        }
        else
        {
            Assert.Contains(expected, Assert.Single(notes), StringComparison.Ordinal);
        }
    }
}
