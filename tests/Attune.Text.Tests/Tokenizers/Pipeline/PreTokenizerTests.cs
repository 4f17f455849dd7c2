using System.Text.Json.Nodes;
using Attune.Text.Tokenizers.Pipeline;
using CsCheck;

namespace Attune.Text.Tests.Tokenizers.Pipeline;

public sealed class PreTokenizerTests
{
    // The five behaviours on the text and pattern of the tokenizers library's documentation: "-" in "the-final--countdown".
    [Theory]
    [InlineData("Removed", "the|final|countdown")]
    [InlineData("Isolated", "the|-|final|-|-|countdown")]
    [InlineData("MergedWithPrevious", "the-|final-|-|countdown")]
    [InlineData("MergedWithNext", "the|-final|-|-countdown")]
    [InlineData("Contiguous", "the|-|final|--|countdown")]
    public void Split_behaves_as_documented(string behavior, string expected) =>
        Assert.Equal(
            expected.Split('|'),
            Cut($$"""{"type": "Split", "pattern": {"String": "-"}, "behavior": "{{behavior}}", "invert": false}""", "the-final--countdown")
        );

    [Theory]
    [InlineData("""{"type": "Digits", "individual_digits": true}""", "a123b", "a|1|2|3|b")]
    [InlineData("""{"type": "Digits", "individual_digits": false}""", "a123b", "a|123|b")]
    [InlineData("""{"type": "Whitespace"}""", "Hey friend!  How's", "Hey|friend|!|How|'|s")]
    [InlineData("""{"type": "WhitespaceSplit"}""", "Hey friend!  How's", "Hey|friend!|How's")]
    [InlineData("""{"type": "Punctuation", "behavior": "Isolated"}""", "Hey, you?", "Hey|,| you|?")]
    [InlineData("""{"type": "BertPreTokenizer"}""", "Hey, you  there", "Hey|,|you|there")]
    [InlineData("""{"type": "CharDelimiterSplit", "delimiter": "x"}""", "axbxxc", "a|b|c")]
    [InlineData("""{"type": "ByteLevel", "add_prefix_space": true, "use_regex": true}""", "it's é", "Ġit|'s|ĠÃ©")]
    [InlineData("""{"type": "ByteLevel", "add_prefix_space": false, "use_regex": false}""", "it's é", "it'sĠÃ©")]
    [InlineData("""{"type": "Metaspace", "replacement": "_", "prepend_scheme": "always"}""", "a b  c", "_a|_b|_|_c")]
    [InlineData("""{"type": "Metaspace", "replacement": "_", "prepend_scheme": "never", "split": false}""", "a b", "a_b")]
    [InlineData("""{"type": "Split", "pattern": {"Regex": "\\p{N}{1,3}"}, "behavior": "Isolated"}""", "𝟘𝟙𝟚𝟛a", "𝟘𝟙𝟚|𝟛|a")]
    [InlineData(
        """{"type": "Split", "pattern": {"Regex": "[^\\r\\n\\p{L}\\p{N}]?+\\p{L}++"}, "behavior": "Removed", "invert": true}""",
        "!ab 𝒜 ç1",
        "!ab| 𝒜| ç"
    )]
    [InlineData(
        """{"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern": {"Regex": "\\d"}, "behavior": "Isolated"}, {"type": "WhitespaceSplit"}]}""",
        "a b1c",
        "a|b|1|c"
    )]
    public void Each_kind_cuts_as_worked_out_by_hand(string part, string text, string expected) =>
        Assert.Equal(expected.Split('|'), Cut(part, text));

    [Fact]
    public void Law_splitting_loses_nothing_but_what_is_removed() =>
        Gen.Select(Gen.Enum<SplitBehavior>(), BytePairTests.Unicode, Gen.Bool)
            .Sample(
                (behavior, text, invert) =>
                {
                    var pieces = Cut(
                        $$$"""{"type": "Split", "pattern": {"Regex": "[a-z0-9]+|\\p{L}"}, "behavior": "{{{behavior}}}", "invert": {{{(invert ? "true" : "false")}}}}""",
                        text
                    );
                    return behavior == SplitBehavior.Removed ? pieces.All(p => p.Length > 0) : string.Concat(pieces) == text;
                },
                iter: 500
            );

    private static List<string> Cut(string part, string text) =>
        [.. PreTokenizers.Read(JsonNode.Parse(part), new PartReader("test"))!([new TextPiece(text, TextPlace.Start)]).Select(p => p.Text)];
}
