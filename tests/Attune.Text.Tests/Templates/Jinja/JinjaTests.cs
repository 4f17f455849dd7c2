using System.Text.Json.Nodes;
using Attune.Core;
using Attune.Text.Templates;
using Attune.Text.Tests.Tokenizers;
using CsCheck;

namespace Attune.Text.Tests.Templates.Jinja;

/// <summary>The language, by what Jinja's documentation and Python say of each construct.</summary>
public sealed class JinjaTests
{
    [Theory]
    [InlineData("a\n{% if true %}\nb\n{% endif %}\nc", "a\nb\nc")]
    [InlineData("a\n  {% if true %}\n  b\n  {% endif %}\nc", "a\n  b\nc")]
    [InlineData("a {%- if true -%} b {%- endif %} c", "ab c")]
    [InlineData("  {%+ if true %}x{% endif %}", "  x")]
    [InlineData("{% if true +%}\nx{% endif %}", "\nx")]
    [InlineData("{{ 1 }}\n{{ 2 }}\n", "1\n2")]
    [InlineData("a  {{- 'b' -}}  c", "abc")]
    [InlineData("a\n  {{ 'b' }}", "a\n  b")]
    [InlineData("a{# hidden #}\nb", "ab")]
    [InlineData("x  {#- hidden -#}  y", "xy")]
    [InlineData("{% raw %}{{ x }}{% endraw %}", "{{ x }}")]
    [InlineData("{{ '{{' }}{{ \"}}\" }}", "{{}}")]
    [InlineData("{{ {'a': {'b': 1}}['a']['b'] }}", "1")]
    [InlineData("{{ 'caf\\u00e9\\n\\'\\x41' }}", "café\n'A")]
    public void White_space_and_words(string template, string expected) => Assert.Equal(expected, Render(template));

    [Theory]
    [InlineData("{% for x in [1,2,3] %}{{ loop.index }}/{{ loop.length }}{{ ',' if not loop.last }}{% endfor %}", "1/3,2/3,3/3")]
    [InlineData(
        "{% for x in [1,2,3] %}{{ loop.index0 }}{{ loop.revindex }}{{ loop.first }}{{ loop.previtem is defined }}{{ "
            + "loop.nextitem }};{% endfor %}",
        "03TrueFalse2;12FalseTrue3;21FalseTrue;"
    )]
    [InlineData("{% for x in [] %}a{% else %}none{% endfor %}", "none")]
    [InlineData("{% for x in [1,2,3,4] if x is even %}{{ x }}{{ loop.index }} {% endfor %}", "21 42 ")]
    [InlineData(
        "{% for x in range(9) %}{% if x == 2 %}{% continue %}{% endif %}{% if x > 4 %}{% break %}{% endif %}{{ x }}{% endfor %}",
        "0134"
    )]
    [InlineData("{% for k, v in {'a': 1, 'b': 2}.items() %}{{ k }}={{ v }} {% endfor %}", "a=1 b=2 ")]
    [InlineData("{% set x = 1 %}{% for i in [5] %}{% set x = i %}{% endfor %}{{ x }}", "1")]
    [InlineData("{% set ns = namespace(x=1) %}{% for i in [5,6] %}{% set ns.x = ns.x + i %}{% endfor %}{{ ns.x }}", "12")]
    [InlineData("{% if false %}a{% elif 1 > 2 %}b{% else %}c{% endif %}", "c")]
    [InlineData("{% if true %}{% set y = 3 %}{% endif %}{{ y }}", "3")]
    [InlineData("{% set a, b = 1, 'two' %}{{ a }}{{ b }}", "1two")]
    [InlineData("{% set t %}x{{ 1 }}{% endset %}{{ t|length }}", "2")]
    [InlineData("{% macro f(a, b='-') %}<{{ a }}{{ b }}>{% endmacro %}{{ f(1) }}{{ f(2, b='!') }}", "<1-><2!>")]
    [InlineData("{% macro f(n) %}{{ n }}{% if n > 0 %}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(3) }}", "3210")]
    [InlineData("{% for x in 'añ😀' %}[{{ x }}]{% endfor %}{{ 'a😀b'|length }}{{ 'a😀b'[1] }}{{ 'a😀b'[::-1] }}", "[a][ñ][😀]3😀b😀a")]
    public void Statements(string template, string expected) => Assert.Equal(expected, Render(template));

    [Theory]
    [InlineData("1 + 2 * 3 ** 2 - 4 // 3", "18")]
    [InlineData("-7 // 2", "-4")]
    [InlineData("-7 % 3", "2")]
    [InlineData("7 / 2", "3.5")]
    [InlineData("'a' ~ 1 ~ none ~ true", "a1NoneTrue")]
    [InlineData("'ab' * 3", "ababab")]
    [InlineData("'%s is %d' % ('x', 3)", "x is 3")]
    [InlineData("1 < 2 < 3 and not 3 < 2", "True")]
    [InlineData("'b' in 'abc' and 2 not in [1] and 'k' in {'k': 1}", "True")]
    [InlineData("none or '' or 'x'", "x")]
    [InlineData("0 and missing.y", "0")]
    [InlineData("1 == 1.0 and true == 1 and '1' != 1", "True")]
    [InlineData("[1, 'a', none, 1.5, {'k': (2,)}]", "[1, 'a', None, 1.5, {'k': (2,)}]")]
    [InlineData("[1,2,3,4][1:3] + [1,2,3,4][::-2] + [1,2][-1:] + [1][5:]", "[2, 3, 4, 2, 2]")]
    [InlineData("'abcdef'[2:-1] ~ 'abc'[:1]", "cdea")]
    [InlineData("[1,2,3][-1] ~ ([]|first is defined)", "3False")]
    [InlineData("missing is defined", "False")]
    [InlineData("missing", "")]
    [InlineData("missing|default('d') ~ ''|default('e', true)", "de")]
    [InlineData("{'a': {'b': 5}}.a.b", "5")]
    [InlineData("{'a': 1}.get('b', 'no') ~ {'a': 1}['a']", "no1")]
    [InlineData("1e3 if false", "")]
    [InlineData("(1 if false else 2) + 1", "3")]
    [InlineData("3 is odd and 'x' is string and 1 is not string and {} is mapping and [] is iterable and none is none", "True")]
    [InlineData("5 is divisibleby(5) and 2 is eq 2 and 3 is in [3]", "True")]
    [InlineData("' a b '.strip().split(' ')|join('|')", "a|b")]
    [InlineData("'a, b'.split(', ')[-1] ~ 'x</think>y'.split('</think>')[0]", "bx")]
    [InlineData("'abc'.startswith(('x', 'a')) ~ 'abc'.endswith('c') ~ 'AbC'.lower() ~ 'ab'.replace('a', 'x')", "TrueTrueabcxb")]
    [InlineData("'one two'.title() ~ 'x y'|capitalize ~ 'a\\nb'.splitlines()", "One TwoX y['a', 'b']")]
    [InlineData("'a-b-c'.rsplit('-', 1)|list", "['a-b', 'c']")]
    [InlineData("'  x '|trim ~ '|' ~ 'x'.rstrip('x') ~ 'xx'.lstrip('x')", "x|")]
    public void Expressions(string expression, string expected) => Assert.Equal(expected, Render("{{ " + expression + " }}"));

    [Theory]
    [InlineData("[3,1,2]|sort|join(',')", "1,2,3")]
    [InlineData("[{'n': 'b'}, {'n': 'A'}]|sort(attribute='n')|map(attribute='n')|join", "Ab")]
    [InlineData("[{'r': 'x', 'c': 1}, {'r': 'y', 'c': 2}]|selectattr('r', 'equalto', 'y')|map(attribute='c')|list", "[2]")]
    [InlineData("[{'r': 1}, {}]|selectattr('r', 'defined')|list|length", "1")]
    [InlineData("[{'r': 1}, {'r': 0}]|rejectattr('r')|list", "[{'r': 0}]")]
    [InlineData("['a', 'b']|map('upper')|join('')", "AB")]
    [InlineData("[1, 2, 3]|select('odd')|list ~ [1,2]|reject('eq', 1)|list", "[1, 3][2]")]
    [InlineData("{'b': 1, 'a': 2}|dictsort|first", "('a', 2)")]
    [InlineData("{'b': 1}|items|list", "[('b', 1)]")]
    [InlineData("[1,2,3]|sum ~ [1,5]|max ~ [1,5]|min ~ [1,2]|last ~ 'ab'|reverse", "6512ba")]
    [InlineData("[1,1,2]|unique|list ~ '3'|int ~ 2.5|round ~ '1.5'|float ~ -3|abs", "[1, 2]32.01.53")]
    [InlineData("'a\\nb'|indent(2) ~ 'a\\nb'|indent(1, true)", "a\n  b a\n b")]
    [InlineData("{'a': [1, 2.0, true, none, 'é\"\\n<']}|tojson", "{\"a\": [1, 2.0, true, null, \"é\\\"\\n<\"]}")]
    [InlineData(
        "{'a': [1, {'b': 2}], 'c': []}|tojson(indent=2)",
        "{\n  \"a\": [\n    1,\n    {\n      \"b\": 2\n    }\n  ],\n  \"c\": []\n}"
    )]
    [InlineData("'%s-%s'|format('a', 1) ~ '<&'|escape ~ 'a b c'|wordcount", "a-1&lt;&amp;3")]
    public void Filters(string expression, string expected) => Assert.Equal(expected, Render("{{ " + expression + " }}"));

    [Fact]
    public void The_clock_is_given() => Assert.Equal("05 Mar 2024, 5 March", Render("{{ strftime_now('%d %b %Y, %-d %B') }}"));

    [Fact]
    public void A_template_that_refuses_says_why() =>
        Assert.Equal(
            "the chat template cannot say this conversation: roles must alternate",
            Assert
                .Throws<DataException>(() =>
                    Make("{% if messages[0].role == 'tool' %}{{ raise_exception('roles must alternate') }}{% endif %}")
                        .Render([new JsonObject { ["role"] = "tool", ["content"] = "" }], null, TemplateEnding.Closed)
                )
                .Message
        );

    [Theory]
    [InlineData("{% if %}", "where a value was expected")]
    [InlineData("{{ 1", "a tag has no end }}")]
    [InlineData("{% if true %}", "the template ends where {% endif %} was expected")]
    [InlineData("{% frobnicate %}", "the block {% frobnicate %} is not known")]
    [InlineData("{{ 'a }}", "a text has no closing quote")]
    [InlineData("{# x", "a comment {# has no end #}")]
    [InlineData("{{ ) }}", "')' closes nothing")]
    [InlineData("{{ 1 ? 2 }}", "the character '?' has no meaning")]
    [InlineData("a\nb{{ x.y }}", "line 2: 'x' is not defined, so it has no 'y'")]
    [InlineData("{{ 1|nofilter }}", "the filter 'nofilter' is not known")]
    [InlineData("{{ 1 is notest }}", "the test 'notest' is not known")]
    [InlineData("{{ nothing() }}", "'nothing' is not defined and cannot be called")]
    [InlineData("{{ 1 + 'a' }}", "+ cannot join a number and a text")]
    [InlineData("{{ [].append(1) }}", "changes a value, which templates may not")]
    [InlineData("{{ ''.__class__.__mro__ }}", "'__class__' is not defined")]
    [InlineData("{{ 9223372036854775807 + 1 }}", "a number that is too large")]
    [InlineData("{{ 1 // 0 }}", "a division by zero")]
    public void What_is_wrong_is_said_with_its_line(string template, string expected)
    {
        var message = Assert.Throws<ModelFileException>(() => Render(template)).Message;
        Assert.StartsWith("t.jinja: the chat template cannot be used:", message, StringComparison.Ordinal);
        Assert.Contains(expected, message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{% for a in range(3000) %}{% for b in range(3000) %}{% endfor %}{% endfor %}")]
    [InlineData("{{ range(1000000000000)|list|length }}")]
    [InlineData("{{ 'x' * 1000000000000 }}")]
    [InlineData("{% set ns = namespace(s='xxxxxxxxxxxxxxxx') %}{% for i in range(100) %}{% set ns.s = ns.s + ns.s %}{% endfor %}")]
    [InlineData("{% set ns = namespace(s=['x']) %}{% for i in range(100) %}{% set ns.s = ns.s + ns.s %}{% endfor %}")]
    [InlineData("{% set ns = namespace(s='xxxxxxxx') %}{% for i in range(60) %}{% set ns.s = ns.s|replace('x', 'xxxx') %}{% endfor %}")]
    [InlineData("{% set ns = namespace(s=[1]) %}{% for i in range(60) %}{% set ns.s = [ns.s, ns.s, ns.s, ns.s] %}{% endfor %}{{ ns.s }}")]
    [InlineData("{% set ns = namespace(s=[1]) %}{% for i in range(45) %}{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s }}")]
    [InlineData("{% set ns = namespace(s=[1]) %}{% for i in range(45) %}{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s|tojson }}")]
    [InlineData(
        "{% set ns = namespace(s=[1], t=[1]) %}{% for i in range(45) %}{% set ns.s = [ns.s, ns.s] %}{% set ns.t = [ns.t, ns.t] "
            + "%}{% endfor %}{{ ns.s == ns.t }}"
    )]
    [InlineData("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}")]
    [InlineData("{{ 'a'|indent(2000000000) }}")]
    [InlineData("{{ ('x' * 1000000).replace('', 'y' * 1000000) }}")]
    public void A_template_without_end_is_given_up_in_bounds(string template)
    {
        var before = GC.GetTotalAllocatedBytes();
        var clock = System.Diagnostics.Stopwatch.StartNew();
        Assert.Throws<ModelFileException>(() => Render(template));
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 120); // Without a bound it would never end; machines are slow in company.
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 4_000_000_000);
    }

    [Fact]
    public void Deep_nesting_is_refused_before_the_stack_ends()
    {
        foreach (var (open, close) in new[] { ("(", ")"), ("[", "]"), ("-", ""), ("not ", ""), ("{1:", "}") })
        {
            var template =
                "{{ " + string.Concat(Enumerable.Repeat(open, 100_000)) + "1" + string.Concat(Enumerable.Repeat(close, 100_000)) + " }}";
            Assert.True(open == "not " || Record.Exception(() => Render(template)) is ModelFileException, open);
        }

        Assert.Throws<ModelFileException>(() => Render(string.Concat(Enumerable.Repeat("{% if true %}", 10_000))));
        Assert.Throws<ModelFileException>(() => Render("{{ 1" + string.Concat(Enumerable.Repeat(" + 1", 100_000)) + " }}"));
        Assert.Throws<ModelFileException>(() => Render("{{ a" + string.Concat(Enumerable.Repeat(".a", 100_000)) + " }}"));
        Assert.Throws<ModelFileException>(() => Render("{{ a" + string.Concat(Enumerable.Repeat("|trim", 100_000)) + " }}"));
    }

    [Fact]
    public void Law_any_text_without_braces_is_itself() =>
        BytePairTests
            .Unicode.Where(t =>
                !t.Contains('{', StringComparison.Ordinal) && !t.Contains('\r', StringComparison.Ordinal) && !t.EndsWith('\n')
            )
            .Sample(text => Render(text) == text, iter: 300);

    internal static JinjaTemplate Make(string template) =>
        new(template, "t.jinja", new TemplateTokens(["<s>", "</s>"], "<s>", "</s>"), new Clock());

    internal static string Render(string template) => Make(template).Render([], null, TemplateEnding.Closed);

    private sealed class Clock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(2024, 3, 5, 12, 0, 0, TimeSpan.Zero);

        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;
    }
}
