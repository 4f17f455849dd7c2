using System.Text;
using System.Text.Json.Nodes;
using Attune.Text.Tokenizers.Pipeline;
using Attune.Text.Unicode;
using CsCheck;

namespace Attune.Text.Tests.Tokenizers.Pipeline;

public sealed class NormalizerTests
{
    // Examples of UAX 15 and of NormalizationTest.txt.
    [Theory]
    [InlineData("e\u0301", "\u00e9", "e\u0301")]
    [InlineData("\u212b", "\u00c5", "A\u030a")]
    [InlineData("\u1e69", "\u1e69", "s\u0323\u0307")]
    [InlineData("\u1e0b\u0323", "\u1e0d\u0307", "d\u0323\u0307")]
    [InlineData("q\u0307\u0323", "q\u0323\u0307", "q\u0323\u0307")]
    [InlineData("\uac01", "\uac01", "\u1100\u1161\u11a8")]
    [InlineData("\u1100\u1161\u11a8", "\uac01", "\u1100\u1161\u11a8")]
    [InlineData("\u0958", "\u0915\u093c", "\u0915\u093c")]
    [InlineData("\ufb01", "\ufb01", "\ufb01")]
    public void Canonical_forms(string text, string composed, string decomposed)
    {
        Assert.Equal(composed, Normalization.Apply(text, NormalizationForm.FormC));
        Assert.Equal(decomposed, Normalization.Apply(text, NormalizationForm.FormD));
    }

    [Theory]
    [InlineData("\ufb01", "fi")]
    [InlineData("2\u2075", "25")]
    [InlineData("\uff76\uff9e", "\u30ac")]
    [InlineData("\u1e9b\u0323", "\u1e69")]
    public void Compatible_form(string text, string expected) =>
        Assert.Equal(expected, Normalization.Apply(text, NormalizationForm.FormKC));

    [Fact]
    public void Law_the_forms_lead_to_each_other() =>
        BytePairTests.Unicode.Sample(
            text =>
            {
                string Of(string t, NormalizationForm form) => Normalization.Apply(t, form);
                var (c, d) = (Of(text, NormalizationForm.FormC), Of(text, NormalizationForm.FormD));
                return Of(c, NormalizationForm.FormC) == c
                    && Of(d, NormalizationForm.FormC) == c
                    && Of(c, NormalizationForm.FormD) == d
                    && Of(c, NormalizationForm.FormKC) == Of(Of(text, NormalizationForm.FormKD), NormalizationForm.FormC);
            },
            iter: 2000
        );

    [Theory]
    [InlineData("""{"type": "Lowercase"}""", "ÀB", "àb")]
    [InlineData("""{"type": "Sequence", "normalizers": [{"type": "NFD"}, {"type": "StripAccents"}]}""", "Été", "Ete")]
    [InlineData("""{"type": "Strip", "strip_left": true, "strip_right": false}""", " a ", "a ")]
    [InlineData("""{"type": "Prepend", "prepend": "_"}""", "a", "_a")]
    [InlineData("""{"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": "_"}""", "a   b c", "a_b c")]
    [InlineData("""{"type": "BertNormalizer", "lowercase": true}""", "Hé\u0000日x", "he 日 x")]
    [InlineData("""{"type": "ByteLevel"}""", "a b", "aĠb")]
    public void Each_kind_changes_a_text_as_worked_out_by_hand(string part, string text, string expected) =>
        Assert.Equal(expected, Normalizers.Read(JsonNode.Parse(part), new PartReader("test"))!(text, TextPlace.Start).Text);
}
