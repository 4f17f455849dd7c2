using System.Text.Json.Nodes;
using Attune.Text.Tokenizers.Pipeline;

namespace Attune.Text.Tests.Tokenizers.Pipeline;

/// <summary>What Oniguruma, Rust's expressions and the tokenizers library 0.23.1 make of characters that .NET reads otherwise.</summary>
public sealed class LibraryUnicodeTests
{
    private static readonly PartReader Reader = new("test");

    [Theory]
    [InlineData(@"\w+", "-\u24B6\u0345\u2160\u203F\u00B2\u093F\u0488-", "-|\u24B6\u0345\u2160\u203F\u00B2\u093F\u0488|-")]
    [InlineData(@"\w", "-\U0001F130-", "-|\U0001F130|-")]
    [InlineData(@"\w", "-\u200D-", "-\u200D-")]
    [InlineData(@"[\w]", "-\u00BD-", "-\u00BD-")]
    [InlineData(@"(?i:'s)", "a'\u017Fb", "a|'\u017F|b")]
    [InlineData(@"'(?i:[sd])", "a'\u017Fb", "a|'\u017F|b")]
    [InlineData(@"\h", "a1gz", "a|1|gz")]
    [InlineData(@"\bthe\b", "the then", "the| then")]
    public void Expressions_cut_as_oniguruma_does(string pattern, string text, string expected) =>
        Assert.Equal(
            expected,
            string.Join('|', TextPattern.Expression(pattern, Reader).Cut(text).Select(c => text.Substring(c.Start, c.Length)))
        );

    [Theory]
    [InlineData("a\u200Db", "a\u200Db")]
    [InlineData("a\u00B2b", "a|\u00B2|b")]
    [InlineData("a\u093Fb \u24B6c", "a\u093Fb|\u24B6c")]
    public void The_whitespace_cutter_takes_rusts_words(string text, string expected)
    {
        var cutter = PreTokenizers.Read(new JsonObject { ["type"] = "Whitespace" }, Reader)!;
        Assert.Equal(expected, string.Join('|', cutter([new TextPiece(text, TextPlace.Start)]).Select(p => p.Text)));
    }

    [Theory]
    [InlineData("Lowercase", "A\u0130B\u03A3 \u1E9E\u01C5", "ai\u0307b\u03C3 \u00DF\u01C6")]
    [InlineData("StripAccents", "\u0939\u093F a\u0488 e\u0301\u20DD", "\u0939 a e")]
    public void Normalisers_change_as_the_library_does(string type, string text, string expected) =>
        Assert.Equal(expected, Normalizers.Read(new JsonObject { ["type"] = type }, Reader)!(text, TextPlace.Start).Text);
}
