using System.Text.RegularExpressions;
using Attune.Web.Rendering;

namespace Attune.Web.Tests.Rendering;

public sealed class AnswerRendererTests
{
    private const string Pixel =
        "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

    private static string Html(string text, AnswerImages? images = null) => AnswerRenderer.Of(text, images ?? AnswerImages.Own).Html ?? "";

    /// <summary>What a person reads.</summary>
    private static string Words(string html) =>
        System.Net.WebUtility.HtmlDecode(Regex.Replace(html.Replace("<br>", "\n", StringComparison.Ordinal), "<[^>]*>", ""));

    [Theory]
    [InlineData("**bold** and *thin* and ~~gone~~", "<strong>bold</strong> and <em>thin</em> and <del>gone</del>")]
    [InlineData("- a\n- b", "<ul dir=\"auto\"><li dir=\"auto\">a</li><li dir=\"auto\">b</li></ul>")]
    [InlineData("3. c\n4. d", "<ol dir=\"auto\" start=\"3\"><li dir=\"auto\">c</li><li dir=\"auto\">d</li></ol>")]
    [InlineData("# Title", "<h3 dir=\"auto\">Title</h3>")]
    [InlineData("a **b**\nc", "<p dir=\"auto\">a <strong>b</strong><br>c</p>")]
    [InlineData("H<sub>2</sub>O", "<p dir=\"auto\">H<sub>2</sub>O</p>")]
    [InlineData("| a | b |\n|:--|--:|\n| 1 | 2<br>3 |", "<td dir=\"auto\" class=\"right\">2<br>3</td>")]
    [InlineData("`x < y`", "<code>x &lt; y</code>")]
    public void Markdown_is_drawn(string text, string expected) => Assert.Contains(expected, Html(text), StringComparison.Ordinal);

    [Theory]
    [InlineData("Just words.\n\nAnd a second paragraph,\nwith  two  spaces.")]
    [InlineData("It costs $5 and not $10, a < b and c > d.")]
    [InlineData("2 * 3 * 4 = 24")]
    [InlineData("")]
    public void A_text_without_markup_has_nothing_to_render(string text) =>
        Assert.Equal(RenderedText.Plain, AnswerRenderer.Of(text, AnswerImages.Own));

    [Theory]
    [InlineData("**x** <script>window.hit=1</script>")]
    [InlineData("**x** <img src=x onerror=\"window.hit=1\">")]
    [InlineData("**x** <svg onload=window.hit=1><style>*{display:none}</style></svg>")]
    [InlineData("**x** if a<b then c>d <b onclick=hit>")]
    [InlineData("**x** <iframe srcdoc=\"<script>parent.hit=1</script>\"></iframe> <unclosed attr=\"")]
    [InlineData("<div>\n**x**\n</div>\n<!-- hidden words -->")]
    [InlineData("**x** <![CDATA[ words ]]> <?php words ?>")]
    [InlineData("**x** <sub>open and <b>never</sub> <sup>shut")]
    public void Html_in_a_text_is_text_and_none_of_it_is_lost(string text)
    {
        var html = Html(text);
        Assert.Equal(
            text.Replace("**", "", StringComparison.Ordinal).Replace("\n", "", StringComparison.Ordinal),
            Words(html).Replace("\n", "", StringComparison.Ordinal)
        );
        Assert.DoesNotMatch("<(script|img|svg|style|iframe|b[ >]|!--)", html);
    }

    [Theory]
    [InlineData("[x](javascript:alert(1))")]
    [InlineData("[x](JaVaScRiPt:alert(1))")]
    [InlineData("[x](&#106;avascript:alert(1))")]
    [InlineData("[x](data:text/html;base64,PHNjcmlwdD4=)")]
    [InlineData("[x](vbscript:x)")]
    [InlineData("[x](/projects)")]
    [InlineData("[x](//evil.example/a)")]
    [InlineData("[x][1]\n\n[1]: javascript:alert(1)")]
    [InlineData("<javascript:alert(1)>")]
    public void Links_that_are_no_address_of_a_page_lead_nowhere(string text) =>
        Assert.DoesNotContain("<a ", Html(text), StringComparison.Ordinal);

    [Fact]
    public void A_link_says_where_it_leads()
    {
        var html = Html("[your bank](https://evil.example/login \"Safe\")");
        Assert.Contains("href=\"https://evil.example/login\"", html, StringComparison.Ordinal);
        Assert.Contains("rel=\"noopener noreferrer nofollow\"", html, StringComparison.Ordinal);
        Assert.Contains("(https://evil.example/login Safe)", Words(html), StringComparison.Ordinal);
        Assert.Contains("(evil.example)", Words(Html("[your bank](https://evil.example/login)")), StringComparison.Ordinal);
    }

    [Fact]
    public void Definitions_of_links_which_Markdown_hides_are_shown() =>
        Assert.Contains(
            "[note]: https://a.example/ hidden words",
            Words(Html("Seen.\n\n[note]: https://a.example/ \"hidden words\"")),
            StringComparison.Ordinal
        );

    [Theory]
    [InlineData("https://evil.example/pixel.png")]
    [InlineData("//evil.example/pixel.png")]
    [InlineData("data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciLz4=")]
    [InlineData("data:text/html;base64,PHNjcmlwdD4=")]
    [InlineData("data:image/png;base64,PHNjcmlwdD4=")]
    [InlineData("data:image/png,x")]
    [InlineData("../../secret.png")]
    [InlineData("file:///etc/passwd")]
    public void Images_from_elsewhere_are_named_and_not_loaded(string source)
    {
        var html = Html($"![a chart]({source})", new AnswerImages("/files/1", Remote: false));
        Assert.DoesNotContain("<img", html, StringComparison.Ordinal);
        Assert.Contains("Image not loaded: a chart", Words(html), StringComparison.Ordinal);
    }

    [Fact]
    public void Images_of_the_text_of_the_project_and_where_allowed_of_others_are_loaded()
    {
        var images = new AnswerImages("/files/1", Remote: false);
        Assert.Contains($"src=\"{Pixel}\"", Html($"![dot]({Pixel})", images), StringComparison.Ordinal);
        Assert.Contains("src=\"/files/1/plot%201.png\" alt=\"a plot\"", Html("![a plot](<plot 1.png>)", images), StringComparison.Ordinal);
        Assert.Contains(
            "src=\"https://a.example/b.png\"",
            Html("![x](https://a.example/b.png)", images with { Remote = true }),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData(@"so \(x^2\) it is", false)]
    [InlineData("so $x^2$ it is", false)]
    [InlineData("so $$x^2$$ it is", true)]
    [InlineData("\\[\nx\n= y\n- z\n\\]", true)]
    [InlineData("$$\nx^2\n$$", true)]
    [InlineData("\\begin{align}\na &= b \\\\\n&= c\n\\end{align}", true)]
    [InlineData("- item:\n  \\[\n  x\n  \\]", true)]
    public void Formulas_are_MathML(string text, bool display)
    {
        var html = Html(text);
        Assert.Contains(display ? "<math display=\"block\">" : "<math>", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<code", html, StringComparison.Ordinal);
    }

    [Fact]
    public void What_follows_a_formula_on_its_last_line_stays() =>
        Assert.Contains("where x is real", Words(Html("\\[\nx\n\\] where x is real")), StringComparison.Ordinal);

    [Fact]
    public void Invisible_characters_are_shown_in_every_part()
    {
        var html = Html("**a\u200Bb** `c\u202Ed` [e\u2066f](https://a.example/)\n\n```py\ng\u200Bh\n```\n&#8203;");
        Assert.Equal(5, Regex.Count(html, "class=\"hid\""));
        Assert.DoesNotMatch("[\u200B\u202E\u2066]", html);
    }

    [Fact]
    public void Code_has_its_parts_coloured_and_all_its_characters()
    {
        const string code = "def f(x):\n    # add \"one\"\n    return x + 1.5  if x else '#no'\n";
        var html = Html($"```python\n{code}```");
        Assert.Contains("<span class=\"h-k\">def</span>", html, StringComparison.Ordinal);
        Assert.Contains(
            "<span class=\"h-c\"># add &quot;one&quot;</span>".Replace("&quot;", "\"", StringComparison.Ordinal),
            html.Replace("&quot;", "\"", StringComparison.Ordinal),
            StringComparison.Ordinal
        );
        Assert.Contains("<span class=\"h-s\">'#no'</span>", html, StringComparison.Ordinal);
        Assert.Contains("<span class=\"h-n\">1.5</span>", html, StringComparison.Ordinal);
        Assert.Equal("python" + code.TrimEnd('\n'), Words(html).TrimEnd('\n'));
    }

    /// <summary>
    /// Texts that would keep a parser busy for seconds, or end the process, are refused before; others of the same size are drawn.
    /// </summary>
    public static TheoryData<string, string, bool> Heavy =>
        new()
        {
            { "quotes", new string('>', 10_000) + " x", true },
            { "lists", string.Concat(Enumerable.Repeat("- ", 10_000)) + "x", true },
            { "brackets", new string('[', 10_000) + new string(']', 10_000), true },
            { "links", string.Concat(Enumerable.Repeat("[a](", 10_000)), true },
            { "images", string.Concat(Enumerable.Repeat("![a](", 10_000)), true },
            { "stars", string.Concat(Enumerable.Repeat("*a ", 10_000)), true },
            { "both stars", string.Concat(Enumerable.Repeat("*a **b ", 10_000)), true },
            { "ticks", string.Concat(Enumerable.Range(1, 400).Select(i => new string('`', i) + " ")), false },
            {
                "wide table",
                string.Join("|", Enumerable.Repeat("a", 5000))
                    + "\n"
                    + string.Join("|", Enumerable.Repeat("-", 5000))
                    + "\n"
                    + string.Join("|", Enumerable.Repeat("b", 5000)),
                false
            },
            { "long table", "a|b\n-|-\n" + string.Concat(Enumerable.Repeat("1|2\n", 40_000)), true },
            { "tags", string.Concat(Enumerable.Repeat("<div><sub>", 10_000)), false },
            { "dollars", string.Concat(Enumerable.Repeat("$a ", 20_000)), false },
            { "formulas", string.Concat(Enumerable.Repeat(@"\( ", 20_000)), false },
            { "entities", string.Concat(Enumerable.Repeat("&#", 50_000)), false },
            { "steps", string.Join("\n", Enumerable.Range(0, 200).Select(i => new string(' ', 2 * i) + "- x")), true },
        };

    [Theory]
    [MemberData(nameof(Heavy))]
    public void A_text_made_to_keep_the_server_busy_is_shown_as_it_is(string name, string text, bool refused)
    {
        var rendered = AnswerRenderer.Of("**x**\n\n" + text, AnswerImages.Own);
        Assert.True(refused == (rendered.Html is null), name);
        Assert.Equal(refused, rendered.Refusal is not null);
    }
}
