using System.Xml.Linq;
using Attune.Web.Rendering.Tex;

namespace Attune.Web.Tests.Rendering;

public sealed class MathMarkupTests
{
    private static string Inner(string tex) =>
        XElement
            .Parse(MathMarkup.Of(tex, display: true).Replace("&nbsp;", "\u00A0", StringComparison.Ordinal))
            .Elements()
            .Aggregate("", (all, e) => all + e.ToString(SaveOptions.DisableFormatting));

    [Theory]
    [InlineData("x", "<mrow><mi>x</mi></mrow>")]
    [InlineData("3.14x", "<mrow><mn>3.14</mn><mi>x</mi></mrow>")]
    [InlineData("1,000", "<mrow><mn>1,000</mn></mrow>")]
    [InlineData(
        "f(1,2)",
        "<mrow><mi>f</mi><mo stretchy=\"false\">(</mo><mn>1</mn><mo>,</mo><mn>2</mn><mo stretchy=\"false\">)</mo></mrow>"
    )]
    [InlineData("x^2", "<mrow><msup><mi>x</mi><mn>2</mn></msup></mrow>")]
    [InlineData("x^23", "<mrow><msup><mi>x</mi><mn>2</mn></msup><mn>3</mn></mrow>")]
    [InlineData("a_i^{n+1}", "<mrow><msubsup><mi>a</mi><mi>i</mi><mrow><mi>n</mi><mo>+</mo><mn>1</mn></mrow></msubsup></mrow>")]
    [InlineData(@"\frac{a}{b}", "<mrow><mfrac><mrow><mi>a</mi></mrow><mrow><mi>b</mi></mrow></mfrac></mrow>")]
    [InlineData(@"\sqrt[3]{x}", "<mrow><mroot><mrow><mi>x</mi></mrow><mrow><mn>3</mn></mrow></mroot></mrow>")]
    [InlineData(@"\mathbb{R}", "<mrow><mi mathvariant=\"normal\">ℝ</mi></mrow>")]
    [InlineData(@"\mathbf{v}", "<mrow><mi mathvariant=\"normal\">𝐯</mi></mrow>")]
    [InlineData("f'", "<mrow><msup><mi>f</mi><mrow><mo>′</mo></mrow></msup></mrow>")]
    [InlineData("a<b", "<mrow><mi>a</mi><mo>&lt;</mo><mi>b</mi></mrow>")]
    [InlineData(@"\text{if } x", "<mrow><mrow><mtext>if\u00A0</mtext></mrow><mi>x</mi></mrow>")]
    public void Formulas_become_the_elements_that_say_the_same(string tex, string expected) => Assert.Equal(expected, Inner(tex));

    [Fact]
    public void Sums_have_their_limits_above_and_below_only_on_a_line_of_their_own()
    {
        Assert.Contains("<munderover>", MathMarkup.Of(@"\sum_{i=1}^n i", display: true), StringComparison.Ordinal);
        Assert.Contains("<msubsup>", MathMarkup.Of(@"\sum_{i=1}^n i", display: false), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(@"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}", 2, 4)]
    [InlineData(@"\begin{cases} x & x > 0 \\ -x & \text{otherwise} \end{cases}", 2, 4)]
    [InlineData(@"\begin{aligned} a &= b \\ &= c \\ \end{aligned}", 2, 4)]
    [InlineData(@"\begin{array}{lcr} a & b & c \end{array}", 1, 3)]
    [InlineData(@"a &= b \\ &= c", 2, 4)]
    public void Tables_have_their_rows_and_cells(string tex, int rows, int cells)
    {
        var math = XElement.Parse(MathMarkup.Of(tex, display: true));
        Assert.Equal((rows, cells), (math.Descendants("mtr").Count(), math.Descendants("mtd").Count()));
    }

    [Theory]
    [InlineData(@"\frac{a}", "argument")]
    [InlineData(@"\nosuchthing x", "nosuchthing")]
    [InlineData(@"\left( x", "right")]
    [InlineData(@"{x", "closed")]
    [InlineData(@"x^2^3", "two scripts")]
    [InlineData(@"\begin{matrix} 1", @"\end is missing")]
    [InlineData(@"\href{javascript:alert(1)}{x}", "href")]
    [InlineData(@"\begin{tikzpicture}\end{tikzpicture}", "tikzpicture")]
    [InlineData("}", "}")]
    [InlineData("\\", "backslash")]
    public void What_is_not_known_is_shown_as_its_source_with_the_reason(string tex, string reason)
    {
        var shown = XElement.Parse(MathMarkup.Of(tex, display: false));
        Assert.Equal("code", shown.Name.LocalName);
        Assert.Equal(tex.Trim(), shown.Value);
        Assert.Contains(reason, shown.Attribute("title")!.Value, StringComparison.Ordinal);
    }

    [Fact]
    public void A_formula_nested_without_end_is_shown_as_its_source()
    {
        foreach (
            var tex in new[]
            {
                new string('{', 10_000),
                string.Concat(Enumerable.Repeat(@"\mathbf{\frac", 2000)),
                string.Concat(Enumerable.Repeat(@"\text{$", 3000)),
            }
        )
        {
            Assert.StartsWith("<code", MathMarkup.Of(tex, display: true), StringComparison.Ordinal);
        }
    }

    /// <summary>Formulas of the kind that models write, from the fields in which answers are compared.</summary>
    [Theory]
    [InlineData(@"E = mc^2")]
    [InlineData(@"x = \frac{-b \pm \sqrt{b^2 - 4ac}}{2a}")]
    [InlineData(@"\int_{-\infty}^{\infty} e^{-x^2}\,dx = \sqrt{\pi}")]
    [InlineData(@"\lim_{h \to 0} \frac{f(x+h) - f(x)}{h}")]
    [InlineData(
        @"\mathcal{L}(\theta) = -\mathbb{E}_{(x, y_w, y_l) \sim \mathcal{D}} \left[ \log \sigma "
            + @"\left( \beta \log \frac{\pi_\theta(y_w \mid x)}{\pi_{\text{ref}}(y_w \mid x)} \right) \right]"
    )]
    [InlineData(@"\nabla \times \vec{B} = \mu_0 \left( \vec{J} + \varepsilon_0 \frac{\partial \vec{E}}{\partial t} \right)")]
    [InlineData(@"\binom{n}{k} = \frac{n!}{k!(n-k)!}")]
    [InlineData(@"A = \begin{bmatrix} a_{11} & \cdots & a_{1n} \\ \vdots & \ddots & \vdots \\ a_{m1} & \cdots & a_{mn} \end{bmatrix}")]
    [InlineData(@"\boxed{42}")]
    [InlineData(@"\underbrace{1 + 1 + \cdots + 1}_{n \text{ times}} = n")]
    [InlineData(@"\hat{\beta} = (X^\top X)^{-1} X^\top y")]
    [InlineData(@"\forall \epsilon > 0\ \exists \delta > 0 : |x - a| < \delta \implies |f(x) - L| < \epsilon")]
    [InlineData(@"\operatorname*{arg\,max}_{\theta} p(\theta)", false)]
    [InlineData(@"\operatorname{softmax}(z)_i = \frac{e^{z_i}}{\sum_j e^{z_j}}")]
    [InlineData(@"a \equiv b \pmod{n}")]
    [InlineData(@"\left\lfloor \frac{n}{2} \right\rfloor")]
    [InlineData(@"\Big( \bigcup_{i \in I} A_i \Big)^c = \bigcap_{i \in I} A_i^c")]
    [InlineData(@"\ce{H2O}", false)]
    [InlineData(@"50\% \text{ of } \$100")]
    [InlineData(@"\overline{AB} \perp \overline{CD},\quad \angle ABC = 90^\circ")]
    [InlineData(@"x \notin \varnothing, \; x \not\in S")]
    [InlineData(@"\boldsymbol{\theta}^{(t+1)} = \boldsymbol{\theta}^{(t)} - \eta \nabla_{\boldsymbol{\theta}} J")]
    public void Formulas_that_models_write_are_drawn(string tex, bool known = true) =>
        Assert.Equal(known ? "math" : "code", XElement.Parse(MathMarkup.Of(tex, display: true)).Name.LocalName);
}
