using Attune.Text.Templates.Jinja;

namespace Attune.Text.Tests.Templates.Jinja;

/// <summary>
/// Macros with blocks, filters over blocks, further arguments and loops that call themselves, as Jinja2 3.1.6 renders them.
/// </summary>
public sealed class JinjaBlockTests
{
    [Theory]
    [InlineData("{% macro box(t) %}[{{ t }}:{{ caller() }}]{% endmacro %}{% call box('a') %}in{{ 1 }}{% endcall %}", "[a:in1]")]
    [InlineData(
        "{% macro each(xs) %}{% for x in xs %}{{ caller(x, loop.index) }};{% endfor %}"
            + "{% endmacro %}{% call(v, i) each([3, 4]) %}{{ i }}={{ v }}{% endcall %}",
        "1=3;2=4;"
    )]
    [InlineData("{% macro m() %}{{ caller is defined }}{% endmacro %}{{ m() }}{% call m() %}{% endcall %}", "FalseTrue")]
    [InlineData("{% set y = 5 %}{% macro m() %}{{ caller() }}{% endmacro %}{% call m() %}{{ y }}{% endcall %}", "5")]
    [InlineData("{% macro m() %}{{ caller('q') }}{% endmacro %}{% call(a, b='z') m() %}{{ a }}{{ b }}{% endcall %}", "qz")]
    [InlineData("{% filter upper %}ab{{ 'c' }}{% endfilter %}", "ABC")]
    [InlineData("{% filter trim | replace('a', 'b') %} aXa {% endfilter %}!", "bXb!")]
    [InlineData("{% set t | upper | trim %} x {% endset %}<{{ t }}>", "<X>")]
    [InlineData("{% with a = 1, b = 2 %}{{ a + b }}{% endwith %}{{ a is defined }}", "3False")]
    [InlineData("{% set a = 9 %}{% with a = a + 1 %}{{ a }}{% set a = 0 %}{% endwith %}{{ a }}", "109")]
    [InlineData("{% with %}{% set q = 1 %}{{ q }}{% endwith %}{{ q is defined }}", "1False")]
    [InlineData(
        "{% macro m(a, b=2) %}{{ a }}{{ b }}{{ varargs }}{{ kwargs }}{% endmacro %}" + "{{ m(1, 3, 4, 5, k='v') }}",
        "13(4, 5){'k': 'v'}"
    )]
    [InlineData("{% macro m(a) %}{{ a }}{{ varargs | join('-') }}{% endmacro %}{{ m(*[1, 2, 3]) }}", "12-3")]
    [InlineData("{% macro m(a, b, c) %}{{ a }}{{ b }}{{ c }}{% endmacro %}{{ m(*[1], **{'c': 3, 'b': 2}) }}", "123")]
    [InlineData("{{ dict(a=1, **{'b': 2}) }}", "{'a': 1, 'b': 2}")]
    [InlineData("{{ [3, 1, 2] | sort(**{'reverse': true}) }}", "[3, 2, 1]")]
    [InlineData(
        "{% for n in [{'v': 1, 'c': [{'v': 2, 'c': []}, {'v': 3, 'c': []}]}] recursive %}"
            + "{{ loop.depth }}{{ n.v }}({{ loop(n.c) }}){% endfor %}",
        "11(22()23())"
    )]
    [InlineData(
        "{% for x in [1, [2, [3]]] recursive %}{% if x is iterable %}<{{ loop(x) }}>{% else %}"
            + "{{ x }}{{ loop.depth0 }}{% endif %}{% endfor %}",
        "10<21<32>>"
    )]
    public void A_block_gives_what_jinja_gives(string template, string expected) => Assert.Equal(expected, JinjaTests.Render(template));

    [Theory]
    [InlineData("{% macro m() %}a{% endmacro %}{% call m() %}{% endcall %}", "the macro 'm' takes ; it was called with other arguments")]
    [InlineData("{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, 2) }}", "the macro 'm' takes a; it was called with other arguments")]
    [InlineData("{% macro m(a) %}{{ a }}{% endmacro %}{{ m(**[1]) }}", "** takes a mapping of names and values")]
    [InlineData("{% call 3 %}{% endcall %}", "{% call %} calls nothing")]
    [InlineData("{{ f(a=1, 2) }}", "found '2' after a named argument")]
    [InlineData(
        "{% macro o() %}{% call i() %}{{ caller() }}{% endcall %}{% endmacro %}{% macro i() %}{{ caller() }}{% endmacro %}{{ o() }}",
        "'caller' is not defined"
    )]
    [InlineData("{% filter nothing %}{% endfilter %}", "nothing")]
    public void What_jinja_refuses_is_refused_in_words(string template, string message) =>
        Assert.Contains(message, Assert.ThrowsAny<Exception>(() => JinjaTests.Render(template)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("{% include 'a' %}", "include")]
    [InlineData("{% import 'a' as b %}", "import")]
    [InlineData("{% from 'a' import b %}", "from")]
    [InlineData("\n{% extends 'a' %}", "extends")]
    public void Other_templates_are_refused_by_name(string template, string block)
    {
        var problem = Assert.Throws<JinjaException>(() => JinjaParser.Read(template));
        Assert.StartsWith(
            $"line {template.Count(c => c == '\n') + 1}: the block {{% {block} %}} takes in another template",
            problem.Message,
            StringComparison.Ordinal
        );
    }
}
