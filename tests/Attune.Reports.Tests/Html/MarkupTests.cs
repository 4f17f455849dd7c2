using System.Xml.Linq;
using Attune.Reports.Html;
using CsCheck;

namespace Attune.Reports.Tests.Html;

public sealed class MarkupTests
{
    [Fact]
    public void Law_any_text_comes_back_from_an_element_and_from_an_attribute() =>
        Gen.String.Sample(text =>
        {
            var element = XElement.Parse(new Markup().Element("p", text, ("title", text)).ToString());
            var expected = string.Concat(
                text.EnumerateRunes()
                    .Select(rune =>
                        rune.Value is '\n' or '\t' or '\r' || rune.Value is not (< 0x20 or (>= 0x7F and < 0xA0) or 0xFFFE or 0xFFFF)
                            ? rune.ToString()
                            : "\uFFFD"
                    )
            );
            // XML itself turns line breaks and tabs in attributes into spaces.
            return element.Value == expected && ((string)element.Attribute("title")!).Length == expected.Length;
        });

    [Fact]
    public void An_element_left_open_is_an_error()
    {
        var html = new Markup();
        html.Open("div");
        Assert.Contains("<div>", Assert.Throws<InvalidOperationException>(() => html.ToString()).Message);
    }
}
